"""Seldom: columns of which most appliances have nothing, kept only for those who have.

Few appliances ever report an error code, have a finding, or speak through a power plug. Their values stand in rows of
their own; place 0 holds what stands where nothing was learned, and everybody else points there. So reading needs no
question, and who has nothing costs four bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.state.columns import Arrays, Column

NOWHERE = 0
PLACES_FIRST = 16


class Seldom:
    """The seldom columns of one part. ``own`` are their arrays by place; ``places`` say whose is where."""

    def __init__(self, columns: Sequence[Column] = ()) -> None:
        self.columns = columns
        self.places = np.zeros(0, np.int32)
        """By the row of the appliance: its place, :data:`NOWHERE` for one that has nothing."""
        self.used = 1
        self.own: Arrays = {column.name: column.empty(PLACES_FIRST) for column in columns}

    def grow(self, rows: int) -> None:
        """Have room for so many appliances."""
        self.places = np.concatenate([self.places, np.zeros(rows - len(self.places), np.int32)])

    def held(self, rows: NDArray[np.intp]) -> NDArray[np.int32]:
        """Where the values of appliances are to be written, made at first sight; ``rows`` (N,) are distinct."""
        places = self.places[rows]
        lacking = np.flatnonzero(places == NOWHERE)
        if len(lacking):
            made = np.arange(self.used, self.used + len(lacking), dtype=np.int32)
            self.used += len(lacking)
            self._hold(self.used)
            places[lacking] = self.places[rows[lacking]] = made
        return places

    def one(self, row: int) -> int:
        """Where the values of one appliance are to be written."""
        return int(self.places[row]) or int(self.held(np.array([row], np.intp))[0])

    def read(self, name: str, rows: NDArray[np.intp]) -> NDArray[Any]:
        """The values (N, ...) of appliances ``rows`` (N,), whether they have any or not."""
        return self.own[name][self.places[rows]]

    def write(self, rows: NDArray[np.intp], values: Arrays) -> None:
        """Keep values by column, of those appliances that have any; ``rows`` are distinct."""
        matters = self.places[rows] != NOWHERE
        for column in self.columns:
            if column.name in values:
                matters |= ~column.is_empty(values[column.name])
        which = np.flatnonzero(matters)
        if len(which):
            places = self.held(rows[which])
            for name, array in values.items():
                self.own[name][places] = array[which]

    def forget(self, row: int) -> None:
        """Start over with one appliance."""
        if self.columns and (place := int(self.places[row])) != NOWHERE:
            for column in self.columns:
                self.own[column.name][place] = column.fill

    def have(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which appliances, (N,), have anything that is not as nothing learned would be."""
        have = np.zeros(len(rows), bool)
        there = np.flatnonzero(self.places[rows] != NOWHERE)
        if len(there):
            places = self.places[rows[there]]
            for column in self.columns:
                have[there] |= ~column.is_empty(self.own[column.name][places])
        return have

    def _hold(self, places: int) -> None:
        """Have room for so many places."""
        known = len(next(iter(self.own.values())))
        if places > known:
            more = max(places, 2 * known) - known
            for column in self.columns:
                self.own[column.name] = np.concatenate([self.own[column.name], column.empty(more)])
