"""L3, units: samples → one row of features per day (UTC) or per cycle, as the profile says.

The unit of detection is the day or the cycle, never the raw reading. A unit is a UTC day, or the samples of one
``cycle`` id; without ids, the time in which the appliance runs (by mode, else by power), where a pause below ten minutes
belongs to it. It is closed by the first sample that no longer belongs to it.

Features and the means of their context variables are folded sample by sample into three numbers per value, for a whole
block at once: samples are sorted by (appliance, time), cut into segments, reduced per segment, and the first segment of
each appliance is joined with what its open unit holds already, in double precision. What a block boundary cuts makes no
difference but in the last of its digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import NO_UNIT, Piece, Samples, UnitRows, Whole
from detectors.state.columns import Axis, Column
from detectors.units.columns import (
    CALM,
    NEITHER,
    OFF,
    ON,
    PAIRED,
    WITH_AUX,
    Floats,
    Segments,
    finished,
    fold_column,
    joined,
)
from detectors.units.neighbours import Pairs, Times, calm_rates, pairs, stays
from ingest.profiles.definition import Unit
from ingest.sample import Event, EventType

DAY_MS = 86_400_000
PAUSE_MS = 600_000
ON_POWER_W = 10.0
REFERENCE_KEPT = 0.98
"""The usual maximum of the metric that tells on from off shrinks by this factor per unit."""
RUNNING = 1
PAIR_AGE_MS_MAX = 4_000_000_000
SAMPLES_MIN = 5
DAY_SPAN_MS_MIN = 12 * 3_600_000
CYCLE_SPAN_MS_MIN = 300_000


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What is folded so far, (segments, values) each; what the three mean depends on the value's statistic."""

    total: Floats
    aux: Floats
    count: Floats

    def column(self, number: int) -> tuple[Floats, Floats, Floats]:
        """One value of all segments, three arrays (segments,) in its unit, to be read or written."""
        return self.total[:, number], self.aux[:, number], self.count[:, number]

    def taken(self, at: NDArray[np.intp]) -> Sums:
        """Some segments, ``at`` (n,)."""
        return Sums(self.total[at], self.aux[at], self.count[at])


