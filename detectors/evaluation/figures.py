"""Figures: how many faults were warned of, how early, under which name, and how often for nothing.

Slow faults and abrupt ones are counted apart. Recall is the share of faults warned of before they failed (or the readings
ended); ``ahead_7d`` counts slow faults that failed and were warned of seven days before. Names are judged among the faults
warned of. False alarms are counted per year of sound appliances. Each figure has its 95 % interval, and beside it stands
what chance would have reached: as many findings, as long, at random times of random appliances, all with the most frequent
name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from statistics import median
from typing import Any

from detectors.evaluation import intervals
from detectors.evaluation.matching import Matched, Told, match
from detectors.evaluation.raised import Raised, read_raised
from detectors.evaluation.stated import Stated, Window, read_windows, stated
from detectors.evaluation.truth import DAY_MS, Truth, read_truth
from detectors.layering.windows import COVERAGE
from ingest.profiles import load_profiles

YEAR_MS = 365 * DAY_MS
AHEAD_MS = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class Slice:
    """What one row is about: a kind and a fault mode, None for all of them."""

    kind: str | None = None
    fault_mode: str | None = None

    def holds(self, kind: str, fault_mode: str | None = None) -> bool:
        """Whether something of this kind and mode belongs here."""
        return self.kind in {None, kind} and (fault_mode is None or self.fault_mode in {None, fault_mode})


@dataclass(frozen=True, slots=True)
class Counted:
    """Faults of one sort of onset: how many, how many warned of, and of those that failed, how many seven days before."""

    n: int
    raised: int
    failed: int
    ahead_7d: int
    median_lead_d: float | None
    expected: float
    """How many chance would have warned of."""
    expected_ahead: float


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one slice."""

    about: Slice
    slow: Counted
    abrupt: Counted
    top1: int
    top3: int
    commonest: int
    """How many of the faults warned of have the most frequent mode."""
    findings: int
    false: int
    healthy_years: float
    sensors: int
    right_metric: int
    data_findings: int
    data_false: int
    sound_sensor_years: float
    tickets: int
    stated: Stated

    @property
    def raised(self) -> int:
        """The faults warned of."""
        return self.slow.raised + self.abrupt.raised

    @property
    def false_per_year(self) -> float | None:
        """False alarms per year of a sound appliance."""
        return self.false / self.healthy_years if self.healthy_years > 0 else None

    def as_json(self) -> dict[str, Any]:
        """The figures under their names; intervals are [low, high] at 95 %, and null where nothing was counted."""
        slow, abrupt = self.slow, self.abrupt
        return {
            "slow": {
                "n": slow.n, "raised": slow.raised, "failed": slow.failed, "ahead_7d": slow.ahead_7d,
                "median_lead_d": _rounded(slow.median_lead_d),
                "recall": _ratio(slow.raised, slow.n), "recall_ci": _interval(slow.raised, slow.n),
                "ahead_7d_share": _ratio(slow.ahead_7d, slow.failed),
                "ahead_7d_ci": _interval(slow.ahead_7d, slow.failed),
            },
            "abrupt": {
                "n": abrupt.n, "raised": abrupt.raised,
                "recall": _ratio(abrupt.raised, abrupt.n), "recall_ci": _interval(abrupt.raised, abrupt.n),
            },
            "top1": _ratio(self.top1, self.raised), "top1_ci": _interval(self.top1, self.raised),
            "top3": _ratio(self.top3, self.raised), "top3_ci": _interval(self.top3, self.raised),
            "findings": self.findings, "false": self.false,
            "false_per_year": _rounded(self.false_per_year),
            "false_per_year_ci": _ends(intervals.of_rate(self.false, self.healthy_years)),
            "precision": _ratio(self.findings - self.false, self.findings),
            "healthy_years": _rounded(self.healthy_years),
            "data_findings": self.data_findings, "data_false": self.data_false,
            "data_false_per_year": _ratio(self.data_false, self.sound_sensor_years),
            "data_false_per_year_ci": _ends(intervals.of_rate(self.data_false, self.sound_sensor_years)),
            "sensor": {
                "n": self.sensors, "right_metric": self.right_metric,
                "share": _ratio(self.right_metric, self.sensors),
                "share_ci": _interval(self.right_metric, self.sensors),
            },
            "tickets_per_fault": _ratio(self.tickets, self.raised),
            "windows": {
                "n": self.stated.faults, "coverage": _rounded(self.stated.coverage), "stated": COVERAGE,
                "coverage_ci": _interval(round(self.stated.covered), self.stated.faults),
                "unfailed": self.stated.unfailed, "passed": self.stated.passed,
                "told": self.stated.windows, "median_width_d": _rounded(self.stated.width_d),
            },
            "no_skill": {
                "slow_recall": _ratio(slow.expected, slow.n),
                "slow_ahead_7d": _ratio(slow.expected_ahead, slow.failed),
                "abrupt_recall": _ratio(abrupt.expected, abrupt.n),
                "top1": _ratio(self.commonest, self.raised),
            },
        }  # fmt: skip


def evaluate(fleet: Path, findings_file: Path) -> list[Row]:
    """The figures over all, then of each kind, followed by those of its fault modes."""
    return figures(read_truth(fleet), read_raised(findings_file, load_profiles()), read_windows(findings_file))


