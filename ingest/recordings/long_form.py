"""The long form: one reading per row, its entity in one column and its value in another → a column per entity.

Guessed where a file has a column that is usually called so for each of them, or where rows of one time differ by a word
(else the values of several things would alternate in one metric); ``--long ENTITY,VALUE`` says it. Rows of one time become
one sample, in the order of time, for exports write one entity after another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.recordings.cells import is_figure, is_number
from ingest.recordings.layout import KEPT, LABEL_COLUMNS, Table
from ingest.recordings.recording import Column, CsvOptions, RecordingError

GUESSES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("_field",), ("_value",)),
    (("entity_id", "statistic_id"), ("state", "mean", "value", "sum")),
    (("series", "metric", "sensor", "sensor_id", "variable", "measurement", "name", "signal", "tag", "topic", "parameter",
      "channel", "item", "messgröße", "sensorname"), ("value", "val", "wert", "reading", "mean")),
)  # fmt: skip
"""Usual names of (entity, value), the surest first."""
INFLUX_OWN = frozenset({"result", "table", "_start", "_stop", "_time", "_value", "_field", "_measurement"})
ENTITIES_MAX = 256
VALUES = frozenset(
    {
        "value",
        "val",
        "wert",
        "reading",
        "mean",
        "state",
        "payload",
        "data",
        "v",
        "present_value",
        "valeur",
        "valor",
        "数值",
        "值",
    }
)
"""Usual names of a value, where the data say that a file is of the long form."""
_THINGS = frozenset(
    {
        "id",
        "device",
        "device_id",
        "deviceid",
        "sensor",
        "sensor_id",
        "sensorid",
        "channel",
        "node",
        "point",
        "tag",
        "key",
        "unit_id",
    }
)
"""Usual names of a column of numbers that say whose a row is."""
_AT_ONE_TIME = 0.5
"""The share of rows that stand at the time of another one where a file is of the long form."""
UNIT_COLUMNS = ("unit_of_measurement", "unit", "einheit")
_NO_ENTITY = LABEL_COLUMNS | {*KEPT, *UNIT_COLUMNS}


@dataclass(frozen=True, slots=True)
class Pivot:
    """Which columns of a table hold entities and values, and which row of the table each sample's readings come from."""

    entities: tuple[str, ...]
    columns: tuple[Column, ...]
    first_row: NDArray[np.intp]
    used: frozenset[str]


def long_columns(
    table: Table, options: CsvOptions, notes: list[str], *, ts_ms: NDArray[np.int64], of_time: Collection[str]
) -> tuple[Column, Column] | None:
    """The columns of entity and value, by the option or guessed; None for the wide form."""
    if options.long is not None:
        columns = [table.find(label) for label in options.long]
        for label, column in zip(options.long, columns, strict=True):
            if column is None:
                raise RecordingError(f"{table.path} has no column {label!r}; it has: {', '.join(table.labels())}.")
        return columns[0], columns[1]  # type: ignore[return-value]  # none of them is None here
    by_name = {column.label.lower(): column for column in table.columns if column.label not in options.drop}
    for entities, values in GUESSES:
        entity = next((by_name[name] for name in entities if name in by_name), None)
        found = [by_name[name] for name in values if name in by_name]
        if entity is None or not found or not _holds_words(entity):
            continue
        value = _with_units(_first_told(found), by_name)
        notes.append(_told(table, entity, value))
        return entity, value
    given = [
        column
        for name, column in by_name.items()
        if column.is_named and column.label not in of_time and name not in _NO_ENTITY
    ]
    return _by_times(table, given, ts_ms, by_name, notes)


def _told(table: Table, entity: Column, value: Column) -> str:
    return (
        f"{table.path}: one reading per row, of what stands in {entity.label!r}, its value in {value.label!r}; "
        "--long ENTITY,VALUE names other columns."
    )


def _by_times(
    table: Table, given: Sequence[Column], ts_ms: NDArray[np.int64], by_name: Mapping[str, Column], notes: list[str]
) -> tuple[Column, Column] | None:
    """The columns where rows of one time differ by what stands in one; raises :class:`RecordingError` where none is its value."""
    _, at, counts = np.unique(ts_ms, return_inverse=True, return_counts=True)
    if not len(ts_ms) or (counts[at] > 1).mean() < _AT_ONE_TIME:
        return None
    entity = next((column for column in given if _tells_apart(column, at)), None)
    figures = [column for column in given if column is not entity and _holds_figures(column)]
    if entity is None or not figures:
        return None
    value = next((column for column in figures if column.label.lower() in VALUES), figures[0])
    if len(figures) > 1 and value.label.lower() not in VALUES:
        names = ", ".join(repr(column.label) for column in figures[:4])
        raise RecordingError(
            f"{table.path}: rows of one time differ by what stands in {entity.label!r}, so their values ({names}) are of "
            f"several things; take one of them with --long '{entity.label},{figures[0].label}', give a file for each "
            f"thing, or read the rows as they stand with --drop '{entity.label}'."
        )
    notes.append(_told(table, entity, value))
    return entity, _with_units(value, by_name)


