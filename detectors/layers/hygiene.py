"""L0, hygiene: tells a fault of the data from a fault of the appliance, and keeps bad readings from the layers behind.

Per (appliance, metric):

- *limit*: outside the metric's possible range three times in a row: an open or shorted sensor.
- *stuck*: the same value over and over although this metric usually changes from one reading to the next, while the
  appliance works, and not at an end of its range: run × usual rate of change > 40, and four times as long as any run
  before.
- *spike*: more than eight standard deviations from the mean and from the reading before, for a single reading within
  one mode, with the next one back, six times within a day and in two of a hundred samples; it stands until two days after the first of these. Of a metric
  that is told once per cycle it takes many cycles until that is known.
  Neither is said of the power of an appliance that tells no mode, and no count of something is ever stuck.
- *gap*: three whole days or more without a reading, within 30 days, of an appliance that as a rule is never silent: such
  silences are no more than two in a hundred of its samples. It stands until 60 days after the first of these. One silence is
  a holiday, a plug that was pulled or a move, and what the service says of an appliance while it is silent says enough.

A bad reading becomes NaN for the layers behind. What is said here is a finding of channel ``data``, of each sensor by itself,
and never a repair ticket. Totals and booleans lose impossible values, and nothing is said of them.

All samples of a block are looked at together, sorted by (appliance, time). What is said of a sample depends on nothing but
its appliance's samples up to it: the last value and all counts are carried over, so where a block cuts makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Evidence
from detectors.layering.data_standing import DataFault
from detectors.layering.grouping import COUNTED_MAX, Bools, Sorted
from detectors.layering.layer import POWER, Layer, Setting
from detectors.layering.piece import Whole
from detectors.state.columns import Axis, Column, places
from ingest.profiles.definition import Unit

LIMIT, STUCK, SPIKES, GAP = range(4)
NO_METRIC = "-"
LIMIT_READINGS = 3
STUCK_RUN_MIN = 30
STUCK_CHANGES = 40.0
STUCK_LONGER_THAN_BEFORE = 4
SPIKE_SIGMA = 8.0
SPIKE_AFTER_READINGS = 100
SPIKES_PER_DAY = 6
SPIKE_SHARE = 0.02
"""Fewer of the samples since the first one are what every line and sensor does now and then."""
DAY_S = 86_400
GAP_MS = DAY_S * 1000
GAPS = 3
GAPS_WITHIN_S, GAPS_STAND_S = 30 * DAY_S, 60 * DAY_S
GAP_SHARE_MAX = 0.02
"""Who is silent more often than this, of all its samples, reports as it always does."""
COUNT_MAX = 250

Floats = NDArray[np.float32]


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

    def said(self) -> NDArray[np.uint8]:
        """Which faults there are: (N, metrics and at last no single one), a bit for each kind of fault."""
        said = np.zeros((len(self.gap), self.limit.shape[1] + 1), np.uint8)
        for fault, table in enumerate((self.limit, self.stuck, self.spikes)):
            said[:, :-1] |= table.astype(np.uint8) << fault
        said[:, -1] = self.gap.astype(np.uint8) << GAP
        return said

    def is_sound(self) -> bool:
        """Whether nothing is wrong anywhere."""
        return not (self.limit.any() or self.stuck.any() or self.spikes.any() or self.gap.any())


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """How many readings of each metric there were, made where somebody asks: ``counts`` (N, M) says which of them count."""

    samples: Sorted
    counts: Bools
    before: NDArray[Any]

    def of(self, metrics: NDArray[np.intp]) -> NDArray[np.int64]:
        """Up to each sample, of some metrics (K,): (N, K)."""
        return self.samples.running(self.counts[:, metrics], self.before[:, metrics])


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Of which samples (N,) a spike may be said, and how many readings there must have been for it."""

    may_judge: Bools
    counted: Counted


