"""Files of recorded readings → one :class:`Recording`.

Promises: rows in file order (a long form in the order of time), several files as one series; every numeric column that is
not the time is a metric, under its snake_case name; ``mode`` and ``cycle`` are kept. Whatever is left out or was guessed
is said in :attr:`Recording.left_out` and :attr:`Recording.notes`.
Refuses, with one sentence that names file, line, column, cell and the way out: a file without a time column, a time that
can't be read, two columns of one metric, numbers that can't be read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.recordings.cells import Figures, is_figure, read_figures
from ingest.recordings.columnar import columns_of
from ingest.recordings.decimals import decide_decimal, decide_points
from ingest.recordings.layout import KEPT, LABEL_COLUMNS, Table, read_table, time_texts
from ingest.recordings.long_form import INFLUX_OWN, long_columns, pivot
from ingest.recordings.names import NAME, RESERVED_NAMES, metric_name, unit_in, with_unit, without_unit
from ingest.recordings.recording import Column, CsvOptions, Origin, Recording, RecordingError
from ingest.recordings.times import read_times
from ingest.recordings.unit_row import take_units
from ingest.recordings.unpacking import unpack
from ingest.wire.foreign.units import known_unit

"""What a sample carries beside its readings; a numeric ``mode`` is a metric all the same."""

_ENTITY = re.compile(r"[a-z_]+\.(\w+)")


def read_recording(paths: Sequence[Path], options: CsvOptions | None = None) -> Recording:
    """Read files as one series; raises :class:`RecordingError`."""
    if not paths:
        raise RecordingError("Name at least one CSV file.")
    options = options or CsvOptions()
    read = [_read_file(path, options) for path in paths]
    parts = [part for part, _ in read]
    metrics = tuple(dict.fromkeys(name for part in parts for name in part.metrics))
    if not metrics:
        raise RecordingError(read[0][1])
    values = []
    for part in parts:
        table = np.full((len(part), len(metrics)), np.nan)
        for number, name in enumerate(part.metrics):
            table[:, metrics.index(name)] = part.values[:, number]
        values.append(table)
    return Recording(
        metrics,
        np.concatenate([part.ts_ms for part in parts]),
        np.concatenate(values),
        [text for part in parts for text in part.ts_text],
        _distinct(part.left_out for part in parts),
        _distinct(part.notes for part in parts),
        _joined([part.modes for part in parts], [len(part) for part in parts]),
        _joined([part.cycles for part in parts], [len(part) for part in parts]),
        tuple({origin.metric: origin for part in reversed(parts) for origin in part.origins}[name] for name in metrics),
    )


def _distinct(parts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for part in parts for one in part))


def _joined(parts: Sequence[Sequence[str | None]], lengths: Sequence[int]) -> list[str | None]:
    """One word per sample over all files; empty where no file has any."""
    if not any(parts):
        return []
    return [one for part, length in zip(parts, lengths, strict=True) for one in (part or [None] * length)]


@dataclass(frozen=True, slots=True)
class _Parts:
    """One file's columns by what they are for: readings, words of the sample, and those left out.

    ``rows`` are the rows of the table that give the samples their times; None where each row is a sample.
    """

    readings: Sequence[Column]
    left_out: list[str]
    kept: Mapping[str, Sequence[str | None]]
    rows: NDArray[np.intp] | None = None


def _read_file(path: Path, options: CsvOptions) -> tuple[Recording, str]:
    """One file as a series of its own, and what is to be said where nothing of it is a metric."""
    content = unpack(path, options.encoding)
    table = read_table(path, content, options) if isinstance(content, str) else Table(path, columns_of(path, content))
    take_units(table, table.time_column(options))
    time = table.time_column(options)
    texts, of_time = time_texts(table, time)
    notes = table.notes
    ts_ms = read_times(time, day_first=options.day_first, zone=options.zone, notes=notes, texts=texts)
    long = long_columns(table, options, notes, ts_ms=ts_ms, of_time=of_time)
    parts = _wide_parts(table, of_time, options) if long is None else _long_parts(table, of_time, long, ts_ms, options)
    if parts.rows is not None:
        ts_ms, texts = ts_ms[parts.rows], [texts[row] for row in parts.rows.tolist()]
    figures = _figures(table, parts.readings, options)
    _check_options(table, parts, options)
    origins = _named(path, figures, options, is_long=long is not None)
    values = [one.values for one in figures.values()]
    words = [column.label for column in parts.readings if column.label not in figures]
    recording = Recording(
        tuple(origin.metric for origin in origins),
        ts_ms,
        np.stack(values, axis=1) if values else np.empty((len(texts), 0)),
        texts,
        tuple(_in_file_order(table, [*parts.left_out, *words])),
        tuple(notes),
        parts.kept.get("mode", ()),
        parts.kept.get("cycle", ()),
        origins,
    )
    return recording, "" if figures else _nothing_said(table, parts, recording.left_out)


def _nothing_said(table: Table, parts: _Parts, left_out: Sequence[str]) -> str:
    """Why a file without metrics has none, by its first cell that is no number, and what to do."""
    if not table.columns[0].cells:
        return f"{table.path} names columns ({', '.join(table.labels())}) and has no row below them; export it with its rows."
    said = ((column, row) for column in parts.readings for row, cell in enumerate(column.cells) if cell.strip())
    first = next((place for place in said if not is_figure(place[0].cells[place[1]])), None)
    odd = "" if first is None else f" {first[0].place(first[1])} is no number."
    return (
        f"{table.path} has no numeric column beside the time, so nothing can be read from it.{odd} "
        f"Left out: {', '.join(left_out) or 'nothing'}. Write readings as numbers such as 100.5; the long form is --long ENTITY,VALUE."
    )


def _in_file_order(table: Table, labels: Sequence[str]) -> list[str]:
    """Labels in the order of the file's columns, those of entities behind."""
    order = {column.label: number for number, column in enumerate(table.columns)}
    return sorted(labels, key=lambda label: order.get(label, len(order)))