def figures(truth: Truth, raised: Sequence[Raised], windows: Sequence[Window] = ()) -> list[Row]:
    """The same, of values."""
    matched = match(truth, raised)
    slices = [Slice()]
    for kind in sorted(set(truth.kinds.values())):
        slices.append(Slice(kind))
        true = {told.fault.fault_mode for told in matched.told if told.fault.kind == kind}
        said = {one.fault_mode for one in matched.findings if one.kind == kind}
        slices += [Slice(kind, mode) for mode in sorted(true | said)]
    return [_row(about, truth, (raised, windows), matched) for about in slices]


def as_json(rows: Sequence[Row]) -> dict[str, Any]:
    """All figures as one object: ``all``, ``kinds`` by name, ``modes`` by kind/mode."""
    modes = {f"{row.about.kind}/{row.about.fault_mode}": row.as_json() for row in rows if row.about.fault_mode}
    kinds = {str(row.about.kind): row.as_json() for row in rows if row.about.kind and not row.about.fault_mode}
    return {"all": rows[0].as_json(), "kinds": kinds, "modes": modes}


def _row(about: Slice, truth: Truth, heard: tuple[Sequence[Raised], Sequence[Window]], matched: Matched) -> Row:
    """Count one slice of what was ``heard``: what was raised, and the windows that were told."""
    raised, windows = heard
    told = [one for one in matched.told if about.holds(one.fault.kind, one.fault.fault_mode)]
    said = [one for one in matched.findings if about.holds(one.kind, one.fault_mode)]
    data = [] if about.fault_mode else [one for one in raised if one.is_data_fault and about.holds(one.kind)]
    sensors = [] if about.fault_mode else [one for one in truth.sensor_faults if about.holds(one.kind)]
    caught = [one for one in told if one.warnings]
    years = _years(about, truth, [(f.appliance_id, f.onset_ms, f.over_ms) for f in truth.faults])
    sensor_years = _years(about, truth, [(f.appliance_id, f.start_ms, f.end_ms) for f in truth.sensor_faults])
    chance = _chance(matched.findings, about, truth)
    return Row(
        about,
        _counted([one for one in told if not one.fault.is_abrupt], chance),
        _counted([one for one in told if one.fault.is_abrupt], chance),
        top1=sum(one.is_named_within(1) for one in caught),
        top3=sum(one.is_named_within(3) for one in caught),
        commonest=max(Counter(one.fault.fault_mode for one in caught).values(), default=0),
        findings=len(said),
        false=sum(about.holds(one.kind, one.fault_mode) for one in matched.false),
        healthy_years=years,
        sensors=len(sensors),
        right_metric=sum(fault in matched.right_sensors for fault in sensors),
        data_findings=len(data),
        data_false=sum(one in matched.false_data for one in data),
        sound_sensor_years=sensor_years,
        tickets=sum(one.tickets for one in caught),
        stated=stated(told, windows),
    )


def _counted(told: Sequence[Told], chance: Callable[[float], float]) -> Counted:
    """Count faults of one sort of onset."""
    failed = [(one, one.fault.failure_ms) for one in told if one.fault.failure_ms is not None]
    leads = [(failure - one.first_ms) for one, failure in failed if one.first_ms is not None]
    windows = [one.fault.last_ms - one.fault.onset_ms for one in told]
    early = [failure - one.fault.onset_ms - AHEAD_MS for one, failure in failed]
    return Counted(
        len(told),
        sum(bool(one.warnings) for one in told),
        len(failed),
        sum(lead >= AHEAD_MS for lead in leads),
        median(leads) / DAY_MS if leads else None,
        sum(map(chance, windows)),
        sum(chance(window) for window in early if window >= 0),
    )


def _chance(said: Iterable[Raised], about: Slice, truth: Truth) -> Callable[[float], float]:
    """The probability that at least one finding at random would stand in a time of so many ms."""
    mine = [one for one in said if about.holds(one.kind)]
    spans = [span for appliance_id, span in truth.spans.items() if about.holds(truth.kinds.get(appliance_id, ""))]
    watched = sum(last - first for first, last in spans)
    if not mine or not watched:
        return lambda _: 0.0
    ends = {one.appliance_id: truth.spans.get(one.appliance_id, (0, one.raised_ms))[1] for one in mine}
    stood = sum((ends[one.appliance_id] if one.cleared_ms is None else one.cleared_ms) - one.raised_ms for one in mine)
    return lambda window_ms: 1 - exp(-(len(mine) * window_ms + max(stood, 0)) / watched)


def _years(about: Slice, truth: Truth, taken: Iterable[tuple[str, int, int]]) -> float:
    """Appliance-years of the kind, without the times that are ``taken`` (appliance, from, to)."""
    out: dict[str, list[tuple[int, int]]] = {}
    for appliance_id, start, end in taken:
        out.setdefault(appliance_id, []).append((start, end))
    total = 0
    for appliance_id, (first, last) in truth.spans.items():
        if about.holds(truth.kinds.get(appliance_id, "")):
            at = first
            for start, end in sorted(out.get(appliance_id, [])):
                total += max(0, min(start, last) - at)
                at = max(at, end)
            total += max(0, last - at)
    return total / YEAR_MS


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _ratio(part: float, whole: float) -> float | None:
    return _rounded(part / whole) if whole else None


def _ends(interval: intervals.Interval | None) -> list[float] | None:
    return None if interval is None else [round(end, 4) for end in interval]


def _interval(hits: int, n: int) -> list[float] | None:
    return _ends(intervals.of_share(hits, n))
