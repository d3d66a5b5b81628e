"""Recorded readings: CSV files of any common form as one series of samples.

Promises: rows in file order, several files as one series; every numeric column that is not the time is a metric, under
its snake_case name; empty and NaN mean "not reported". Whatever is left out is named in :attr:`Recording.left_out`.
Refuses, with one sentence that says where and what to do: a file without a time column, a time that can't be read, two
columns of one name.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TIME_COLUMNS = ("ts", "timestamp", "time", "datetime", "ctime")
LABEL_COLUMNS = frozenset({"label", "anomaly", "changepoint"})
RESERVED_NAMES = frozenset({"id", "ts", "time", "mode", "cycle", "appliance_id"})
DELIMITERS = ",;\t"
EPOCH_MS_FROM = 1e11
"""Plain numbers from here on are milliseconds since 1970, below it seconds."""

_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})[ T](\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?")
_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class RecordingError(Exception):
    """Recorded readings that can't be used; the message is a whole sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """N samples over M metrics: ``values`` (N, M) with NaN for not reported; ``ts_text`` is the time as it was written."""

    metrics: tuple[str, ...]
    ts_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    ts_text: Sequence[str]
    left_out: tuple[str, ...]

    def __len__(self) -> int:
        """How many samples it holds."""
        return len(self.ts_text)


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """How to read: the time column (None: the first usual name), columns to leave out, column → metric name."""

    time: str | None = None
    drop: tuple[str, ...] = ()
    names: Mapping[str, str] | None = None


def read_recording(paths: Sequence[Path], options: CsvOptions | None = None) -> Recording:
    """Read files as one series; raises :class:`RecordingError`."""
    if not paths:
        raise RecordingError("Name at least one CSV file.")
    options = options or CsvOptions()
    tables = [_read_file(path, options) for path in paths]
    metrics = tuple(dict.fromkeys(name for table in tables for name in table.metrics))
    if not metrics:
        raise RecordingError(f"{paths[0]} has no numeric column beside the time; nothing can be read from it.")
    parts = []
    for table in tables:
        part = np.full((len(table), len(metrics)), np.nan)
        for number, name in enumerate(table.metrics):
            part[:, metrics.index(name)] = table.values[:, number]
        parts.append(part)
    return Recording(
        metrics,
        np.concatenate([table.ts_ms for table in tables]),
        np.concatenate(parts),
        [text for table in tables for text in table.ts_text],
        tuple(dict.fromkeys(name for table in tables for name in table.left_out)),
    )


