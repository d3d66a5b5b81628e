"""L9, predictions: from what deviations have come to, to findings that are raised, kept and cleared.

A fault mode that is certain enough and strong enough is raised under its name. An alarm whose cause stays unclear is
raised as ``unknown`` after :data:`DOUBTFUL_ROWS` rows, or, where one sensor alone carries it in a way that no fault mode
knows, as a fault of the data. Once the cause of what stands as ``unknown`` is clear, its finding takes that one's place.
Nothing is raised while the appliance's group waits (inhibition.py). What stands is cleared after :data:`CALM_ROWS` calm rows,
and when the appliance is another one. Raised findings are the
exception and are worded one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Cleared, Finding, FindingChannel
from detectors.layering.data_standing import DataFault
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Piece
from detectors.layering.shares import contributions
from detectors.layering.wording import PROBABILITY_MAX, Judged, shown, strength, worded
from detectors.state.columns import Column
from ingest.profiles.definition import MetricKind, Unit

SENSOR_DRIFT = "sensor_drift"
LONE_SHARE = 0.85
"""An unexplained deviation of which one feature carries this much speaks for that feature's sensor, if no fault moves it so."""
SIGN_SHARE = 0.02
"""A feature with at least this share of a signature's squared length is a sign of that fault mode."""
CERTAIN = 0.6
"""A mode less probable than this is not named."""
DOUBTFUL_ROWS = {Unit.DAY: 3, Unit.CYCLE: 2, Unit.NONE: 3}
"""Three cycles may be a week."""
MODE_SCORE_MIN = 0.6
CALM_ROWS = 3
CALM_SCORE = 0.6
COUNT_MAX = 250

Floats = NDArray[np.float64]


