"""What the runs of a plugged appliance lead to: one finding that stands while they are not as they were."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from detectors.finding import Evidence, Finding, FindingChannel
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Piece, RunScores
from detectors.state.columns import Column

STUCK_ON = ("compressor_stuck_on", "heater_stuck_on", "relay_stuck_on", "relay_welded")
"""What a run that does not end is called, by kind."""
PROBABILITY = 0.5
BAND_SIGMA = 2.0
CALM_SCORE = 0.3
"""A finding is cleared once the score is below this."""
LENGTH, WATTS = 0, 1


class Plug(Layer):
    """Words findings by runs; for one appliance at most one of them stands, beside those of other ways."""

    name: ClassVar[str] = "plug"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        standing = setting.standing
        self.unknown = standing.unknown
        self.stuck_on = next((standing.number[name] for name in STUCK_ON if name in standing.number), self.unknown)

    def columns(self) -> tuple[Column, ...]:
        """Whether the finding that stands was raised here."""
        return (Column("raised", "?"),)

    def take(self, piece: Piece) -> None:
        """Raise a finding at the first sample that is an alarm, and clear it once the score is low again."""
        if piece.starts_over:
            self.forget(piece.row)
        runs, samples, standing, raised = piece.runs, piece.samples, self.setting.standing, self.own["raised"]
        if runs is None or samples is None:
            return
        of = samples.rows[runs.at]
        stands = standing.are_by(of, FindingChannel.EVIDENCE)[:, [self.unknown, self.stuck_on]].any(axis=1)
        for number in np.flatnonzero(np.isin(of, of[(runs.score >= 1) | stands])).tolist():
            row, now = int(of[number]), int(samples.ts[runs.at[number]])
            by_evidence = standing.by(row, FindingChannel.EVIDENCE)
            mine = [mode for mode in {self.unknown, self.stuck_on} if mode in by_evidence]
            if runs.score[number] < 1:
                if mine and raised[row] and runs.score[number] < CALM_SCORE:
                    raised[row] = False
                    piece.findings += [standing.clear(row, mode, now) for mode in mine]
                continue
            mode = self.stuck_on if runs.endless[number] else self.unknown
            if mine and self._is_another(row, mode, runs, number):
                piece.findings += [standing.clear(row, one, now) for one in mine]
            elif mine or not standing.may_rise(row, mode, FindingChannel.EVIDENCE, now):
                continue
            finding = self._finding(self.setting.ids[row], now, mode, runs, number)
            raised[row] = True
            piece.findings.append(standing.rise(row, finding))

    def _is_another(self, row: int, mode: int, runs: RunScores, number: int) -> bool:
        """Whether an endless run is something else than what stands: that was raised before the run, under no name."""
        standing = self.setting.standing
        if not runs.endless[number] or (standing.stands(row, self.stuck_on) and self.stuck_on != self.unknown):
            return False
        return mode != self.unknown or standing.raised_ms(row, self.unknown) < int(runs.since_ms[number])

    def _finding(self, appliance_id: str, now: int, mode: int, runs: RunScores, number: int) -> Finding:
        """Word a finding: the length and the power of recent runs against those remembered.

        A run that goes on counts by its length at least as a clear deviation, as runs that have ended say nothing of it.
        """
        standing = self.setting.standing
        length, score = float(runs.length_s[number]), float(runs.score[number])
        usual, recent = runs.usual[number], runs.recent[number]
        going_on = length > np.exp(usual[LENGTH] + BAND_SIGMA * usual[2 + LENGTH])
        begun = int(runs.since_ms[number]) if going_on else 0
        onset = int(runs.onset_ms[number]) or begun or now
        weight = np.abs(recent) + 1e-6
        if going_on:
            weight[LENGTH] = max(weight[LENGTH], BAND_SIGMA)
        share = weight / weight.sum()
        evidence = []
        for feature, (name, unit) in enumerate((("on_run", "s"), ("on_power", "W"))):
            centre, width = usual[feature], usual[2 + feature]
            observed = centre + recent[feature] * width
            if feature == LENGTH and going_on:
                observed = max(observed, float(np.log(length)))
            half = BAND_SIGMA * width
            seen, low, high = np.exp([observed, centre - half, centre + half]).tolist()
            evidence.append(Evidence(name, seen, low, high, unit, onset, float(share[feature])))
        return Finding(
            appliance_id, standing.kind, standing.modes[mode], standing.components[mode], FindingChannel.EVIDENCE,
            raised_ms=now, onset_ms=min(onset, now), score=score, severity=min(1.0, 0.3 * score),
            probability=PROBABILITY, evidence=tuple(sorted(evidence, key=lambda one: -one.share)),
        )  # fmt: skip
