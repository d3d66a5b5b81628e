"""Table: the columns of all parts of one kind, a row per appliance, and the rows as records of bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.state.columns import Arrays, Column, Part, carried
from detectors.state.layout import Layout

CAPACITY_FIRST = 64
Records = NDArray[np.uint8]
Stored = tuple[Column, NDArray[Any]]


class Table:
    """Grows the parts' arrays together, and packs rows of them."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._columns = [(part, column) for part in parts for column in part.columns()]
        self._capacity = CAPACITY_FIRST
        self.layout = Layout.of((part.name, part.version, part.columns()) for part in parts)
        self.number = self.layout.number
        self.bytes_per_row = self.layout.size
        for part, column in self._columns:
            part.own[column.name] = column.empty(CAPACITY_FIRST)

    def hold(self, rows: int) -> None:
        """Have room for so many rows."""
        if rows <= self._capacity:
            return
        more = max(rows, 2 * self._capacity) - self._capacity
        for part, column in self._columns:
            part.own[column.name] = np.concatenate([part.own[column.name], column.empty(more)])
        self._capacity += more

    def records(self, rows: NDArray[np.intp]) -> Records:
        """Rows as records: (N, bytes per row)."""
        values = [np.ascontiguousarray(part.own[column.name][rows]) for part, column in self._columns]
        return np.concatenate([one.reshape(len(rows), -1).view(np.uint8) for one in values], axis=1)

    def take(self, rows: NDArray[np.intp], layout: Layout, records: Records) -> None:
        """Write records of any layout into rows, column by column."""
        stored = _cut(layout, records)
        for part, column in self._columns:
            keys = ((name, part.version, column.name) for name in (part.name, *part.formerly))
            found = next((stored[key] for key in keys if key in stored), None)
            part.own[column.name][rows] = column.empty(len(rows)) if found is None else carried(*found, column)


def _cut(layout: Layout, records: Records, of: str | None = None) -> dict[tuple[str, int, str], Stored]:
    """The values of the columns of records, by (part, version, column); of one part, or of all."""
    cut, place = {}, 0
    for part, version, column in layout.columns():
        if of in (None, part):
            values = np.ascontiguousarray(records[:, place : place + column.size]).view(column.type)
            cut[part, version, column.name] = column, values.reshape(len(records), *column.shape)
        place += column.size
    return cut


def values_of(layout: Layout, records: Records, part: str) -> dict[str, Stored]:
    """The stored columns of one part, whatever its version."""
    return {name: found for (_, _, name), found in _cut(layout, records, part).items()}


def taken_over(stored: Layout, arrays: Mapping[str, NDArray[Any]], part: Part, columns: Sequence[Column]) -> Arrays:
    """A part's arrays that belong to no single appliance, from stored ones named ``part/column``."""
    known = {(name, version, column.name): column for name, version, column in stored.columns()}
    found: Arrays = {}
    for column in columns:
        for name in (part.name, *part.formerly):
            there, values = known.get((name, part.version, column.name)), arrays.get(f"{name}/{column.name}")
            if there is not None and values is not None and values.shape == there.shape:
                found[column.name] = carried(there, values[None], column)[0]
    return found
