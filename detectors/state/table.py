"""Table: the columns of all parts of one kind, a row per appliance, and the rows as records of bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.state.columns import Arrays, Column, carried
from detectors.state.layout import Layout
from detectors.state.part import Part
from detectors.state.seldom import Seldom

CAPACITY_FIRST = 64
Records = NDArray[np.uint8]
Stored = tuple[Column, NDArray[Any]]


class Table:
    """Grows the parts' arrays together, and packs rows of them."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)
        self._capacity = 0
        self.layout = Layout.of((part.name, part.version, part.columns()) for part in parts)
        self.number = self.layout.number
        self.bytes_per_row = self.layout.size
        """Of an appliance that has something in every column."""
        self._columns = [(part, column) for part in parts for column in part.columns() if not column.is_seldom]
        for part in parts:
            part.seldom = Seldom(tuple(column for column in part.columns() if column.is_seldom))
        self._seldom = [part for part in parts if part.seldom.columns]
        self.places_size = 4 * len(self._seldom)
        """The bytes that say where an appliance has what is seldom, if it does."""
        self.hold(CAPACITY_FIRST)

    def hold(self, rows: int) -> None:
        """Have room for so many rows."""
        if rows <= self._capacity:
            return
        known, self._capacity = self._capacity, max(rows, 2 * self._capacity)
        for part, column in self._columns:
            grown = column.empty(self._capacity)
            if known:
                grown[:known] = part.own[column.name]
            part.own[column.name] = grown
        for part in self._seldom:
            part.seldom.grow(self._capacity)

    def records(self, rows: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.intp], Records]]:
        """Rows as records: (what they have, which of the rows, their bytes (N, bytes)), as :meth:`Layout.holding` has it."""
        has = np.zeros(len(rows), np.int64)
        for number, part in enumerate(self._seldom):
            has |= part.seldom.have(rows).astype(np.int64) << number
        for mine in np.unique(has).tolist():
            which = np.flatnonzero(has == mine)
            type_ = _record_type(self.layout.holding(mine))
            records = np.zeros(len(which), type_)
            for part in self._parts:
                for column in part.columns():
                    name = f"{part.name}/{column.name}"
                    if name in (type_.names or ()):
                        records[name] = _values(part, column, rows[which])
            yield mine, which, records.view(np.uint8).reshape(len(which), -1)

    def take(self, rows: NDArray[np.intp], layout: Layout, records: Records) -> None:
        """Write records (N, bytes) of any layout into rows (N,) of which nothing is there yet, column by column."""
        stored = _cut(layout, records)
        is_run = len(rows) > 0 and bool((np.diff(rows) == 1).all())
        place = slice(int(rows[0]), int(rows[-1]) + 1) if is_run else rows
        for part in self._parts:
            seldom: Arrays = {}
            for column in part.columns():
                keys = ((name, part.version, column.name) for name in (part.name, *part.formerly))
                found = next((stored[key] for key in keys if key in stored), None)
                if found is not None and column.is_seldom:
                    seldom[column.name] = carried(*found, column)
                elif found is not None:
                    part.own[column.name][place] = carried(*found, column)
            if seldom:
                part.seldom.write(rows, seldom)


def _values(part: Part, column: Column, rows: NDArray[np.intp]) -> NDArray[Any]:
    """One column of some appliances."""
    return part.seldom.read(column.name, rows) if column.is_seldom else part.own[column.name][rows]


@lru_cache(maxsize=256)
def _record_type(layout: Layout) -> np.dtype[np.void]:
    """A record of a layout as numpy sees it: the columns behind each other, each under ``part/column``."""
    fields = [(f"{part}/{column.name}", column.type, column.shape) for part, _, column in layout.columns()]
    return np.dtype([field for field in fields if 0 not in field[2]])


def _cut(layout: Layout, records: Records, of: str | None = None) -> dict[tuple[str, int, str], Stored]:
    """The values of the columns of records, by (part, version, column); of one part, or of all."""
    type_ = _record_type(layout)
    cut = {}
    values = np.ascontiguousarray(records).view(type_)[:, 0] if type_.itemsize else np.zeros(len(records), type_)
    for part, version, column in layout.columns():
        name = f"{part}/{column.name}"
        if of in (None, part):
            is_there = name in (type_.names or ())
            cut[part, version, column.name] = column, values[name] if is_there else column.empty(len(records))
    return cut


def place_of(layout: Layout, part: str, column: str) -> tuple[int, str]:
    """Where a column stands in a record, and its type."""
    fields: Mapping[str, tuple[Any, ...]] = _record_type(layout).fields or {}
    of, place = fields[f"{part}/{column}"][:2]
    return place, of.str


def values_of(layout: Layout, records: Records, part: str) -> dict[str, Stored]:
    """The stored columns of one part, whatever its version, from records (N, bytes)."""
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
