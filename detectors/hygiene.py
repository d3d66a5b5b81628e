"""L0, hygiene: tells a fault of the data from a fault of the appliance, and keeps bad readings from the layers behind.

Per (appliance, metric):

- *limit*: outside the metric's possible range three times in a row: an open or shorted sensor.
- *stuck*: the same value over and over although this metric usually changes from one reading to the next, while the
  appliance works, and not at an end of its range: run × usual rate of change > 40, and four times as long as any run
  before.
- *spike*: more than eight standard deviations from the mean and from the reading before, for a single reading within
  one mode, with the next one back, six times within a day; it stands until two days after the first of the six. Of a metric that is told once per cycle it takes many cycles until that is known.
- *gap*: a whole day without a reading from an appliance that reports all day.

A bad reading becomes NaN for the layers behind. What is said here is a finding of channel ``data`` and never a repair
ticket. Totals and booleans lose impossible values, and nothing is said of them.

All samples of a block are looked at together, sorted by (appliance, time). What is said of a sample depends on nothing but
its appliance's samples up to it: the last value and all counts are carried over, so where a block cuts makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.profiles.definition import MetricKind, Profile

DATA_FAULTS = ("sensor_out_of_range", "sensor_stuck", "sensor_spikes", "data_gap", "sensor_drift")
LIMIT, STUCK, SPIKES, GAP = range(4)
LIMIT_READINGS = 3
STUCK_RUN_MIN = 30
STUCK_CHANGES = 40.0
STUCK_LONGER_THAN_BEFORE = 4
COUNTED_MAX = 60_000
SPIKE_SIGMA = 8.0
SPIKE_AFTER_READINGS = 100
SPIKES_PER_DAY = 6
DAY_S = 86_400
GAP_MS = DAY_S * 1000

State = dict[str, NDArray[Any]]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


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
        """Find the groups."""
        starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(rows)]))
        return cls(rows, ts, group, starts, np.r_[starts[1:], len(rows)] - 1)

    def before(self, values: NDArray[Any], present: Bools, initial: NDArray[Any]) -> NDArray[Any]:
        """Each column's last present value before each sample; ``initial`` (groups, M) where there is none."""
        held = self._held(present)
        held = np.concatenate([np.full((1, held.shape[1]), -1), held[:-1]])
        return self._picked(values, held, initial)

    def latest(self, values: NDArray[Any], present: Bools, initial: NDArray[Any]) -> NDArray[Any]:
        """Each column's last present value up to each sample, itself included; ``initial`` where there is none."""
        return self._picked(values, self._held(present), initial)

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

        No run is longer than :data:`COUNTED_MAX`, so that one carried over goes on as it would have without a cut.
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


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """What hygiene says of N samples: the readings to believe, and where faults stand.

    ``limit``, ``stuck`` and ``spikes`` are (N, measured metrics), ``gap`` (N,).
    """

    believed: Floats
    limit: Bools
    stuck: Bools
    spikes: Bools
    gap: Bools

    def standing(self) -> Bools:
        """Per sample and kind of fault whether any metric has it: (N, 4)."""
        columns = [self.limit.any(axis=1), self.stuck.any(axis=1), self.spikes.any(axis=1), self.gap]
        return np.stack(columns, axis=1)

    def metrics(self, sample: int, fault: int) -> list[int]:
        """The measured metrics that have a fault at one sample."""
        if fault == GAP:
            return []
        table = (self.limit, self.stuck, self.spikes)[fault]
        return np.flatnonzero(table[sample]).tolist()