def _tells_apart(column: Column, at: NDArray[np.intp]) -> bool:
    """Whether the words of a column, or the numbers of things, tell apart the rows of one time, of which ``at`` is the number."""
    if not _holds_words(column) and not (column.label.lower() in _THINGS and len(set(column.cells)) <= ENTITIES_MAX):
        return False
    places = {word: number for number, word in enumerate(dict.fromkeys(column.cells))}
    words = np.fromiter((places[cell] for cell in column.cells), np.int64, len(column.cells))
    return len(places) > 1 and len(np.unique(at * len(places) + words)) == len(words)


def _holds_figures(column: Column) -> bool:
    """Whether most of what a column says are numbers."""
    told = [cell for cell in column.cells if cell.strip()]
    return bool(told) and sum(map(is_figure, told)) * 2 > len(told)


def _first_told(columns: Sequence[Column]) -> Column:
    """Several columns as one: in each row the first that says anything, for statistics tell means or totals."""
    if len(columns) == 1:
        return columns[0]
    cells = [next(filter(None, told), "") for told in zip(*(column.cells for column in columns), strict=True)]
    return Column(columns[0].path, "/".join(column.label for column in columns), cells, columns[0].lines)


def _with_units(value: Column, by_name: Mapping[str, Column]) -> Column:
    """The values with what a column of units says behind those that are numbers; any other cell stays as the file has it."""
    unit = next((by_name[name] for name in UNIT_COLUMNS if name in by_name), None)
    if unit is None:
        return value
    cells = [
        f"{cell} {text}" if text and is_number(cell) else cell
        for cell, text in zip(value.cells, unit.cells, strict=True)
    ]
    return Column(value.path, value.label, cells, value.lines)


def _holds_words(column: Column) -> bool:
    """Whether the cells name things: some letters in nearly all of them, and few different ones."""
    distinct = dict.fromkeys(cell for cell in column.cells if cell)
    return bool(distinct) and len(distinct) <= ENTITIES_MAX and all(any(map(str.isalpha, cell)) for cell in distinct)


def pivot(table: Table, entity: Column, value: Column, ts_ms: NDArray[np.int64]) -> Pivot:
    """A column per entity; raises :class:`RecordingError` where there are more entities than a recording may hold."""
    names, used = _names(table, entity)
    order = np.argsort(ts_ms, kind="stable")
    distinct = tuple(dict.fromkeys(names))
    if len(distinct) > ENTITIES_MAX:
        raise RecordingError(
            f"{table.path}, column {entity.label!r} names {len(distinct)} different things, at most {ENTITIES_MAX} are read; "
            "name other columns with --long ENTITY,VALUE, or leave this one out with --drop."
        )
    number_of = {name: number for number, name in enumerate(distinct)}
    numbers = [number_of[name] for name in names]
    sample, taken, before = -1, set[int](), -1
    first_row: list[int] = []
    places: list[tuple[int, int, int]] = []
    for row, ms in zip(order.tolist(), ts_ms[order].tolist(), strict=True):
        if ms != before or numbers[row] in taken:
            sample, before = sample + 1, ms
            taken.clear()
            first_row.append(row)
        taken.add(numbers[row])
        places.append((numbers[row], sample, row))
    cells = [[""] * len(first_row) for _ in distinct]
    lines = [[entity.lines[row] for row in first_row] for _ in distinct]
    for number, sample, row in places:
        cells[number][sample] = value.cells[row]
        lines[number][sample] = entity.lines[row]
    columns = tuple(Column(table.path, name, cells[number], lines[number]) for number, name in enumerate(distinct))
    of_value = {value.label, *value.label.split("/")}
    return Pivot(distinct, columns, np.array(first_row, np.intp), used | of_value | {entity.label})


def _names(table: Table, entity: Column) -> tuple[Sequence[str], frozenset[str]]:
    """What each row's reading is called, and the columns used for it: an InfluxDB field also by the tags that differ."""
    if entity.label != "_field":
        return entity.cells, frozenset()
    by_label = {column.label: column for column in table.columns if column.is_named}
    fields = set(entity.cells)
    tags = [column for label, column in by_label.items() if label not in INFLUX_OWN and len(set(column.cells)) > 1]
    measurement = by_label.get("_measurement")
    if "entity_id" in by_label and fields <= {"value", "state"}:
        return by_label["entity_id"].cells, frozenset(INFLUX_OWN | {"entity_id"})
    parts = [*([measurement] if measurement and len(set(measurement.cells)) > 1 else []), *tags, entity]
    if len(parts) == 1:
        return entity.cells, INFLUX_OWN
    joined = [" ".join(filter(None, cells)) for cells in zip(*(part.cells for part in parts), strict=True)]
    return joined, INFLUX_OWN | {part.label for part in parts}
