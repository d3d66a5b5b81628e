"""Neighbours: what lies between one reading of an appliance and the one before it: rises, stays in a mode, calm windows.

A pair is two consecutive readings of one value at most :data:`PAIR_MS_MAX` apart. What is left over from the samples before
is handed in and handed back, so that where a stream is cut makes no difference. No loop over samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PAIR_MS_MAX = 1_800_000
WINDOW_MS = 7_200_000
"""Calm windows are two hours, from even to even hour UTC."""
WINDOW_COVERED = 0.75
"""A window counts if its pairs cover so much of it."""
MS_PER_MIN = 60_000.0

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """N samples sorted by (group, time): when, when the one before was, where their groups start, and their modes.

    ``since`` is when the appliance entered the mode that it is in.
    """

    ts: Numbers
    before_ts: Numbers
    group: NDArray[np.intp]
    starts: NDArray[np.intp]
    modes: Numbers
    since: Numbers

    @property
    def first(self) -> NDArray[np.intp]:
        """(N,): where the sample's group starts."""
        first: NDArray[np.intp] = self.starts[self.group]
        return first

    @property
    def ends(self) -> NDArray[np.intp]:
        """(groups,): the last sample of each."""
        ends: NDArray[np.intp] = np.r_[self.starts[1:], len(self.ts)] - 1
        return ends


def stays(
    ts: Numbers, modes: Numbers, before_mode: Numbers, starts: NDArray[np.intp], held: Numbers
) -> tuple[NDArray[np.intp], Numbers]:
    """Group of each sample, and when its appliance entered the mode that it is in; ``held`` (groups,): known before."""
    group: NDArray[np.intp] = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(ts)]))
    entered = np.maximum.accumulate(np.where(modes != before_mode, np.arange(len(ts)), -1))
    return group, np.where(entered >= starts[group], ts[np.maximum(entered, 0)], held[group])


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The pairs of one value: at each of N samples the reading before, how long ago (ms), and whether the two are a pair.

    ``same_stay``: whether the appliance stayed in one mode in between.
    """

    value: Floats
    before: Floats
    gap_ms: Floats
    is_pair: Bools
    same_stay: Bools

    @property
    def rise(self) -> Floats:
        """(N,): by how much the value rose, in its unit, 0 where there is no pair."""
        return np.where(self.is_pair, self.value - np.nan_to_num(self.before), 0.0)


def pairs(value: Floats, times: Times, last: Floats, age_ms: Floats) -> tuple[Pairs, Floats, Floats]:
    """The pairs of ``value`` (N,) in its unit, and for each group its last reading and how old that is at its last sample.

    ``last`` and ``age_ms`` (groups,) are these from before; NaN for none. Without a loop over groups: the place of the latest
    reading is carried forward, and counts where it lies within the group.
    """
    value = value.astype(np.float32).astype(float)  # as it is kept, so that a cut makes no difference
    place, present = np.arange(len(value)), ~np.isnan(value)
    held = np.maximum.accumulate(np.where(present, place, -1))
    earlier = np.r_[-1, held[:-1]]
    has = earlier >= times.first
    at = np.maximum(earlier, 0)
    before = np.where(has, value[at], last[times.group])
    known_ts = times.before_ts[times.starts] - age_ms
    before_ts = np.where(has, times.ts[at], known_ts[times.group])
    gap = (times.ts - before_ts).astype(float)
    is_pair = present & ~np.isnan(before) & (gap > 0) & (gap <= PAIR_MS_MAX)
    made = Pairs(value, before, gap, is_pair, is_pair & (before_ts >= times.since))
    ends = times.ends
    found = held[ends] >= times.starts
    newest = np.maximum(held[ends], 0)
    kept_ts = np.where(found, times.ts[newest], known_ts)
    return made, np.where(found, value[newest], last), (times.ts[ends] - kept_ts).astype(float)


def calm_rates(
    of: Pairs, times: Times, counts: Bools, risen: Floats, covered_ms: Floats
) -> tuple[Floats, Floats, Floats]:
    """The mean rise per hour in each window, told at the first sample behind it (else NaN), and what the open ones hold.

    Windows are those of the clock, so that none depends on where a block is cut. Only pairs that count and lie within one do; ``risen`` and ``covered_ms`` (groups,) are those of the windows that
    were open before.
    """
    window = times.ts // WINDOW_MS
    counts = counts & ((times.ts - of.gap_ms) // WINDOW_MS == window)
    begins = window != times.before_ts // WINDOW_MS
    place = np.arange(len(window))
    latest = np.maximum.accumulate(np.where(begins, place, -1))
    opened = np.r_[-1, latest[:-1]]
    sums = []
    open_sums = []
    for step, held in ((np.where(counts, of.rise, 0.0), risen), (np.where(counts, of.gap_ms, 0.0), covered_ms)):
        until = np.r_[0.0, np.cumsum(step)]
        at_start = until[times.starts] - held
        begun = np.where(opened >= times.first, until[np.maximum(opened, 0)], at_start[times.group])
        sums.append(until[:-1] - begun)
        last = latest[times.ends]
        open_sums.append(until[times.ends + 1] - np.where(last >= times.starts, until[np.maximum(last, 0)], at_start))
    rise, covered = sums
    is_whole = begins & (covered >= WINDOW_COVERED * WINDOW_MS)
    rate = np.where(is_whole, rise / np.maximum(covered, 1.0) * 60 * MS_PER_MIN, np.nan)
    return rate, open_sums[0], open_sums[1]