class Units(Layer):
    """Closes the days or cycles of one kind's appliances."""

    name: ClassVar[str] = "units"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        profile = setting.profile
        metrics = list(profile.metrics)
        self.unit = profile.unit
        self.interval_ms = round(profile.usual_interval_s * 1000)
        self.running = np.array([mode in profile.running_modes for mode in profile.modes] + [False], bool)
        self.power = metrics.index("power_w") if "power_w" in metrics else -1
        self.folded = setting.values.measures
        self.paired = list(
            dict.fromkeys((one.metric, one.minus) for one in self.folded if one.statistic in PAIRED | CALM)
        )
        self.alike = [
            (statistic, np.array([n for n, one in enumerate(self.folded) if one.statistic == statistic], np.intp))
            for statistic in dict.fromkeys(one.statistic for one in self.folded)
        ]
        self.calm = [one for one in self.folded if one.statistic in CALM]
        self.with_aux = [number for number, one in enumerate(self.folded) if one.statistic in WITH_AUX]
        on_off = [one.metric for one in self.folded if one.statistic.startswith(("on_", "off_"))]
        self.on_metric = on_off[0] if on_off else -1
        values, none = setting.values, np.empty(0, np.int64)
        features, contexts = np.empty((0, len(values.features))), np.empty((0, len(values.contexts)))
        self._none = UnitRows(none.astype(np.intp), none, none, none.astype(bool), features, contexts)

    def columns(self) -> tuple[Column, ...]:
        """The open unit: what is folded so far; a value that was not folded from its beginning is none (NaN)."""
        axis = self.setting.values.measure_axis()
        aux = Axis(axis.name, tuple(axis.labels[number] for number in self.with_aux))
        return (
            Column("unit_key", "i8"),
            Column("unit_start", "i8"),
            Column("unit_samples", "u2"),
            Column("unit_top", "f4"),
            Column("on_reference", "f4"),
            Column("previous_ts", "i8"),
            Column("was_on", "u1"),
            Column("last_on", "i8"),
            Column("sum", "f8", (axis,), fill=np.nan),
            Column("aux", "f8", (aux,), fill=np.nan),
            Column("count", "u4", (axis,)),
            Column("source", "u1", (self.setting.values.source_axis(),)),
            *self._neighbour_columns(),
        )

    def _neighbour_columns(self) -> tuple[Column, ...]:
        """Since when the appliance is in its mode; of paired values the last reading and its age (ms); of open windows rise and time."""
        names = list(self.setting.profile.metrics)
        pair = Axis("pair", tuple(" - ".join(names[one] for one in both if one >= 0) for both in self.paired))
        calm = Axis("calm", tuple(one.label for one in self.calm))
        return (
            Column("mode_since", "i8"),
            Column("pair_value", "f4", (pair,), fill=np.nan),
            Column("pair_age", "u4", (pair,)),
            Column("calm_rise", "f8", (calm,)),
            Column("calm_covered", "u4", (calm,)),
        )

    def prepare(self, whole: Whole) -> None:
        """Say which unit each sample belongs to."""
        rows = whole.samples.rows
        whole.keys = self.keys(rows, whole.samples.ts, whole.values, whole.modes, whole.cycles)
        before: NDArray[np.int64] = np.r_[NO_UNIT, whole.keys[:-1]]
        starts = whole.samples.starts
        before[starts] = self.own["unit_key"][rows[starts]]
        whole.open_before = before

    def take(self, piece: Piece) -> None:
        """Fold samples, or end the open unit where the appliance says that it is finished."""
        if piece.samples is not None:
            piece.units = self.fold(piece.samples)
        elif piece.ended is not None:
            rows, ts = piece.ended.rows, piece.ended.ts
            is_in_time = ts >= self.own["previous_ts"][rows]  # else samples of what came after have closed it
            if is_in_time.any():
                piece.units = self.close(rows[is_in_time], ts[is_in_time])

    def ends_unit(self, event: Event, row: int) -> bool:
        """Whether a cycle is open, and the event ends it."""
        is_in_time = event.type is EventType.CYCLE_FINISHED and event.ts_ms >= self.own["previous_ts"][row]
        return bool(is_in_time and self.own["unit_key"][row] != NO_UNIT)

    def fold(self, samples: Samples) -> UnitRows:
        """Take in samples, and return the units (B,) that they close.

        A unit may have begun in an earlier block: an appliance's first segment joins what is open of it, its last stays open, and
        the others are whole. So it makes no difference where a block is cut.
        """
        rows, ts, values = samples.rows, samples.ts, samples.values
        segments = self._segments(samples)
        top = np.fmax.reduceat(values[:, self.on_metric], segments.starts) if self.on_metric >= 0 else None
        level = self._levels(segments, top)
        sums = self._reduce(segments, level)
        self._remember_on(segments, level)
        seg_rows = rows[segments.starts]
        seg_start = ts[segments.starts]
        seg_samples = np.diff(np.r_[segments.starts, len(rows)])
        joins = segments.continues
        fresh = segments.is_first & ~joins
        closed = self._close_open(seg_rows[fresh], ts[segments.starts[fresh]])
        if joins.any():
            j = np.flatnonzero(joins)
            self._join(seg_rows[j], sums, j)
            seg_start[j] = self.own["unit_start"][seg_rows[j]]
            seg_samples[j] += self.own["unit_samples"][seg_rows[j]]
        is_last = np.r_[segments.is_first[1:], True]
        done = np.flatnonzero(~is_last)
        keys = segments.key[segments.starts]
        done = done[keys[done] != NO_UNIT]
        following = segments.starts[done + 1] if len(done) else np.empty(0, np.intp)
        made = self._finish(
            seg_rows[done], seg_start[done], ts[following - 1], ts[following], seg_samples[done], sums.taken(done)
        )
        self._remember(segments, np.flatnonzero(is_last), keys, seg_start, seg_samples, sums)
        return _in_order(closed, made)

    def keys(
        self,
        rows: NDArray[np.intp],
        ts: NDArray[np.int64],
        values: Floats,
        modes: NDArray[np.int64],
        cycles: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """A number for each of N samples, sorted by (row, time), that is the same throughout one unit, NO_UNIT outside of any.

        ``ts`` (N,) in ms, ``values`` (N, metrics) each in its unit, ``modes`` and ``cycles`` (N,) numbers. To be asked once for each
        sample: it remembers when the appliance ran last. Whether an appliance ran within the pause is found without a
        loop: the place of the latest running sample, carried forward, counts where it is of the same appliance.
        """
        if self.unit is Unit.DAY:
            return ts // DAY_MS + 2
        is_on = self.running[modes]
        if self.power >= 0:
            with np.errstate(invalid="ignore"):
                is_on |= (modes < 0) & (values[:, self.power] > ON_POWER_W)
        is_new = np.r_[True, rows[1:] != rows[:-1]]
        place = np.arange(len(rows))
        group = np.maximum.accumulate(np.where(is_new, place, 0))
        latest = np.maximum.accumulate(np.where(is_on, place, -1))
        last_on = np.where(latest >= group, ts[np.maximum(latest, 0)], self.own["last_on"][rows])
        ends = np.r_[is_new[1:], True]
        self.own["last_on"][rows[ends]] = last_on[ends]
        running = np.where(ts - last_on <= PAUSE_MS, RUNNING, NO_UNIT)
        return np.where(cycles > 0, cycles, running)

    def close(self, rows: NDArray[np.intp], ts: NDArray[np.int64]) -> UnitRows:
        """End the open unit of each of ``rows`` (B,) at ``ts`` (B,), in ms: the appliance said that its cycle is finished."""
        closed = self._close_open(rows, ts)
        self.own["unit_key"][rows] = NO_UNIT
        return closed

    def _segments(self, samples: Samples) -> Segments:
        """Cut samples into segments."""
        rows, key = samples.rows, samples.keys
        is_new = np.r_[True, rows[1:] != rows[:-1]]
        starts = np.flatnonzero(is_new | np.r_[True, key[1:] != key[:-1]])
        continues = is_new[starts] & (self.own["unit_key"][rows[starts]] == key[starts])
        was_on = self.own["was_on"][rows[starts]]
        groups = np.flatnonzero(is_new)
        since, near, calm = self._neighbours(samples, groups)
        return Segments(
            rows, samples.ts, samples.values, samples.modes, key, samples.before_ts, samples.before_mode,
            starts, is_new[starts], continues, was_on, since, near, calm,
        )  # fmt: skip

    def _neighbours(
        self, samples: Samples, groups: NDArray[np.intp]
    ) -> tuple[NDArray[np.int64], dict[tuple[int, int], Pairs], dict[str, Floats]]:
        """What lies between neighbouring readings; what the next samples need of these is kept."""
        own, rows = self.own, samples.rows[groups]
        held = own["mode_since"][rows]
        group, since = stays(samples.ts, samples.modes, samples.before_mode, groups, held)
        times = Times(samples.ts, samples.before_ts, group, groups, samples.modes, since)
        own["mode_since"][rows] = since[times.ends]
        near: dict[tuple[int, int], Pairs] = {}
        for number, (metric, minus) in enumerate(self.paired):
            value = samples.values[:, metric] if minus < 0 else samples.values[:, metric] - samples.values[:, minus]
            last, age = own["pair_value"][rows, number].astype(float), own["pair_age"][rows, number].astype(float)
            near[metric, minus], last, age = pairs(value, times, last, age)
            own["pair_value"][rows, number] = last
            own["pair_age"][rows, number] = np.clip(age, 0, PAIR_AGE_MS_MAX)
        calm: dict[str, Floats] = {}
        for number, one in enumerate(self.calm):
            of = near[one.metric, one.minus]
            counts = of.is_pair if one.mode < 0 else of.same_stay & (samples.modes == one.mode)
            risen, covered = (own[name][rows, number].astype(float) for name in ("calm_rise", "calm_covered"))
            calm[one.label], risen, covered = calm_rates(of, times, counts, risen, covered)
            own["calm_rise"][rows, number], own["calm_covered"][rows, number] = risen, covered
        return since, near, calm

    def _levels(self, segments: Segments, top: Floats | None) -> Floats:
        """Per sample: the level above which the appliance counts as on, NaN while its usual maximum is unknown.

        Only closed units count, so the level within a unit is fixed when the unit begins.
        """
        if top is None:
            return np.full(len(segments.rows), np.nan)
        seg_rows = segments.rows[segments.starts]
        keys = segments.key[segments.starts]
        level = np.empty(len(seg_rows))
        reference, unit_top, open_key = self.own["on_reference"], self.own["unit_top"], self.own["unit_key"]
        for number, (row, key, highest) in enumerate(zip(seg_rows.tolist(), keys.tolist(), top.tolist(), strict=True)):
            if key != open_key[row] or not segments.is_first[number]:
                reference[row] = max(float(reference[row]) * REFERENCE_KEPT, float(unit_top[row]))
                unit_top[row] = 0.0
            level[number] = reference[row] / 2
            unit_top[row] = max(float(unit_top[row]), highest if highest == highest else 0.0)  # noqa: PLR0124 - NaN test
        level[level <= 0] = np.nan
        return np.repeat(level, np.diff(np.r_[segments.starts, len(segments.rows)]))

    def _reduce(self, segments: Segments, level: Floats) -> Sums:
        """Three numbers per segment and value: sum, aux, count; their meaning depends on the statistic."""
        sums = Sums(*(np.zeros((len(segments.starts), len(self.folded))) for _ in range(3)))
        step = np.clip(segments.ts - segments.previous_ts, 0, 5 * max(self.interval_ms, 60_000)) / 1000.0
        step[segments.starts[~segments.continues]] = 0.0
        for number, one in enumerate(self.folded):
            fold_column(one, segments, level, step, sums.column(number))
        return sums

    def _held(self, rows: NDArray[np.intp]) -> Sums:
        """What the open units of ``rows`` hold."""
        aux = np.zeros((len(rows), len(self.folded)))
        aux[:, self.with_aux] = self.own["aux"][rows]
        return Sums(self.own["sum"][rows], aux, self.own["count"][rows].astype(float))

    def _join(self, rows: NDArray[np.intp], sums: Sums, at: NDArray[np.intp]) -> None:
        """Add what the open units of ``rows`` hold already to their segments ``at``."""
        old, new = self._held(rows), sums.taken(at)
        for number, one in enumerate(self.folded):
            joint = joined(one.statistic, old.column(number), new.column(number))
            is_partial = np.isnan(old.total[:, number])
            for whole, part in zip(
                sums.column(number), (np.where(is_partial, np.nan, joint[0]), *joint[1:]), strict=True
            ):
                whole[at] = part

    def _close_open(self, rows: NDArray[np.intp], closed: NDArray[np.int64]) -> UnitRows:
        """The open units of ``rows``, finished."""
        keep = self.own["unit_key"][rows] != NO_UNIT
        rows, closed = rows[keep], closed[keep]
        start, end, samples = (self.own[name][rows] for name in ("unit_start", "previous_ts", "unit_samples"))
        return self._finish(rows, start, end, closed, samples, self._held(rows))

    def _finish(
        self,
        rows: NDArray[np.intp],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        closed: NDArray[np.int64],
        samples: NDArray[Any],
        sums: Sums,
    ) -> UnitRows:
        """Folded numbers → values of features and contexts."""
        if not len(rows):
            return self._none
        span_ms = end - start
        measured = np.empty((len(rows), len(self.folded)))
        with np.errstate(divide="ignore", invalid="ignore"):
            for statistic, at in self.alike:
                measured[:, at] = finished(
                    statistic, sums.total[:, at], sums.aux[:, at], sums.count[:, at], span_ms[:, None] / 1000.0
                )
        features, contexts, source = self.setting.values.made(measured, self.own["source"][rows])
        span_min = DAY_SPAN_MS_MIN if self.unit is Unit.DAY else CYCLE_SPAN_MS_MIN
        usable = (samples >= SAMPLES_MIN) & (span_ms >= span_min)
        self.own["source"][rows[usable]] = source[usable]
        return UnitRows(rows, start, closed, usable, features, contexts)

    def _remember_on(self, segments: Segments, level: Floats) -> None:
        """Keep whether each appliance was on in its last sample."""
        if self.on_metric >= 0:
            ends = np.flatnonzero(np.r_[segments.rows[1:] != segments.rows[:-1], True])
            value, limit = segments.values[ends, self.on_metric], level[ends]
            with np.errstate(invalid="ignore"):
                self.own["was_on"][segments.rows[ends]] = np.select([value > limit, value <= limit], [ON, OFF], NEITHER)

    def _remember(
        self,
        segments: Segments,
        last: NDArray[np.intp],
        keys: NDArray[np.int64],
        start: NDArray[np.int64],
        counted: NDArray[np.int64],
        sums: Sums,
    ) -> None:
        """Keep the last segment of each appliance as its open unit."""
        own, rows = self.own, segments.rows[segments.starts[last]]
        own["unit_key"][rows] = keys[last]
        own["unit_start"][rows] = start[last]
        own["unit_samples"][rows] = np.minimum(counted[last], 65_535)
        own["sum"][rows] = sums.total[last]
        own["aux"][rows] = sums.aux[last][:, self.with_aux]
        own["count"][rows] = sums.count[last]
        ends = np.flatnonzero(np.r_[segments.rows[1:] != segments.rows[:-1], True])
        own["previous_ts"][segments.rows[ends]] = segments.ts[ends]


def _in_order(first: UnitRows, second: UnitRows) -> UnitRows:
    """Units of two sets in the order of (appliance, start)."""
    if not len(first.rows) + len(second.rows):
        return first
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