class Hygiene(Layer):
    """Says which readings to believe, and raises what is wrong with the data where it begins."""

    name: ClassVar[str] = "hygiene"
    data_faults: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "sensor_out_of_range": {"en": "A sensor reads impossible values", "zh": "传感器读数超出可能范围"},
        "sensor_stuck": {"en": "A sensor is stuck", "zh": "传感器读数卡住"},
        "sensor_spikes": {"en": "A sensor jumps", "zh": "传感器读数跳变"},
        "data_gap": {"en": "Readings are missing", "zh": "读数缺失"},
    }

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        metrics, profile = list(setting.profile.metrics.values()), setting.profile
        self.metrics = [metrics[number] for number in setting.measured]
        self.low = np.array([metric.low for metric in self.metrics], np.float32)
        self.high = np.array([metric.high for metric in self.metrics], np.float32)
        self.is_counted = np.array([not metric.unit for metric in self.metrics], bool)
        # without a mode nobody knows which power belongs to a moment: a heater is no spike, and its steady power not stuck
        self.is_power = np.array([metric.name == POWER for metric in self.metrics], bool)
        self.running = np.array([mode in profile.running_modes for mode in profile.modes] + [False], bool)
        self.faults = list(self.data_faults)

    def columns(self) -> tuple[Column, ...]:
        """Counts of readings by metric, times in seconds since 1970, and which faults were there at the last sample, a bit for each kind."""
        axes = (self.setting.measured_axis,)
        counted = (("count", "u1"), ("since_s", "u4"), ("since_sample", "u4"))
        gap = (places("gap", int(self.setting.profile.unit is Unit.DAY)),)
        return (
            Column("bad_run", "u1", axes),
            *(Column(name, "u2", axes) for name in ("same_run", "longest_run", "counted", "changed")),
            Column("spike_pending", "?", axes, is_seldom=True),
            *(Column(f"spike_{name}", type_, axes, is_seldom=True) for name, type_ in counted),
            *(Column(f"gap_{name}", type_, gap, is_seldom=True) for name, type_ in counted),
            Column("faulty", "u1", (Axis("metric", (*self.setting.measured_axis.labels, NO_METRIC)),), is_seldom=True),
        )

    def prepare(self, whole: Whole) -> None:
        """Take bad readings out of a fold, and say where faults of the data begin and end."""
        measured = self.setting.measured
        verdicts = self.check(whole, whole.raw[:, measured], whole.readings[:, measured])
        whole.readings[:, measured] = verdicts.believed
        self._raise(whole, verdicts)

    def check(self, whole: Whole, raw: NDArray[np.float64], clean: Floats) -> Verdicts:
        """Look at N samples of the M measured metrics, each in its unit.

        ``raw`` (N, M) are the readings, ``clean`` those that are possible. A spike is looked for within one mode only, as a change
        of mode leaps like one; and power may do in a mode that nobody has described what it likes.
        """
        z, sigma, last, seen = whole.scores()
        samples = whole.samples
        modes = whole.modes
        before_mode = np.r_[-1, modes[:-1]]
        before_mode[samples.starts] = whole.before_mode
        is_working = (modes < 0) | self.running[modes] | (len(self.running) == 1)
        seen_before = seen[samples.group] + np.arange(len(modes)) - samples.starts[samples.group]
        limit = self._limit(samples, raw, clean)
        last = samples.before(clean, ~np.isnan(clean), last)
        free = (modes < 0)[:, None] & self.is_power
        stuck, counted = self._stuck(samples, clean, last, is_working)
        may_judge = (seen_before >= SPIKE_AFTER_READINGS) & (modes == before_mode)
        spikes, far = self._spikes(samples, clean, (z, sigma), last, Judged(may_judge, counted), seen_before)
        stuck, spikes, far = stuck & ~free, spikes & ~free, far & ~free
        gap = self._gaps(whole, seen_before)
        doubted = stuck | far
        believed = np.where(doubted, np.float32(np.nan), clean) if doubted.any() else clean
        return Verdicts(believed, limit, stuck, spikes, gap)

    def _raise(self, whole: Whole, verdicts: Verdicts) -> None:
        """Raise and clear what is said of the data, where it begins and ends."""
        samples = whole.samples
        first = samples.rows[samples.starts]
        known = self.seldom.read("faulty", first)
        if verdicts.is_sound() and not known.any():
            return
        said = verdicts.said()
        self.seldom.write(first, {"faulty": said[samples.ends]})
        before = np.concatenate([said[:1], said[:-1]])
        before[samples.starts] = known
        for sample, column in np.argwhere(said != before).tolist():
            changed = int(said[sample, column] ^ before[sample, column])
            for kind in (kind for kind in (LIMIT, STUCK, SPIKES, GAP) if changed >> kind & 1):
                self._tell(whole, sample, column, kind, is_there=bool(said[sample, column] >> kind & 1))

    def _tell(self, whole: Whole, sample: int, column: int, kind: int, *, is_there: bool) -> None:
        """Raise or clear one kind of fault of one measured metric, or of none."""
        standing, name = self.setting.data_standing, self.faults[kind]
        metric = None if kind == GAP else self.metrics[column].name
        row, now, fault = int(whole.samples.rows[sample]), int(whole.samples.ts[sample]), DataFault(name, metric)
        if not is_there:
            if standing.stands(row, fault):
                whole.findings.append(standing.clear(row, fault, now))
        elif standing.may_rise(row, fault, now):
            evidence = (
                None
                if kind == GAP
                else self._evidence(column, float(whole.raw[sample, self.setting.measured[column]]), now)
            )
            whole.findings.append(standing.rise(row, fault, now, evidence, probability=0.9))

    def _evidence(self, column: int, observed: float, now: int) -> Evidence:
        """A measured metric outside of what it can be."""
        metric = self.metrics[column]
        return Evidence(metric.name, observed, metric.low, metric.high, metric.unit, now, 1.0)

    def _limit(self, samples: Sorted, raw: NDArray[np.float64], clean: Floats) -> Bools:
        """Where metrics have been impossible several times in a row."""
        rows = samples.rows[samples.starts]
        given = ~np.isnan(raw)
        is_bad = given & np.isnan(clean)
        initial = self.own["bad_run"][rows]
        if not is_bad.any() and not initial.any():
            return is_bad
        some = np.flatnonzero(is_bad.any(axis=0) | initial.any(axis=0))
        run = samples.runs(given[:, some], is_bad[:, some], initial[:, some])
        self.own["bad_run"][rows[:, None], some] = np.minimum(run[samples.ends], 250)
        limit: Bools = np.zeros_like(is_bad)
        limit[:, some] = run >= LIMIT_READINGS
        return limit

    def _stuck(self, samples: Sorted, clean: Floats, last: Floats, is_working: Bools) -> tuple[Bools, Counted]:
        """Where metrics repeat one value although they usually change; and what counts as a reading of each.

        What its samples come to is kept of each appliance; what they had come to at each of them is looked at only of the metrics
        of which anything is long the same.
        """
        rows = samples.rows[samples.starts]
        present = ~np.isnan(clean)
        counts = present & is_working[:, None]
        same = (clean == last) & (clean > self.low) & (clean < self.high)
        ended = counts & ~same
        names = ("same_run", "longest_run", "counted", "changed")
        before = {name: self.own[name][rows] for name in names}
        run = samples.runs(counts, same, before["same_run"])
        run_before = np.concatenate([before["same_run"][:1], run[:-1]])
        run_before[samples.starts] = before["same_run"]
        longest = np.where(ended, run_before, 0)
        longest[samples.starts] = np.maximum(longest[samples.starts], before["longest_run"])
        since = {
            name: np.add.reduceat(what, samples.starts, axis=0, dtype=np.int64)
            for name, what in (("counted", counts), ("changed", ended))
        }
        after = {name: np.minimum(before[name] + of, COUNTED_MAX) for name, of in since.items()}
        after |= {"same_run": run[samples.ends], "longest_run": np.maximum.reduceat(longest, samples.starts, axis=0)}
        for name, values in after.items():
            self.own[name][rows] = values
        counted = Counted(samples, counts, before["counted"])
        stuck: Bools = np.zeros_like(present)
        is_long = np.maximum.reduceat(run, samples.starts, axis=0) >= STUCK_RUN_MIN
        some = np.flatnonzero((is_long & (after["changed"] >= STUCK_RUN_MIN) & ~self.is_counted).any(axis=0))
        if len(some):
            lift = samples.group[:, None] * 2 * COUNTED_MAX
            longest = np.maximum.accumulate(longest[:, some] + lift, axis=0) - lift
            changed = samples.running(ended[:, some], before["changed"][:, some])
            run = run[:, some]
            rate = changed / np.maximum(counted.of(some) - run, 1)
            is_stuck = (
                present[:, some] & (run >= STUCK_RUN_MIN) & (changed >= STUCK_RUN_MIN) & (run * rate > STUCK_CHANGES)
            )
            stuck[:, some] = is_stuck & (run > STUCK_LONGER_THAN_BEFORE * longest)
        return stuck, counted

    def _spikes(
        self,
        samples: Sorted,
        clean: Floats,
        scored: tuple[Floats, Floats],
        last: Floats,
        judged: Judged,
        seen: NDArray[np.int64],
    ) -> tuple[Bools, Bools]:
        """Where metrics have spiked again and again, and which readings are far for once.

        Looked at are only the appliances and metrics of which a reading is beyond, or that had spiked before.
        """
        rows = samples.rows[samples.starts]
        beyond = np.abs(scored[0]) > SPIKE_SIGMA
        spikes, far = np.zeros_like(beyond), np.zeros_like(beyond)
        is_open = self.seldom.read("spike_pending", rows) | (self.seldom.read("spike_count", rows) >= SPIKES_PER_DAY)
        some = np.flatnonzero(beyond.any(axis=0) | is_open.any(axis=0))
        if not len(some):
            return spikes, far
        groups = is_open.any(axis=1) | np.logical_or.reduceat(beyond.any(axis=1), samples.starts)
        at, part = samples.part(groups)
        here, rows = np.ix_(at, some), rows[groups]
        pending = self.seldom.read("spike_pending", rows)
        is_there, is_beyond = ~np.isnan(clean[here]), beyond[here]
        may_judge = judged.may_judge[at, None] & (judged.counted.of(some)[at] > SPIKE_AFTER_READINGS)
        is_far = is_beyond & (np.abs(clean[here] - last[here]) > SPIKE_SIGMA * scored[1][here]) & may_judge
        was_far = part.before(is_far, is_there, pending[:, some])
        returned = was_far & is_there & ~is_beyond & may_judge
        pending[:, some] = np.where(is_there[part.ends], is_far[part.ends], was_far[part.ends])
        self.seldom.write(rows, {"spike_pending": pending})
        far[here] = is_far
        noted = self._count(part, "spike", returned, seen[at], within_s=DAY_S, least=SPIKES_PER_DAY, columns=some)
        if noted is not None:
            count, since, first = noted
            is_often = (count >= SPIKES_PER_DAY) & (count >= SPIKE_SHARE * (seen[at, None] + 1 - first))
            spikes[here] = is_often & ((part.ts // 1000)[:, None] - since < 2 * DAY_S)
        return spikes, far

    def _gaps(self, whole: Whole, seen: NDArray[np.int64]) -> Bools:
        """Where an appliance has been silent for a day again and again, unlike its rule: (N,)."""
        samples = whole.samples
        before = np.r_[0, samples.ts[:-1]]
        before[samples.starts] = whole.before_ts
        is_gap = (before > 0) & (samples.ts - before > GAP_MS)
        counts = self.seldom.read("gap_count", samples.rows[samples.starts])
        if self.setting.profile.unit is not Unit.DAY or not (is_gap.any() or counts.any()):
            return np.zeros_like(is_gap)
        happened, first_of_all = is_gap[:, None], np.arange(1)
        noted = self._count(samples, "gap", happened, seen, within_s=GAPS_WITHIN_S, least=GAPS, columns=first_of_all)
        if noted is None:
            return np.zeros_like(is_gap)
        count, since, first = (of[:, 0] for of in noted)
        is_often = (count >= GAPS) & (count <= GAP_SHARE_MAX * (seen + 1 - first))
        often: Bools = is_often & (samples.ts // 1000 - since < GAPS_STAND_S)
        return often

    def _count(
        self,
        samples: Sorted,
        of: str,
        happened: Bools,
        seen: NDArray[np.int64],
        *,
        within_s: int,
        least: int,
        columns: NDArray[np.intp],
    ) -> list[NDArray[np.int64]] | None:
        """Note what ``happened`` (N, K) in some ``columns`` (K,): how often up to each sample, since when (s) and since which sample.

        What happens later than ``within_s`` after the first begins anew. None if it was nowhere as often as ``least``.
        """
        rows, names = samples.rows[samples.starts], (f"{of}_count", f"{of}_since_s", f"{of}_since_sample")
        number, since, since_sample = names
        before = [self.seldom.read(name, rows)[:, columns].astype(np.int64) for name in names]
        noted = [np.zeros(happened.shape, np.int64) for _ in names]
        for sample, metric in np.argwhere(happened).tolist():
            own, at = self.seldom.own, (self.seldom.one(int(samples.rows[sample])), int(columns[metric]))
            now_s = int(samples.ts[sample]) // 1000
            if now_s - int(own[since][at]) > within_s:
                own[since][at], own[number][at] = now_s, 1
                own[since_sample][at] = seen[sample]
            elif own[number][at] < COUNT_MAX:
                own[number][at] += 1
            for name, column in zip(names, noted, strict=True):
                column[sample, metric] = own[name][at]
        if before[0].max(initial=0) < least and noted[0].max(initial=0) < least:
            return None
        return samples.latest(noted, happened, before)