def _read_file(path: Path, options: CsvOptions) -> Recording:
    """One file as a series of its own."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            if not first.strip():
                raise RecordingError(f"{path} is empty; a CSV file begins with a line of column names.")
            delimiter = max(DELIMITERS, key=first.count)
            header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter))]
            rows = [row for row in csv.reader(file, delimiter=delimiter) if row]
    except OSError as error:
        raise RecordingError(f"{path} can't be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path} is no CSV file in UTF-8: {error}.") from error
    at = _time_column(path, header, options)
    _check_options(path, header, options)
    ts_text = [row[at] if at < len(row) else "" for row in rows]
    ts_ms = _times(path, ts_text)
    names, columns, left_out = [], [], []
    for number, column in enumerate(header):
        if number == at:
            continue
        values = None
        if column and column.lower() not in LABEL_COLUMNS and column not in options.drop:
            values = _numbers([row[number] if number < len(row) else "" for row in rows])
        if values is None:
            left_out.append(column or f"unnamed column {number + 1}")
        else:
            names.append((options.names or {}).get(column) or metric_name(column))
            columns.append(values)
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise RecordingError(f"{path}: two columns would both be the metric {double!r}; rename one with --metric.")
    table = np.stack(columns, axis=1) if columns else np.empty((len(rows), 0))
    return Recording(tuple(names), ts_ms, table, ts_text, tuple(left_out))


def _time_column(path: Path, header: list[str], options: CsvOptions) -> int:
    """Which column holds the time."""
    if options.time is not None:
        if options.time in header:
            return header.index(options.time)
        raise RecordingError(f"{path} has no column {options.time!r}; it has: {', '.join(filter(None, header))}.")
    lower = [name.lower() for name in header]
    for name in TIME_COLUMNS:
        if name in lower:
            return lower.index(name)
    raise RecordingError(
        f"{path} has no time column ({', '.join(TIME_COLUMNS)}); name it with --time, one of: "
        f"{', '.join(filter(None, header))}."
    )


def _check_options(path: Path, header: list[str], options: CsvOptions) -> None:
    """Options name columns that exist and metrics that may be named so."""
    for column in (*options.drop, *(options.names or {})):
        if column not in header:
            raise RecordingError(f"{path} has no column {column!r}; it has: {', '.join(filter(None, header))}.")
    for name in (options.names or {}).values():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name) or name in RESERVED_NAMES:
            raise RecordingError(f"{name!r} can't be a metric's name; write lower_snake such as power_w.")


def metric_name(column: str) -> str:
    """A column's name as a metric name.

    >>> metric_name("activePower"), metric_name("Volume Flow RateRMS"), metric_name("id")
    ('active_power', 'volume_flow_rate_rms', 'id_value')
    """
    name = re.sub(r"[^a-z0-9]+", "_", _WORD_ENDS.sub("_", column).lower()).strip("_")
    if not name or not name[0].isalpha():
        name = f"m_{name}".rstrip("_")
    return f"{name[:58]}_value" if name in RESERVED_NAMES else name[:64]


def _numbers(cells: list[str]) -> NDArray[np.float64] | None:
    """A column as numbers, NaN where empty; None if it holds words."""
    values = np.full(len(cells), np.nan)
    for number, cell in enumerate(cells):
        text = cell.strip()
        if not text:
            continue
        try:
            value = float(text)
        except ValueError:
            lower = text.lower()
            if lower not in {"true", "false", "null", "none", "na"}:
                return None
            value = {"true": 1.0, "false": 0.0}.get(lower, math.nan)
        values[number] = value if math.isfinite(value) else math.nan
    return values


def _times(path: Path, texts: list[str]) -> NDArray[np.int64]:
    """Times of one file in ms; the form of the first row is tried first for the rest."""
    forms: list[Callable[[str], int | None]] = [_from_iso, _from_number, _from_american]
    times = np.empty(len(texts), np.int64)
    for number, text in enumerate(texts):
        for form in forms:
            ms = form(text.strip())
            if ms is not None:
                times[number] = ms
                if form is not forms[0]:
                    forms.remove(form)
                    forms.insert(0, form)
                break
        else:
            raise RecordingError(
                f"{path}, line {number + 2}: {text!r} is no time; write RFC 3339, YYYY-MM-DD HH:MM:SS, "
                "M/D/YYYY H:MM, or seconds or milliseconds since 1970."
            )
    return times


def parse_time(text: str) -> int:
    """One time in any of the accepted forms, in ms since 1970; raises :class:`RecordingError`."""
    for form in (_from_iso, _from_number, _from_american):
        ms = form(text.strip())
        if ms is not None:
            return ms
    raise RecordingError(f"{text!r} is no time; write RFC 3339 or YYYY-MM-DD HH:MM:SS.")


def _from_iso(text: str) -> int | None:
    """RFC 3339, or with a blank and without zone."""
    if len(text) < 10 or text[4] != "-":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _from_number(text: str) -> int | None:
    """Seconds or milliseconds since 1970."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value) or abs(value) > 1e14:
        return None
    return round(value if abs(value) >= EPOCH_MS_FROM else value * 1000)


def _from_american(text: str) -> int | None:
    """M/D/YYYY H:MM[:SS]."""
    found = _AMERICAN.fullmatch(text)
    if found is None:
        return None
    month, day, year, hour, minute = (int(part) for part in found.groups()[:5])
    seconds = float(found[6] or 0)
    try:
        moment = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
    return _to_ms(moment) + round(seconds * 1000)


def _to_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