def _wide_parts(table: Table, of_time: Collection[str], options: CsvOptions) -> _Parts:
    """Each column is a metric, unless it is dropped, unnamed, a label, words, InfluxDB's own, or what a sample carries beside."""
    readings, left_out, kept = [], [], {}
    for column in table.columns:
        name = column.label.lower()
        if column.label in of_time:
            continue
        is_of_influx = "_time" in of_time and column.label in INFLUX_OWN
        if column.label in options.drop or not column.is_named or name in LABEL_COLUMNS or is_of_influx:
            left_out.append(column.label)
        elif name in KEPT and name not in kept and (name == "cycle" or _holds_words(column)):
            kept[name] = [cell.strip() or None for cell in column.cells]
        else:
            readings.append(column)
    return _Parts(readings, left_out, kept)


def _holds_words(column: Column) -> bool:
    """Whether a cell holds a letter: modes are words, and a column of numbers is a metric."""
    return any(any(map(str.isalpha, cell)) for cell in dict.fromkeys(column.cells) if cell.lower() != "nan")


def _long_parts(
    table: Table, of_time: Collection[str], long: tuple[Column, Column], ts_ms: NDArray[np.int64], options: CsvOptions
) -> _Parts:
    """A column per entity; the table's other columns are left out."""
    pivoted = pivot(table, *long, ts_ms)
    used = {*pivoted.used, *of_time}
    left_out = [column.label for column in table.columns if column.label not in used]
    left_out += [column.label for column in pivoted.columns if column.label in options.drop]
    readings = [column for column in pivoted.columns if column.label not in options.drop]
    return _Parts(readings, left_out, {}, pivoted.first_row)


def _figures(table: Table, columns: Sequence[Column], options: CsvOptions) -> dict[str, Figures]:
    """The columns that hold numbers, by label."""
    decimal = options.decimal or decide_decimal(columns, delimiter_is_comma=table.delimiter == ",", notes=table.notes)
    may_group = options.decimal is None and (table.delimiter == ";" or decimal == ",")
    read: dict[str, Figures] = {}
    for column in columns:
        sign = decide_points(column, decimal, table.notes) if may_group else decimal
        figures = read_figures(column, decimal=sign, missing=options.missing)
        if figures is not None:
            read[column.label] = _in_our_unit(column, figures, table.notes)
    return read


def _in_our_unit(column: Column, figures: Figures, notes: list[str]) -> Figures:
    """The numbers in the size of our unit where the column's name or row of units has another, as where the cells have; said."""
    label = column.label
    written = unit_in(label) or column.unit
    unit = known_unit(written) if written and not figures.unit else None
    if unit is None or not unit.suffix:
        return figures
    if (unit.factor, unit.offset) == (1.0, 0.0):
        return Figures(figures.values, unit.suffix)
    notes.append(f"The column {label!r} is read as {unit.suffix}: × {unit.factor:g} + {unit.offset:g}.")
    return Figures(figures.values * unit.factor + unit.offset, unit.suffix)


def _check_options(table: Table, parts: _Parts, options: CsvOptions) -> None:
    """Options name columns that exist and metrics that may be named so."""
    labels = dict.fromkeys([*table.labels(), *(column.label for column in parts.readings), *parts.left_out])
    for label in (*options.drop, *options.names):
        if label not in labels:
            raise RecordingError(f"{table.path} has no column {label!r}; it has: {', '.join(labels)}.")
    for name in options.names.values():
        if not NAME.fullmatch(name) or name in RESERVED_NAMES:
            raise RecordingError(f"{name!r} can't be a metric's name; write lower_snake such as power_w.")


def _named(path: Path, figures: Mapping[str, Figures], options: CsvOptions, *, is_long: bool) -> tuple[Origin, ...]:
    """A metric per column; raises :class:`RecordingError` where two would be one."""
    short = {label: found[1] for label in figures if (found := _ENTITY.fullmatch(label))} if is_long else {}
    if len(set(short.values())) < len(short):
        short = {}
    origins: dict[str, Origin] = {}
    for label, read in figures.items():
        stem = short.get(label, label)
        stem = without_unit(stem) if read.unit else stem
        name = options.names.get(label) or with_unit(metric_name(stem), read.unit)
        if name in origins:
            first = origins[name].column
            raise RecordingError(
                f"{path}: the columns {first!r} and {label!r} would both be the metric {name!r}; rename one with "
                f"--metric '{label}={name[:60]}_2', or leave one out with --drop '{label}'."
            )
        origins[name] = Origin(name, label, unit_in(label) or read.unit)
    return tuple(origins.values())