class Predictions(Layer):
    """Raises, keeps and clears findings by evidence."""

    name: ClassVar[str] = "predictions"
    data_faults: ClassVar[Mapping[str, Mapping[str, str]]] = {
        SENSOR_DRIFT: {"en": "A sensor drifts", "zh": "传感器漂移"},
    }

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        standing = setting.standing
        self.mode_number = [standing.number[name] for name in setting.signed]
        self.alike = np.array([[one == other for other in setting.signed] for one in setting.signed], bool)
        self.unknown = standing.unknown
        self.doubtful_rows = DOUBTFUL_ROWS[setting.profile.unit]
        squared = np.square(setting.signatures)
        signs = squared >= SIGN_SHARE * np.maximum(squared.sum(axis=1, keepdims=True), 1e-9)
        self.sign = tuple((signs & (side * setting.signatures > 0)).any(axis=0) for side in (-1, 1))

    def columns(self) -> tuple[Column, ...]:
        """How many rows in a row were calm, and how many alarms had no clear cause."""
        return Column("calm_rows", "u1"), Column("doubtful_rows", "u1")

    def take(self, piece: Piece) -> None:
        """Look at units that are an alarm, and at appliances of which something stands."""
        if piece.starts_over:
            piece.findings += self._start_over(piece.row, piece.event.ts_ms if piece.event else 0)
        deviations, told, diagnosis = piece.deviations, piece.accumulated, piece.diagnosis
        if deviations is None or told is None or diagnosis is None:
            return
        rows = deviations.units.rows
        standing = self.setting.standing
        stands = standing.are_by(rows, FindingChannel.EVIDENCE).any(axis=1)
        stands |= self.setting.data_standing.any_of(rows, SENSOR_DRIFT)
        if piece.is_plugged is not None and piece.units is not None:
            stands &= ~piece.is_plugged[piece.units.is_usable]
        for at in np.flatnonzero((told.score >= 1) | stands).tolist():
            now_ms = int(deviations.units.closed_ms[at])
            self._judge(Judged(int(rows[at]), now_ms, at, deviations, told, diagnosis), piece)
        is_sure = told.score < 1 if piece.waits is None else (told.score < 1) | piece.waits
        self.own["doubtful_rows"][rows[is_sure]] = 0

    def _start_over(self, row: int, now_ms: int) -> list[Finding]:
        """End whatever stood of the appliance: it is another one now."""
        standing, faults = self.setting.standing, self.setting.data_standing
        self.forget(row)
        over = [mode for mode in range(len(standing.modes)) if standing.stands(row, mode)]
        ends = [standing.clear(row, mode, now_ms, Cleared.STARTED_OVER) for mode in over]
        return ends + [faults.clear(row, fault, now_ms, Cleared.STARTED_OVER) for fault in faults.of(row, SENSOR_DRIFT)]

    def _judge(self, one: Judged, piece: Piece) -> None:
        """Raise, keep or clear the finding by evidence of one appliance."""
        standing, row, findings = self.setting.standing, one.row, piece.findings
        mine, faults = standing.by(row, FindingChannel.EVIDENCE), self.setting.data_standing
        drifts = faults.of(row, SENSOR_DRIFT)
        waits = piece.waits is not None and bool(piece.waits[one.at])
        number, probability = self._cause(one) if one.score >= 1 and not waits else (None, 0.0)
        is_named = number is not None and number >= 0
        if (mine or drifts) and not (is_named and set(mine) <= {self.unknown}):
            calm = int(self.own["calm_rows"][row]) + 1 if one.score < CALM_SCORE else 0
            self.own["calm_rows"][row] = calm
            if calm >= CALM_ROWS:
                self.own["calm_rows"][row] = 0
                findings += [standing.clear(row, mode, one.now_ms) for mode in mine]
                findings += [faults.clear(row, fault, one.now_ms) for fault in drifts]
            return
        if number is None:
            return
        mode = self.unknown if number < 0 else self.mode_number[number]
        if any(standing.stands(row, other) for other in (mode, *self.mode_number)):
            return
        if piece.bars is not None and strength(self.setting, piece, one.at, mode) < piece.bars[mode]:
            return
        if number < 0 and (sensor := self._lone_sensor(one)) is not None:
            self._suspect_sensor(one, sensor, findings)
        elif standing.may_rise(row, mode, FindingChannel.EVIDENCE, one.now_ms):
            findings += [standing.clear(row, other, one.now_ms, Cleared.NAMED) for other in mine]
            findings += [faults.clear(row, fault, one.now_ms, Cleared.NAMED) for fault in drifts]
            findings.append(standing.rise(row, worded(self.setting, one, mode, number, probability)))

    def _cause(self, one: Judged) -> tuple[int | None, float]:
        """Which signed mode (-1: unknown) explains an alarm, with its probability; None while it is too early to say."""
        posterior, modes = one.diagnosis.posterior[one.at], one.told.mode_scores[one.at]
        top = int(np.argmax(posterior))
        if top < len(self.mode_number):
            probability = float(posterior[:-1][self.alike[top]].sum())
            if probability >= CERTAIN and modes[self.alike[top]].max() >= MODE_SCORE_MIN:
                return top, min(PROBABILITY_MAX, probability)
        doubtful = min(COUNT_MAX, int(self.own["doubtful_rows"][one.row]) + 1)
        self.own["doubtful_rows"][one.row] = doubtful
        if doubtful < self.doubtful_rows:
            return None, 0.0
        return -1, min(PROBABILITY_MAX, max(0.3, float(posterior[-1])))

    def _lone_sensor(self, one: Judged) -> int | None:
        """The feature that alone carries a deviation, if it is measured by a sensor and no fault moves it this way."""
        shares = contributions(one.smooth, None, one.told.correlation)
        top = int(np.argmax(shares))
        profile = self.setting.profile
        metric = profile.features[top].metric
        is_sensor = metric is not None and profile.metrics[metric].kind is MetricKind.MEASUREMENT
        is_sign = self.sign[int(one.smooth[top] > 0)][top]
        return top if shares[top] >= LONE_SHARE and is_sensor and not is_sign else None

    def _suspect_sensor(self, one: Judged, feature: int, findings: list[Finding]) -> None:
        """Raise a data fault: one sensor moves and its partners do not."""
        faults, fault = (
            self.setting.data_standing,
            DataFault(SENSOR_DRIFT, self.setting.profile.features[feature].metric),
        )
        if not faults.may_rise(one.row, fault, one.now_ms):
            return
        since = int(one.told.onset_single[one.at, feature]) * 60_000 or one.now_ms
        evidence = shown(self.setting, one, feature, share=1.0, since_ms=since)
        findings.append(faults.rise(one.row, fault, one.now_ms, evidence, probability=0.7))
