"""What the runs of a plugged appliance lead to: one finding that stands while they are not as they were."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.diagnosis import UNKNOWN
from detectors.episodes import CALM_SCORE, Episodes
from detectors.finding import Channel, Evidence, Finding
from detectors.runs import Runs, RunScores
from ingest.profiles.definition import Profile

STUCK_ON = "compressor_stuck_on"
PROBABILITY = 0.5
BAND_SIGMA = 2.0
LENGTH, WATTS = 0, 1

State = dict[str, NDArray[Any]]


class PlugFindings:
    """Words findings by runs; for one appliance at most one of them stands, beside those of other ways."""

    def __init__(self, profile: Profile, runs: Runs, episodes: Episodes) -> None:
        self.kind = profile.kind
        self.runs = runs
        self.episodes = episodes
        self.unknown = episodes.names.index(UNKNOWN)
        self.stuck_on = episodes.names.index(STUCK_ON) if STUCK_ON in episodes.names else self.unknown
        self.trace: list[tuple[NDArray[np.intp], NDArray[np.float64]]] | None = None
        """Where a backtest listens: (places of samples in the fold, their scores)."""

    def judge(
        self,
        state: State,
        ids: list[str],
        rows: NDArray[np.intp],
        ts: NDArray[np.int64],
        runs: RunScores,
        findings: list[Finding],
    ) -> None:
        """Raise a finding at the first sample that is an alarm, and clear it once the score is low again."""
        if self.trace is not None:
            self.trace.append((runs.at, runs.score))
        of = rows[runs.at]
        stands = (state["standing"][of][:, [self.unknown, self.stuck_on]] == 1).any(axis=1)
        for number in np.flatnonzero(np.isin(of, of[(runs.score >= 1) | stands])).tolist():
            row, now = int(of[number]), int(ts[runs.at[number]])
            mine = [m for m in {self.unknown, self.stuck_on} if state["standing"][row, m] == 1]
            if runs.score[number] < 1:
                if mine and state["run_raised"][row] and runs.score[number] < CALM_SCORE / 2:
                    state["run_raised"][row] = False
                    findings += [self.episodes.clear(state, row, mode, ids[row], now) for mode in mine]
                continue
            mode = self.stuck_on if runs.endless[number] else self.unknown
            if mine or not self.episodes.may_rise(state, row, mode, Channel.EVIDENCE, now):
                continue
            finding = self._finding(ids[row], now, mode, runs, number)
            state["run_raised"][row] = True
            findings.append(self.episodes.rise(state, row, mode, finding))

    def _finding(self, appliance_id: str, now: int, mode: int, runs: RunScores, number: int) -> Finding:
        """Word a finding: the length and the power of recent runs against those remembered."""
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
            appliance_id, self.kind, self.episodes.names[mode], self.episodes.components[mode], Channel.EVIDENCE,
            raised_ms=now, onset_ms=min(onset, now), score=score, severity=min(1.0, 0.3 * score),
            probability=PROBABILITY, evidence=tuple(sorted(evidence, key=lambda one: -one.share)),
        )  # fmt: skip
