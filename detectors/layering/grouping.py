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
        held = self._held(present)
        held = np.concatenate([np.full((1, held.shape[1]), -1), held[:-1]])
        return self._picked(values, held, initial)

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

    def _held(self, present: Bools) -> NDArray[np.intp]:
        """The place of each column's last present value up to each sample; of another group or -1 where there is none."""
        place = np.arange(len(present))[:, None]
        held: NDArray[np.intp] = np.maximum.accumulate(np.where(present, place, -1), axis=0)
        return held

    def _picked(self, values: NDArray[Any], held: NDArray[np.intp], initial: NDArray[Any]) -> NDArray[Any]:
        """The values at ``held`` places of the own group, else ``initial``."""
        has = held >= self.starts[self.group][:, None]
        return np.where(has, np.take_along_axis(values, np.maximum(held, 0), axis=0), initial[self.group])

    def runs(self, counts: Bools, goes_on: Bools, initial: NDArray[Any]) -> NDArray[np.int64]:
        """Length of the current run at each sample: + 1 where it goes on, 0 where it doesn't, kept where nothing counts.

        All (N, columns), ``initial`` (groups, columns) are the runs that went on before. No run is longer than :data:`COUNTED_MAX`, so that one carried over goes on as it would have without a cut.
        """
        place = np.arange(len(counts))[:, None]
        added = np.cumsum(counts & goes_on, axis=0)
        reset = np.maximum.accumulate(np.where(counts & ~goes_on, place, -1), axis=0)
        first = self.starts[self.group][:, None]
        at_start = np.concatenate([np.zeros((1, added.shape[1]), added.dtype), added[:-1]])[self.starts]
        base = at_start - initial.astype(np.int64)
        since = np.where(reset >= first, np.take_along_axis(added, np.maximum(reset, 0), axis=0), base[self.group])
        run: NDArray[np.int64] = np.minimum(added - since, COUNTED_MAX)
        return run


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
