"""L8, told again: a finding that stands says what has become of it, and when it will have failed, where that can be seen.

By steps, lest it tremble: when its severity has moved by :data:`SEVERITY_STEP`, up or down, or when the failure window
comes, moves by a share of its distance, or goes. Severity is that of the newest unit (diagnosis.py); the window follows from
how it grew (windows.py). No window is given at the raise: a single unit shows no growth. One that was given is kept while
growth is seen less surely, or has come to where it can't be seen, and is withdrawn when growth ends or the window has passed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Finding, FindingChannel
from detectors.layering import windows
from detectors.layering.fits import GENERAL, Moment
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Piece
from detectors.layering.wording import PROBABILITY_MAX, Judged, worded
from detectors.state.columns import Axis, Column

SEVERITY_STEP = 0.1
WINDOW_STEP = 0.2
"""Of the distance of the window's far end: an edge that moves by less is no news."""
MINUTE_MS = 60_000
ROWS_MAX = 250
RISES_SIGMA_MAX = 50.0

Numbers = NDArray[np.int64]


class Retelling(Layer):
    """Tells again what stands by evidence under a fault mode's name."""

    name: ClassVar[str] = "retelling"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        signed = np.array([setting.standing.number[name] for name in setting.signed], np.intp)
        self.ways = {mode: np.flatnonzero(signed == mode) for mode in np.unique(signed).tolist()}
        """The signatures of each mode, by their numbers."""
        modes = setting.profile.fault_modes
        self.usual_days = {
            setting.standing.number[name]: windows.usual_days(modes[name].time_scale_days) for name in modes
        }

    def columns(self) -> tuple[Column, ...]:
        """How severity grew since the raise, that told last in hundredths, how many rows, the window told last in minutes since 1970."""
        return (
            Column("growth", "f4", (Axis("sum", windows.SUMS),), is_seldom=True),
            Column("severity", "u1", is_seldom=True),
            Column("rows", "u1", is_seldom=True),
            Column("window", "u4", (Axis("edge", ("from", "to")),), is_seldom=True),
        )

    def take(self, piece: Piece) -> None:
        """Follow what stands; what was raised here begins."""
        if piece.starts_over:
            self.forget(piece.row)
        deviations, told, diagnosis = piece.deviations, piece.accumulated, piece.diagnosis
        if deviations is None or told is None or diagnosis is None:
            return
        rows, standing = deviations.units.rows, self.setting.standing
        stands = standing.are_by(rows, FindingChannel.EVIDENCE)
        raised = piece.findings[piece.findings_before :]
        new = {
            (one.appliance_id, one.fault_mode)
            for one in raised
            if one.is_new and one.channel is FindingChannel.EVIDENCE
        }
        for at, mode in np.argwhere(stands).tolist():
            if mode not in self.ways:
                continue
            row, now_ms = int(rows[at]), int(deviations.units.closed_ms[at])
            one = Judged(row, now_ms, at, deviations, told, diagnosis)
            is_new = (self.setting.ids[row], standing.modes[mode]) in new
            if is_new:
                self._begin(one, mode)
            else:
                piece.findings += self._follow(one, mode)
            piece.moments.append(self._moment(one, mode, is_new=is_new))

    def _begin(self, one: Judged, mode: int) -> None:
        """Forget what stood before."""
        place = self.seldom.one(one.row)
        self.seldom.forget(one.row)
        severity = self._severity(one, mode)
        self.seldom.own["severity"][place] = _hundredths(severity)
        self.seldom.own["growth"][place] = windows.grown(self.seldom.own["growth"][place], 0.0, severity)
        self.seldom.own["rows"][place] = 1

    def _follow(self, one: Judged, mode: int) -> list[Finding]:
        """What is to be told again of one appliance, if anything is."""
        own, place = self.seldom.own, self.seldom.one(one.row)
        raised_ms, severity = self.setting.standing.raised_ms(one.row, mode), self._severity(one, mode)
        growth = windows.grown(own["growth"][place], (one.now_ms - raised_ms) / windows.DAY_MS, severity)
        own["growth"][place], own["rows"][place] = growth, min(int(own["rows"][place]) + 1, ROWS_MAX)
        before: Numbers = own["window"][place].astype(np.int64) * MINUTE_MS
        way = self._way(one, mode)
        began_ms = _began_ms(one, way, raised_ms)
        days = self.usual_days[mode]
        ahead = windows.days_left(growth, severity, rows=int(own["rows"][place]), usual_days=days)
        window = _window(one.now_ms, before, ahead, goes_on=windows.goes_on(growth, severity))
        moved = abs(_hundredths(severity) - int(own["severity"][place])) >= round(100 * SEVERITY_STEP)
        if not moved and not _has_moved(before, window, now_ms=one.now_ms):
            return []
        own["severity"][place], own["window"][place] = _hundredths(severity), window // MINUTE_MS
        said = worded(self.setting, one, mode, way, self._probability(one, mode))
        edges = (*(window // MINUTE_MS * MINUTE_MS).tolist(), windows.COVERAGE) if window[1] else None
        return [replace(said, raised_ms=raised_ms, told_ms=one.now_ms, onset_ms=began_ms, failure_window_ms=edges)]

    def _moment(self, one: Judged, mode: int, *, is_new: bool) -> Moment:
        """What is known now of what stands, as ``fettle train`` and what it has learned look at it."""
        own, place, way = self.seldom.own, self.seldom.one(one.row), self._way(one, mode)
        raised_ms = self.setting.standing.raised_ms(one.row, mode)
        severity, power = self._severity(one, mode), float(one.diagnosis.power[one.at, way])
        probability = self._probability(one, mode)
        rises, surely = windows.slope(own["growth"][place])
        name = self.setting.standing.modes[mode]
        general = {
            "score": np.log1p(one.score),
            "posterior": probability,
            "unknown": float(one.diagnosis.posterior[one.at, -1]),
            "severity": severity,
            "strength": severity * np.sqrt(power),
            "power": np.log(max(power, 1e-6)),
            "rises_per_day": rises,
            "rises_sigma": min(max(surely, -RISES_SIGMA_MAX), RISES_SIGMA_MAX),
            "rows": float(own["rows"][place]),
            "days": (one.now_ms - _began_ms(one, way, raised_ms)) / windows.DAY_MS,
            "usual_days": np.log(self.usual_days[mode]),
            "days_at_this_rate": np.log(windows.days_at_rate(severity, rises)),
            "rows_before": np.log1p(float(one.deviations.rows_before[one.at])),
            "hazard": np.log(max(self.setting.profile.fault_modes[name].hazard_per_year, 1e-6)),
        }
        smooth = np.where(one.told.known[one.at], one.smooth, np.nan)
        inputs = np.concatenate([[general[key] for key in GENERAL], smooth])
        return Moment(one.row, self.setting.ids[one.row], name, raised_ms, one.now_ms, is_new, probability, inputs)

    def _probability(self, one: Judged, mode: int) -> float:
        """How probable the mode is by evidence, whichever of its signatures shows."""
        return min(PROBABILITY_MAX, float(one.diagnosis.posterior[one.at, self.ways[mode]].sum()))

    def _way(self, one: Judged, mode: int) -> int:
        """The signature of a mode that says most."""
        ways = self.ways[mode]
        return int(ways[np.argmax(one.diagnosis.severity[one.at, ways])])

    def _severity(self, one: Judged, mode: int) -> float:
        """The severity of a mode now."""
        return float(one.diagnosis.severity[one.at, self.ways[mode]].max())


def _window(now_ms: int, before: Numbers, ahead: tuple[float, float] | None, *, goes_on: bool) -> Numbers:
    """The failure window (from, to), in ms; (0, 0) for none. ``ahead`` are days from now.

    The one told before is kept while growth goes on, until it has passed.
    """
    if ahead is not None:
        return now_ms + np.array([round(edge * windows.DAY_MS) for edge in ahead], np.int64)
    return before if goes_on and before[1] > now_ms else np.zeros(2, np.int64)


def _hundredths(severity: float) -> int:
    return round(100 * severity)


def _has_moved(before: Numbers, window: Numbers, *, now_ms: int) -> bool:
    """Whether a window is news beside the one told before."""
    if bool(before[1]) != bool(window[1]):
        return True
    step_ms = WINDOW_STEP * max(int(before[1]) - now_ms, windows.DAY_MS)
    return bool((np.abs(window - before) >= step_ms).any()) and bool(window[1])


def _began_ms(one: Judged, way: int, raised_ms: int) -> int:
    """When it began to show, by the signature that says most; never behind the raise."""
    return min(int(one.told.onset_mode[one.at, way]) * MINUTE_MS or raised_ms, raised_ms)
