"""The row of units that some loggers write below the names of columns: ``°C;W;``."""

from __future__ import annotations

from dataclasses import replace

from ingest.recordings.layout import Table
from ingest.recordings.recording import Column
from ingest.wire.foreign.units import known_unit

_NO_UNIT = frozenset(
    {"", "-", "--", "—", "–", "1", "/", "n/a", "none", "bool", "boolean", "text", "string", "on/off", "0/1"}
)


def take_units(table: Table, time: Column) -> None:
    """Take a row of units away from the table, and lay each to its column.

    It is one where the first row has no digit in its time, a unit that we know in some column, and in no column anything that
    is neither a unit nor says that there is none. Files that were joined have it again.
    """
    if not table.columns[0].cells or any(map(str.isdigit, time.cells[0])):
        return
    units = {column.label: _written(column.cells[0]) for column in table.columns if column.label != time.label}
    told = {label: unit for label, unit in units.items() if unit.lower() not in _NO_UNIT}
    if not told or any(known_unit(unit) is None for unit in told.values()):
        return
    line = table.columns[0].lines[0]
    again = [row for row, cell in enumerate(time.cells) if cell == time.cells[0]]
    first = [column.cells[0] for column in table.columns]
    gone = {row for row in again if [column.cells[row] for column in table.columns] == first}
    kept = [row for row in range(len(time.cells)) if row not in gone]
    table.columns = [
        replace(
            column,
            cells=[column.cells[row] for row in kept],
            lines=[column.lines[row] for row in kept],
            unit=told.get(column.label, ""),
        )
        for column in table.columns
    ]
    table.notes.append(f"{table.path}: line {line} names the units of the columns ({', '.join(told.values())}).")


def _written(cell: str) -> str:
    """A unit without the brackets around it."""
    return cell.strip().strip("[]()").strip()
