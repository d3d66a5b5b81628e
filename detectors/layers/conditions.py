"""L7, conditions: what is said of each appliance now, with the reason, and the health of its components.

It is said at the end of each day or cycle, and at once where a finding is raised or ends between two of them, as those by a
limit or an error code are; of the health nothing new is known then.
Health is 1 as new and 0 failed: one less the worst severity of the component's modes, of which what chance alone would
show is taken off. How probably the appliance fails within thirty days is what the released fit says of what stands by evidence, and
the share that it learned where nothing stands; nothing is said of a young appliance, and where limits or codes alone speak.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Condition, ConditionState, Finding
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Piece
from detectors.layering.smoothing import SMOOTH_SIGMA
from detectors.reasons import Reason, ReasonCode, of_faults, of_feature, reason
from detectors.state.columns import Axis, Column
from ingest.profiles.definition import Unit

WATCH_SCORE = 0.6
HEALTH_STEP = 0.1
FAILING_STEP = 0.02
ROWS_MAX = 60_000
CONDITIONS = tuple(ConditionState)

Floats = NDArray[np.float64]


class Conditions(Layer):
    """The conditions of one kind's appliances."""

    name: ClassVar[str] = "conditions"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        profile = setting.profile
        self.components = tuple(dict.fromkeys(profile.fault_modes[name].component for name in setting.signed))
        self.span_word = "day" if profile.unit is Unit.DAY else "cycle"

    def columns(self) -> tuple[Column, ...]:
        """What was said last: 1 + the condition's number, and 1 + the steps of wear and of the probability of a failure."""
        codes = Axis("condition", ("nothing", *CONDITIONS))
        return Column("condition", "u1", codes=codes), Column("health", "u1"), Column("failing", "u1")

    def take(self, piece: Piece) -> None:
        """Say the conditions that changed since they were last said, and those that name a day of learning."""
        self._judge(piece)
        if len(piece.findings) > piece.findings_before:
            judged = set() if piece.deviations is None else {self.setting.ids[at] for at in piece.deviations.units.rows}
            self._follow(
                [one for one in piece.findings[piece.findings_before :] if one.appliance_id not in judged], piece
            )

    def _judge(self, piece: Piece) -> None:
        """Say what the units that end here have come to.

        The first that holds is said: what can't be said, what stands, what is still learned, what comes near. From a severity goes
        what noise alone would make of it, so that chance wears nothing down.
        """
        deviations, told, diagnosis = piece.deviations, piece.accumulated, piece.diagnosis
        if deviations is None or told is None or diagnosis is None:
            return
        rows = deviations.units.rows
        learned = np.minimum(deviations.rows_before + 1, ROWS_MAX)
        is_learning = learned < deviations.learn_rows
        said = np.select(
            [~np.isfinite(deviations.units.features).any(axis=1), self.setting.standing.of_appliance(rows).any(axis=1),
             is_learning, told.score >= WATCH_SCORE],
            [_code(ConditionState.CANNOT_SAY), _code(ConditionState.ALERT), _code(ConditionState.LEARNING),
             _code(ConditionState.WATCH)],
            _code(ConditionState.OK),
        )  # fmt: skip
        noise = 2 * SMOOTH_SIGMA / np.sqrt(np.maximum(diagnosis.power, 1e-9))
        worn = np.where(is_learning[:, None], 0.0, np.clip(diagnosis.severity - noise, 0.0, 1.0))
        health = np.round(worn.max(axis=1, initial=0.0) / HEALTH_STEP).astype(np.uint8) + 1
        fails = self._failing(rows, piece, np.where(is_learning, _code(ConditionState.LEARNING), said))
        steps = np.where(np.isnan(fails), 0, np.round(np.nan_to_num(fails) / FAILING_STEP) + 1).astype(np.uint8)
        changed = (said + 1 != self.own["condition"][rows]) | (health != self.own["health"][rows]) | is_learning
        changed |= steps != self.own["failing"][rows]
        self.own["condition"][rows] = said + 1
        self.own["health"][rows], self.own["failing"][rows] = health, steps
        piece.conditions += [
            Condition(
                self.setting.ids[int(rows[at])],
                self.setting.profile.kind,
                CONDITIONS[int(said[at])],
                self._reason(
                    int(rows[at]), CONDITIONS[int(said[at])], deviations.learn_rows, int(learned[at]), told.smooth[at]
                ),
                as_of_ms=int(deviations.units.closed_ms[at]),
                health=self._health(worn[at]),
                failing_30d=None if np.isnan(fails[at]) else round(float(fails[at]), 3),
            )
            for at in np.flatnonzero(changed).tolist()
        ]

    def _failing(self, rows: NDArray[np.intp], piece: Piece, said: NDArray[Any]) -> Floats:
        """(B,): how probably each fails within thirty days, NaN where nothing learned says it."""
        fit = self.setting.fits.released
        if fit is None or fit.failing is None:
            return np.full(len(rows), np.nan)
        quiet = {_code(ConditionState.OK): fit.quiet_30d, _code(ConditionState.WATCH): fit.quiet_30d}
        told = [
            piece.failing.get(row, quiet.get(code, np.nan))
            for row, code in zip(rows.tolist(), said.tolist(), strict=True)
        ]
        return np.array(told)

    def _follow(self, findings: list[Finding], piece: Piece) -> None:
        """Say at once what findings change, whose appliances end no unit here."""
        if not findings:
            return
        row_of = {self.setting.ids[row]: row for row in piece.rows.tolist()}
        for finding in {one.appliance_id: one for one in findings if not one.is_data_fault}.values():
            row = row_of[finding.appliance_id]
            if self.setting.standing.of_appliance(rows=np.array([row])).any():
                said, why = ConditionState.ALERT, self._standing(row)
            else:
                before = CONDITIONS[max(int(self.own["condition"][row]) - 1, 0)] if self.own["condition"][row] else None
                said = ConditionState.LEARNING if before in (None, ConditionState.ALERT) else before
                why = reason(ReasonCode.ENDED, span=self.span_word)
                self.own["failing"][row] = 0
            at_ms = finding.raised_ms if finding.cleared_ms is None else finding.cleared_ms
            piece.conditions.append(Condition(finding.appliance_id, finding.kind, said, why, as_of_ms=at_ms))

    def _standing(self, row: int) -> Reason:
        """What stands of an appliance."""
        standing = self.setting.standing
        names = [standing.modes[mode] for mode in range(standing.unknown + 1) if standing.stands(row, mode)]
        return of_faults(names, self.setting.profile)

    def _health(self, worn: Floats) -> dict[str, float]:
        """Health index per component: 1 as new, 0 failed."""
        health = dict.fromkeys(self.components, 1.0)
        for name, wear in zip(self.setting.signed, worn.tolist(), strict=True):
            component = self.setting.profile.fault_modes[name].component
            health[component] = round(min(health[component], 1.0 - wear), 2)
        return health

    def _reason(self, row: int, said: ConditionState, learn_rows: int, learned: int, smooth: Floats) -> Reason:
        """Why it is said."""
        if said is ConditionState.LEARNING:
            return reason(ReasonCode.LEARNING, span=self.span_word, done=learned, of=learn_rows)
        if said is ConditionState.CANNOT_SAY:
            return reason(ReasonCode.SILENT, span=self.span_word)
        if said is ConditionState.ALERT:
            return self._standing(row)
        if said is ConditionState.WATCH:
            number = int(np.argmax(np.abs(smooth)))
            return of_feature(self.setting.profile.features[number], is_above=bool(smooth[number] > 0))
        return reason(ReasonCode.USUAL, span=self.span_word)


def _code(state: ConditionState) -> int:
    """The number of a condition."""
    return CONDITIONS.index(state)
