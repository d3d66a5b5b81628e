"""Samples in the order of (row, time): groups, what stands before each of them, and runs of what goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

COUNTED_MAX = 60_000
"""No count goes further, so that one carried over goes on as it would have without a cut."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sorted:
    """N samples in the order of (row, time): which group (appliance) each belongs to, and where groups start and end."""

    rows: NDArray[np.intp]
    ts: NDArray[np.int64]
    group: NDArray[np.intp]
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]

    @classmethod
    def of(cls, rows: NDArray[np.intp], ts: NDArray[np.int64]) -> Sorted:
        """Find the groups of samples whose ``rows`` (N,) and ``ts`` (N,), in ms, are in order."""
        starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(rows)]))
        return cls(rows, ts, group, starts, np.r_[starts[1:], len(rows)] - 1)

    def before(self, values: NDArray[Any], present: Bools, initial: NDArray[Any]) -> NDArray[Any]:
        """Each column's last present value before each sample; ``initial`` (groups, M) where there is none."""
        before = np.empty_like(values)
        before[1:] = values[:-1]
        before[self.starts] = initial
        gappy = np.flatnonzero(~present.all(axis=0))
        if len(gappy):
            held = self._held(present[:, gappy])
            held = np.concatenate([np.full((len(gappy), 1), -1, np.int32), held[:, :-1]], axis=1)
            before[:, gappy] = self._picked(values[:, gappy], held, initial[:, gappy])
        return before

    def latest(
        self, tables: Sequence[NDArray[Any]], present: Bools, initial: Sequence[NDArray[Any]]
    ) -> list[NDArray[Any]]:
        """Of each table (N, columns) the last present values up to each sample, itself included: (N, columns).

        ``present`` (N, columns) is that of all tables; where there is none, the one of ``initial`` (groups, columns) stands.
        """
        if not present.any():
            return [first[self.group] for first in initial]
        held = self._held(present)
        return [self._picked(values, held, first) for values, first in zip(tables, initial, strict=True)]

    def _held(self, present: Bools) -> NDArray[np.int32]:
        """The place of each column's last present value up to each sample (columns, N); of another group or -1 where there is none."""
        held = np.where(present.T, np.arange(len(present), dtype=np.int32), np.int32(-1))
        return np.maximum.accumulate(held, axis=1, out=held)

    def _picked(self, values: NDArray[Any], held: NDArray[np.int32], initial: NDArray[Any]) -> NDArray[Any]:
        """The values (N, columns) at ``held`` places (columns, N) of the own group, else ``initial``."""
        picked = np.empty_like(values)
        first = self.starts[self.group]
        for column, places in enumerate(held):
            has = places >= first
            picked[:, column] = np.where(has, values[np.maximum(places, 0), column], initial[self.group, column])
        return picked

    def part(self, groups: Bools) -> tuple[NDArray[np.intp], Sorted]:
        """The samples of some ``groups`` (groups,): where they stand, and they alone."""
        places = np.flatnonzero(groups[self.group])
        return places, Sorted.of(self.rows[places], self.ts[places])

    def runs(self, counts: Bools, goes_on: Bools, initial: NDArray[Any]) -> NDArray[np.int64]:
        """Length of the current run at each sample: + 1 where it goes on, 0 where it doesn't, kept where nothing counts.

        All (N, columns), ``initial`` (groups, columns) are the runs that went on before. No run is longer than
        :data:`COUNTED_MAX`, so that one carried over goes on as it would have without a cut.

        How often anything went on so far never falls, so what it was at the latest reset is the maximum over all resets so far.
        Each group is lifted by a step that no count reaches, so that nothing is carried over from the group before.
        """
        lift = np.arange(len(self.starts)) * (len(counts) + COUNTED_MAX + 1)
        added = np.cumsum((counts & goes_on).T, axis=1, dtype=np.int64)
        at_start = added[:, self.starts] - (counts & goes_on).T[:, self.starts] - initial.T.astype(np.int64) + lift
        added += lift[self.group]
        since = np.where((counts & ~goes_on).T, added, -COUNTED_MAX)
        since[:, self.starts] = np.maximum(since[:, self.starts], at_start)
        np.maximum.accumulate(since, axis=1, out=since)
        np.subtract(added, since, out=added)
        return np.minimum(added, COUNTED_MAX, out=added).T

    def running(self, what: Bools, initial: NDArray[Any]) -> NDArray[np.int64]:
        """How often ``what`` (N, columns) was true up to each sample, going on from ``initial`` (groups, columns), up to :data:`COUNTED_MAX`."""
        total = np.cumsum(what, axis=0)
        more: NDArray[np.int64] = initial.astype(np.int64) - (total[self.starts] - what[self.starts])
        running: NDArray[np.int64] = total + more[self.group]
        return np.minimum(running, COUNTED_MAX)


def passes(groups: NDArray[np.int64] | NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Split positions of sorted ``groups`` (N,) into passes in which each group stands at most once, in order.

    >>> [p.tolist() for p in passes(np.array([3, 3, 5, 9, 9, 9]))]
    [[0, 2, 3], [1, 4], [5]]
    """
    if not len(groups):
        return []
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    lengths = np.diff(np.r_[starts, len(groups)])
    longest = int(lengths.max())
    if longest == 1:
        return [np.arange(len(groups))]
    by_length = starts[np.argsort(-lengths, kind="stable")]
    still = np.searchsorted(np.sort(-lengths), -np.arange(longest), side="left")
    return [np.sort(by_length[:count]) + step for step, count in enumerate(still)]