class Hygiene:
    """The checks for one appliance kind; the state of the appliances is handed in."""

    def __init__(self, profile: Profile) -> None:
        metrics = profile.metrics.values()
        self.low = np.array([metric.low for metric in metrics], np.float32)
        self.high = np.array([metric.high for metric in metrics], np.float32)
        self.measured = np.flatnonzero([metric.kind is MetricKind.MEASUREMENT for metric in metrics])

    def layout(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Name → (type, shape per appliance) of what must be remembered."""
        size = (len(self.measured),)
        return {
            "bad_run": ("u1", size),
            "same_run": ("u2", size),
            "longest_run": ("u2", size),
            "counted": ("u2", size),
            "changed": ("u2", size),
            "spike_pending": ("?", size),
            "spike_count": ("u1", size),
            "spike_since_s": ("u4", size),
        }

    def in_range(self, values: NDArray[np.float64]) -> Floats:
        """Readings as float32, with impossible ones as NaN."""
        possible = (values >= self.low) & (values <= self.high)
        return np.where(possible, values, np.nan).astype(np.float32)

    def check(
        self,
        state: State,
        samples: Sorted,
        raw: NDArray[np.float64],
        clean: Floats,
        scored: tuple[Floats, Floats],
        last: Floats,
        seen: NDArray[np.int64],
        is_working: Bools,
        has_mode_kept: Bools,
        last_ts: NDArray[np.int64],
    ) -> Verdicts:
        """Look at samples, at their measured metrics only.

        ``raw`` are the readings, ``clean`` those from :meth:`in_range`, ``scored`` their z and σ by the point bank,
        ``last`` (groups, M) each metric's last reading before them, ``seen`` how many samples its appliance had given before each sample,
        ``is_working`` whether the appliance works, ``has_mode_kept`` whether its mode is that of the sample before,
        ``last_ts`` the time of the sample before the first of each group.
        """
        limit = self._limit(state, samples, raw, clean)
        last = samples.before(clean, ~np.isnan(clean), last)
        stuck, counted = self._stuck(state, samples, clean, last, is_working)
        may_judge = ((seen >= SPIKE_AFTER_READINGS) & has_mode_kept)[:, None] & (counted > SPIKE_AFTER_READINGS)
        spikes, far = self._spikes(state, samples, clean, scored, last, may_judge)
        before = np.r_[0, samples.ts[:-1]]
        before[samples.starts] = last_ts
        gap = (before > 0) & (samples.ts - before > GAP_MS)
        return Verdicts(np.where(stuck | far, np.float32(np.nan), clean), limit, stuck, spikes, gap)

    def _limit(self, state: State, samples: Sorted, raw: NDArray[np.float64], clean: Floats) -> Bools:
        """Where metrics have been impossible several times in a row."""
        rows = samples.rows[samples.starts]
        given = ~np.isnan(raw)
        is_bad = given & np.isnan(clean)
        initial = state["bad_run"][rows]
        if not is_bad.any() and not initial.any():
            return is_bad
        run = samples.runs(given, is_bad, initial)
        state["bad_run"][rows] = np.minimum(run[samples.ends], 250)
        limit: Bools = run >= LIMIT_READINGS
        return limit

    def _stuck(
        self, state: State, samples: Sorted, clean: Floats, last: Floats, is_working: Bools
    ) -> tuple[Bools, NDArray[np.int64]]:
        """Where metrics repeat one value although they usually change; and how many readings of each there were so far."""
        rows = samples.rows[samples.starts]
        present = ~np.isnan(clean)
        counts = present & is_working[:, None]
        low, high = self.low[self.measured], self.high[self.measured]
        same = (clean == last) & (clean > low) & (clean < high)
        initial = state["same_run"][rows]
        run = samples.runs(counts, same, initial)
        ended = counts & ~same
        run_before = np.concatenate([initial[:1], run[:-1]])
        run_before[samples.starts] = initial
        step = 2 * COUNTED_MAX
        longest = np.where(ended, run_before, 0)
        longest[samples.starts] = np.maximum(longest[samples.starts], state["longest_run"][rows])
        longest = np.maximum.accumulate(longest + samples.group[:, None] * step, axis=0) - samples.group[:, None] * step
        counted, changed = (
            _running(samples, what, state[name][rows]) for name, what in (("counted", counts), ("changed", ended))
        )
        rate = changed / np.maximum(counted - run, 1)
        for name, values in (("same_run", run), ("longest_run", longest), ("counted", counted), ("changed", changed)):
            state[name][rows] = values[samples.ends]
        stuck: Bools = present & (run >= STUCK_RUN_MIN) & (changed >= STUCK_RUN_MIN) & (run * rate > STUCK_CHANGES)
        return stuck & (run > STUCK_LONGER_THAN_BEFORE * longest), counted

    def _spikes(
        self,
        state: State,
        samples: Sorted,
        clean: Floats,
        scored: tuple[Floats, Floats],
        last: Floats,
        may_judge: Bools,
    ) -> tuple[Bools, Bools]:
        """Where metrics have spiked again and again, and which readings are far for once."""
        z, sigma = scored
        rows = samples.rows[samples.starts]
        present = ~np.isnan(clean)
        pending = state["spike_pending"][rows]
        beyond = np.abs(z) > SPIKE_SIGMA
        if not beyond.any() and not pending.any() and not state["spike_since_s"][rows].any():
            return np.zeros_like(present), beyond
        far = beyond & (np.abs(clean - last) > SPIKE_SIGMA * sigma) & may_judge
        was_far = samples.before(far, present, pending)
        returned = was_far & present & ~beyond & may_judge
        state["spike_pending"][rows] = np.where(present[samples.ends], far[samples.ends], was_far[samples.ends])
        count, since = self._count_spikes(state, samples, returned)
        return (count >= SPIKES_PER_DAY) & ((samples.ts // 1000)[:, None] - since < 2 * DAY_S), far

    def _count_spikes(
        self, state: State, samples: Sorted, returned: Bools
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Note spikes: how many there are at each sample, and since when (s); a day without begins anew."""
        rows = samples.rows[samples.starts]
        first = [state[name][rows].astype(np.int64) for name in ("spike_count", "spike_since_s")]
        count, since = np.zeros(returned.shape, np.int64), np.zeros(returned.shape, np.int64)
        for sample, metric in np.argwhere(returned).tolist():
            at = int(samples.rows[sample]), metric
            now_s = int(samples.ts[sample]) // 1000
            if now_s - int(state["spike_since_s"][at]) > DAY_S:
                state["spike_since_s"][at], state["spike_count"][at] = now_s, 1
            elif state["spike_count"][at] < SPIKES_PER_DAY:
                state["spike_count"][at] += 1
            count[sample, metric], since[sample, metric] = state["spike_count"][at], state["spike_since_s"][at]
        return samples.latest(count, returned, first[0]), samples.latest(since, returned, first[1])


def _running(samples: Sorted, what: Bools, initial: NDArray[Any]) -> NDArray[np.int64]:
    """How often ``what`` has been true so far, per group, going on from ``initial``, up to :data:`COUNTED_MAX`."""
    total = np.cumsum(what, axis=0)
    at_start = np.concatenate([np.zeros((1, total.shape[1]), total.dtype), total[:-1]])[samples.starts]
    running: NDArray[np.int64] = total + (initial.astype(np.int64) - at_start)[samples.group]
    return np.minimum(running, COUNTED_MAX)
