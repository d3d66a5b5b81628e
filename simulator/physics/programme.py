"""Programme: what all appliances that run cycles share: phases in slots, moments of reading, energy, last durations.

A cycle is a row of slots, each with a mode, a length (0: left out) and a mean power; the kind's physics decides the
lengths when the cycle is planned, and computes all readings of all cycles of a span together, as one flat array of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray, IntArray
from simulator.physics.columns import in_columns


@dataclass(frozen=True, slots=True)
class Conditions:
    """What surrounds C cycles that are about to start, each (C,); ``severity`` by fault mode, absent where all are 0."""

    kitchen_c: FloatArray
    outdoor_c: FloatArray
    inlet_c: FloatArray
    hardness_dh: FloatArray
    mains_v: FloatArray
    pressure_bar: FloatArray
    severity: Mapping[str, FloatArray]

    def worn(self, fault_mode: str) -> FloatArray:
        """Severity of one fault mode, (C,)."""
        return self.severity.get(fault_mode, np.zeros(len(self.mains_v)))


@dataclass(frozen=True, slots=True)
class CycleError:
    """An error code of one cycle, ``at_s`` after its start."""

    cycle: int
    at_s: float
    code: str


@dataclass(frozen=True, slots=True)
class Cycles:
    """C cycles as columns: whose, when, under which conditions, and length and mean power of each slot, (C, slots).

    ``modes`` (slots,) indexes the kind's modes. ``told`` is what the kind's physics decided for itself, each with C rows.
    """

    appliance: IntArray
    start_ms: IntArray
    number: IntArray
    conditions: Conditions
    modes: NDArray[np.int8]
    phase_s: FloatArray
    slot_w: FloatArray
    told: Mapping[str, FloatArray]
    errors: tuple[CycleError, ...] = ()

    def __len__(self) -> int:
        return len(self.appliance)

    @property
    def duration_ms(self) -> IntArray:
        """Length of each cycle."""
        return np.asarray(np.rint(self.phase_s.sum(axis=1) * 1000), dtype=np.int64)

    @property
    def energy_kwh(self) -> FloatArray:
        """What each cycle takes."""
        return np.asarray((self.phase_s * self.slot_w).sum(axis=1) / 3.6e6)


@dataclass(frozen=True, slots=True)
class Rows:
    """Readings as flat columns, each cycle in time order: of which cycle, when, in which mode, and the values.

    ``summary`` is what ``cycle_finished`` tells, a number per cycle.
    """

    cycle: IntArray
    ts_ms: IntArray
    mode: NDArray[np.int8]
    values: FloatArray
    summary: Mapping[str, FloatArray] = field(default_factory=dict)

    def take(self, chosen: NDArray[np.bool_]) -> Rows:
        """The readings chosen."""
        return Rows(self.cycle[chosen], self.ts_ms[chosen], self.mode[chosen], self.values[chosen], self.summary)


@dataclass(frozen=True, slots=True)
class Moments:
    """When readings are told, flat: in which slot of which cycle, how long after its start and into the slot.

    ``share`` of the slot is over; ``is_end`` marks the reading at the very end of a slot.
    """

    cycle: IntArray
    slot: IntArray
    time_s: FloatArray
    into_s: FloatArray
    share: FloatArray
    is_end: NDArray[np.bool_]


def moments(cycles: Cycles, interval_s: float) -> Moments:
    """A reading every ``interval_s`` and at the end of each slot.

    Ends are read too, as what a phase comes to falls between any regular readings; of two at one time the end comes last.
    """
    ends = np.cumsum(cycles.phase_s, axis=1)
    begins = ends - cycles.phase_s
    counts = (ends[:, -1] // interval_s).astype(np.int64)
    cycle = np.repeat(np.arange(len(cycles)), counts)
    grid = (np.arange(len(cycle)) - np.repeat(np.cumsum(counts) - counts, counts) + 1) * interval_s
    slot = (ends[cycle] < grid[:, None]).sum(axis=1)
    end_cycle, end_slot = np.nonzero(cycles.phase_s > 0)
    all_cycle = np.concatenate([cycle, end_cycle])
    all_slot = np.concatenate([np.minimum(slot, ends.shape[1] - 1), end_slot])
    time_s = np.concatenate([grid, ends[end_cycle, end_slot]])
    is_end = np.concatenate([np.zeros(len(cycle), np.bool_), np.ones(len(end_cycle), np.bool_)])
    order = np.lexsort((is_end, time_s, all_cycle))
    all_cycle, all_slot, time_s = all_cycle[order], all_slot[order], time_s[order]
    into_s = time_s - begins[all_cycle, all_slot]
    share = np.clip(into_s / np.maximum(cycles.phase_s[all_cycle, all_slot], 1e-9), 0.0, 1.0)
    return Moments(all_cycle, all_slot, time_s, into_s, share, is_end[order])


def energy_kwh(cycles: Cycles, at: Moments) -> FloatArray:
    """Energy since the start of the cycle at each moment."""
    joule = cycles.slot_w * cycles.phase_s
    before = np.cumsum(joule, axis=1) - joule
    return np.asarray((before[at.cycle, at.slot] + cycles.slot_w[at.cycle, at.slot] * at.into_s) / 3.6e6)


def last_duration_s(cycles: Cycles, at: Moments, mode: int) -> FloatArray:
    """Length of the last finished slot of that mode at each moment, NaN before the first."""
    last = np.full(cycles.phase_s.shape, np.nan)
    before = np.full(len(cycles), np.nan)
    for slot, its_mode in enumerate(cycles.modes.tolist()):
        if its_mode == mode:
            before = np.where(cycles.phase_s[:, slot] > 0, cycles.phase_s[:, slot], before)
        last[:, slot] = before
    earlier = np.concatenate([np.full((len(cycles), 1), np.nan), last[:, :-1]], axis=1)
    return np.where(at.is_end, last[at.cycle, at.slot], earlier[at.cycle, at.slot])


def rows(
    cycles: Cycles,
    at: Moments,
    metrics: Collection[str],
    columns: Mapping[str, FloatArray | float],
    summary: Mapping[str, FloatArray],
) -> Rows:
    """Readings from columns, one per metric; a metric without column is not told."""
    values = in_columns(metrics, columns, len(at.cycle))
    ts_ms = cycles.start_ms[at.cycle] + np.rint(at.time_s * 1000).astype(np.int64)
    return Rows(at.cycle, ts_ms, cycles.modes[at.slot], values, summary)
