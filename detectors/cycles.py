"""L3, cycles: samples → one row of features per day (UTC) or per cycle, as the profile says.

The unit of detection is the day or the cycle, never the raw reading. A unit is a UTC day, or the samples of one
``cycle`` id; without ids, the time in which the appliance runs (by mode, else by power), where a pause below ten minutes
belongs to it. It is closed by the first sample that no longer belongs to it.

Features and the means of their context variables are folded sample by sample into three numbers per column, for a whole
block at once: samples are sorted by (appliance, time), cut into segments, reduced per segment, and the first segment of
each appliance is joined with what its open unit holds already, in double precision. What a block boundary cuts makes no
difference but in the last of its digits.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.cycle_columns import NEITHER, OFF, ON, Column, Floats, Samples, finished, fold_column, joined
from ingest.profiles.definition import MetricKind, Profile, Unit

DAY_MS = 86_400_000
PAUSE_MS = 600_000
ON_POWER_W = 10.0
REFERENCE_KEPT = 0.98
"""The usual maximum of the metric that tells on from off shrinks by this factor per unit."""
NO_UNIT = 0
RUNNING = 1
SAMPLES_MIN = 5
DAY_SPAN_MS_MIN = 12 * 3_600_000
CYCLE_SPAN_MS_MIN = 300_000

State = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class UnitRows:
    """Closed units in the order of (appliance, time): features on their working scale (log where the profile says)."""

    rows: NDArray[np.intp]
    start_ms: NDArray[np.int64]
    closed_ms: NDArray[np.int64]
    is_usable: NDArray[np.bool_]
    features: Floats
    contexts: Floats


class Cycles:
    """The unit builder of one appliance kind; the state of the appliances is handed in."""

    def __init__(self, profile: Profile) -> None:
        self.unit = profile.unit
        self.interval_ms = round(profile.usual_interval_s * 1000)
        self.metrics = list(profile.metrics)
        self.modes = {name: number for number, name in enumerate(profile.modes)}
        self.running = np.array([mode in profile.running_modes for mode in profile.modes] + [False], bool)
        self.power = self.metrics.index("power_w") if "power_w" in self.metrics else -1
        self.features = [
            Column(f.statistic, self._metric(f.metric), self._metric(f.minus), self._mode(f.mode), f.scale == "log")
            for f in profile.features
        ]
        self.contexts: list[Column] = []
        self.context_of = np.full((len(self.features), 2), -1, np.intp)
        for number, feature in enumerate(profile.features):
            for place, name in enumerate(feature.context[:2]):
                is_total = profile.metrics[name].kind in (MetricKind.TOTAL, MetricKind.TOTAL_INCREASING)
                mode = -1 if is_total else self._mode(feature.mode)
                column = Column("per_day" if is_total else "mean", self._metric(name), -1, mode, is_log=False)
                if column not in self.contexts:
                    self.contexts.append(column)
                self.context_of[number, place] = self.contexts.index(column)
        self.columns = self.features + self.contexts
        on_off = [column.metric for column in self.features if column.statistic.startswith(("on_", "off_"))]
        self.on_metric = on_off[0] if on_off else -1

    def _metric(self, name: str | None) -> int:
        return -1 if name is None else self.metrics.index(name)

    def _mode(self, name: str | None) -> int:
        return -1 if name is None else self.modes[name]

    def layout(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Name → (type, shape per appliance) of what must be remembered."""
        size = (len(self.columns),)
        return {
            "unit_key": ("i8", ()),
            "unit_start": ("i8", ()),
            "unit_samples": ("u2", ()),
            "unit_top": ("f4", ()),
            "on_reference": ("f4", ()),
            "previous_ts": ("i8", ()),
            "previous_mode": ("i1", ()),
            "was_on": ("u1", ()),
            "last_on": ("i8", ()),
            "sum": ("f8", size),
            "aux": ("f8", size),
            "count": ("u4", size),
        }

    def mode_numbers(self, modes: Sequence[str | None]) -> NDArray[np.int64]:
        """Mode names as numbers, -1 for none or an unknown one."""
        known = self.modes
        return np.fromiter((known.get(mode, -1) if mode else -1 for mode in modes), np.int64, len(modes))

    def fold(
        self,
        state: State,
        rows: NDArray[np.intp],
        ts: NDArray[np.int64],
        values: Floats,
        mode: NDArray[np.int64],
        key: NDArray[np.int64],
    ) -> UnitRows:
        """Take in samples sorted by (row, time), with their :meth:`keys`, and return the units that they close."""
        samples = self._samples(state, rows, ts, values, mode, key)
        top = np.fmax.reduceat(values[:, self.on_metric], samples.starts) if self.on_metric >= 0 else None
        level = self._levels(state, samples, top)
        seg_sum, seg_aux, seg_count = self._reduce(samples, level)
        self._remember_on(state, samples, level)
        seg_rows = rows[samples.starts]
        seg_start = ts[samples.starts]
        seg_samples = np.diff(np.r_[samples.starts, len(rows)])
        joins = samples.continues
        closed = self._close_open(
            state, seg_rows[samples.is_first & ~joins], ts[samples.starts[samples.is_first & ~joins]]
        )
        if joins.any():
            j = np.flatnonzero(joins)
            self._join(state, seg_rows[j], seg_sum, seg_aux, seg_count, j)
            seg_start[j] = state["unit_start"][seg_rows[j]]
            seg_samples[j] += state["unit_samples"][seg_rows[j]]
        is_last = np.r_[samples.is_first[1:], True]
        done = np.flatnonzero(~is_last)
        keys = samples.key[samples.starts]
        done = done[keys[done] != NO_UNIT]
        following = samples.starts[done + 1] if len(done) else np.empty(0, np.intp)
        ends = ts[following - 1]
        made = self._finish(
            seg_rows[done], seg_start[done], ends, ts[following], seg_samples[done],
            seg_sum[done], seg_aux[done], seg_count[done],
        )  # fmt: skip
        self._remember(
            state, samples, np.flatnonzero(is_last), keys, seg_start, seg_samples, seg_sum, seg_aux, seg_count
        )
        return _in_order(closed, made)

    def keys(
        self,
        state: State,
        rows: NDArray[np.intp],
        ts: NDArray[np.int64],
        values: Floats,
        mode: NDArray[np.int64],
        cycles: Sequence[str | None],
    ) -> NDArray[np.int64]:
        """A number per sample, sorted by (row, time), that is the same throughout one unit, NO_UNIT outside of any.

        To be asked once for each sample: it remembers when the appliance ran last.
        """
        if self.unit is Unit.DAY:
            return ts // DAY_MS + 2
        named = np.fromiter((zlib.crc32(c.encode()) + 2 if c else 0 for c in cycles), np.int64, len(cycles))
        is_on = self.running[mode]
        if self.power >= 0:
            with np.errstate(invalid="ignore"):
                is_on |= (mode < 0) & (values[:, self.power] > ON_POWER_W)
        is_new = np.r_[True, rows[1:] != rows[:-1]]
        place = np.arange(len(rows))
        group = np.maximum.accumulate(np.where(is_new, place, 0))
        latest = np.maximum.accumulate(np.where(is_on, place, -1))
        last_on = np.where(latest >= group, ts[np.maximum(latest, 0)], state["last_on"][rows])
        ends = np.r_[is_new[1:], True]
        state["last_on"][rows[ends]] = last_on[ends]
        running = np.where(ts - last_on <= PAUSE_MS, RUNNING, NO_UNIT)
        return np.where(named > 0, named, running)

    def open_before(self, state: State, rows: NDArray[np.intp], key: NDArray[np.int64]) -> NDArray[np.int64]:
        """The key of the unit that is open before each sample, sorted by (row, time); NO_UNIT for none."""
        before: NDArray[np.int64] = np.r_[NO_UNIT, key[:-1]]
        is_new = np.r_[True, rows[1:] != rows[:-1]]
        before[is_new] = state["unit_key"][rows[is_new]]
        return before

    def close(self, state: State, rows: NDArray[np.intp], ts: NDArray[np.int64]) -> UnitRows:
        """End the open unit of each of ``rows`` at ``ts``: the appliance said that its cycle is finished."""
        closed = self._close_open(state, rows, ts)
        state["unit_key"][rows] = NO_UNIT
        return closed

    def _samples(
        self,
        state: State,
        rows: NDArray[np.intp],
        ts: NDArray[np.int64],
        values: Floats,
        mode: NDArray[np.int64],
        key: NDArray[np.int64],
    ) -> Samples:
        """Find each sample's predecessor, unit and segment."""
        is_new = np.r_[True, rows[1:] != rows[:-1]]
        previous_ts = np.where(is_new, state["previous_ts"][rows], np.r_[0, ts[:-1]])
        previous_mode = np.where(is_new, state["previous_mode"][rows], np.r_[-1, mode[:-1]])
        cut = is_new | np.r_[True, key[1:] != key[:-1]]
        starts = np.flatnonzero(cut)
        continues = is_new[starts] & (state["unit_key"][rows[starts]] == key[starts])
        was_on = state["was_on"][rows[starts]]
        return Samples(
            rows, ts, values, mode, key, previous_ts, previous_mode, starts, is_new[starts], continues, was_on
        )

    def _levels(self, state: State, samples: Samples, top: Floats | None) -> Floats:
        """Per sample: the level above which the appliance counts as on, NaN while its usual maximum is unknown.

        Only closed units count, so the level within a unit is fixed when the unit begins.
        """
        if top is None:
            return np.full(len(samples.rows), np.nan)
        seg_rows = samples.rows[samples.starts]
        keys = samples.key[samples.starts]
        level = np.empty(len(seg_rows))
        reference, unit_top, open_key = state["on_reference"], state["unit_top"], state["unit_key"]
        for number, (row, key, highest) in enumerate(zip(seg_rows.tolist(), keys.tolist(), top.tolist(), strict=True)):
            if key != open_key[row] or not samples.is_first[number]:
                reference[row] = max(float(reference[row]) * REFERENCE_KEPT, float(unit_top[row]))
                unit_top[row] = 0.0
            level[number] = reference[row] / 2
            unit_top[row] = max(float(unit_top[row]), highest if highest == highest else 0.0)  # noqa: PLR0124 - NaN test
        level[level <= 0] = np.nan
        return np.repeat(level, np.diff(np.r_[samples.starts, len(samples.rows)]))

    def _reduce(self, samples: Samples, level: Floats) -> tuple[Floats, Floats, Floats]:
        """Three numbers per segment and column: sum, aux, count; their meaning depends on the statistic."""
        shape = (len(samples.starts), len(self.columns))
        total, aux, count = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        step = np.clip(samples.ts - samples.previous_ts, 0, 5 * max(self.interval_ms, 60_000)) / 1000.0
        step[samples.starts[~samples.continues]] = 0.0
        for number, column in enumerate(self.columns):
            fold_column(column, samples, level, step, (total[:, number], aux[:, number], count[:, number]))
        return total, aux, count

    def _join(
        self, state: State, rows: NDArray[np.intp], total: Floats, aux: Floats, count: Floats, at: NDArray[np.intp]
    ) -> None:
        """Add what the open units of ``rows`` hold already to their segments ``at``."""
        old_sum, old_aux, old_count = state["sum"][rows], state["aux"][rows], state["count"][rows]
        for number, column in enumerate(self.columns):
            new = (total[at, number], aux[at, number], count[at, number])
            old = (old_sum[:, number], old_aux[:, number], old_count[:, number].astype(float))
            total[at, number], aux[at, number], count[at, number] = joined(column.statistic, old, new)

    def _close_open(self, state: State, rows: NDArray[np.intp], closed: NDArray[np.int64]) -> UnitRows:
        """The open units of ``rows``, finished."""
        keep = state["unit_key"][rows] != NO_UNIT
        rows, closed = rows[keep], closed[keep]
        return self._finish(
            rows, state["unit_start"][rows], state["previous_ts"][rows], closed, state["unit_samples"][rows],
            state["sum"][rows], state["aux"][rows], state["count"][rows].astype(float),
        )  # fmt: skip

    def _finish(
        self,
        rows: NDArray[np.intp],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        closed: NDArray[np.int64],
        samples: NDArray[Any],
        total: Floats,
        aux: Floats,
        count: Floats,
    ) -> UnitRows:
        """Folded numbers → values of features and contexts."""
        span_ms = end - start
        values = np.full((len(rows), len(self.columns)), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            for number, column in enumerate(self.columns):
                value = finished(column.statistic, total[:, number], aux[:, number], count[:, number], span_ms / 1000.0)
                values[:, number] = np.where(value > 0, np.log(value), np.nan) if column.is_log else value
        span_min = DAY_SPAN_MS_MIN if self.unit is Unit.DAY else CYCLE_SPAN_MS_MIN
        usable = (samples >= SAMPLES_MIN) & (span_ms >= span_min)
        split = len(self.features)
        return UnitRows(rows, start, closed, usable, values[:, :split], values[:, split:])

    def _remember_on(self, state: State, samples: Samples, level: Floats) -> None:
        """Keep whether each appliance was on in its last sample."""
        if self.on_metric >= 0:
            ends = np.flatnonzero(np.r_[samples.rows[1:] != samples.rows[:-1], True])
            value, limit = samples.values[ends, self.on_metric], level[ends]
            with np.errstate(invalid="ignore"):
                state["was_on"][samples.rows[ends]] = np.select([value > limit, value <= limit], [ON, OFF], NEITHER)

    def _remember(
        self,
        state: State,
        samples: Samples,
        last: NDArray[np.intp],
        keys: NDArray[np.int64],
        start: NDArray[np.int64],
        counted: NDArray[np.int64],
        total: Floats,
        aux: Floats,
        count: Floats,
    ) -> None:
        """Keep the last segment of each appliance as its open unit."""
        rows = samples.rows[samples.starts[last]]
        state["unit_key"][rows] = keys[last]
        state["unit_start"][rows] = start[last]
        state["unit_samples"][rows] = np.minimum(counted[last], 65_535)
        state["sum"][rows] = total[last]
        state["aux"][rows] = aux[last]
        state["count"][rows] = count[last]
        ends = np.flatnonzero(np.r_[samples.rows[1:] != samples.rows[:-1], True])
        state["previous_ts"][samples.rows[ends]] = samples.ts[ends]
        state["previous_mode"][samples.rows[ends]] = samples.mode[ends]


def _in_order(first: UnitRows, second: UnitRows) -> UnitRows:
    """Units of two sets in the order of (appliance, start)."""
    rows = np.r_[first.rows, second.rows]
    start = np.r_[first.start_ms, second.start_ms]
    order = np.lexsort((start, rows))
    return UnitRows(
        rows[order],
        start[order],
        np.r_[first.closed_ms, second.closed_ms][order],
        np.r_[first.is_usable, second.is_usable][order],
        np.concatenate([first.features, second.features])[order],
        np.concatenate([first.contexts, second.contexts])[order],
    )
