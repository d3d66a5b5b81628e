"""From a closed day or cycle to what is said of the appliance: L4 to L9 in a row, for many appliances at once.

Raised findings are the exception and are worded one by one; all else is array arithmetic.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.context import Context
from detectors.cusum import SMOOTHING
from detectors.cusum import Evidence as Statistics
from detectors.cycles import UnitRows
from detectors.diagnosis import (
    CERTAIN,
    PROBABILITY_MAX,
    UNKNOWN,
    Diagnosis,
    contributions,
    diagnose,
    strongest,
)
from detectors.episodes import CALM_ROWS, CALM_SCORE, Episodes
from detectors.finding import Channel, Condition, ConditionState, Evidence, Finding
from ingest.profiles.definition import MetricKind, Profile, Unit

SENSOR_DRIFT = "sensor_drift"
LONE_SHARE = 0.85
"""An unexplained deviation of which one feature carries this much speaks for that feature's sensor."""
DOUBTFUL_ROWS = 3
"""An alarm whose cause stays unclear is raised as ``unknown`` after this many rows."""
MODE_SCORE_MIN = 0.6
BAND_SIGMA = 2.0
PLUG_MS = 86_400_000
"""An appliance that spoke through a power plug within this time is judged run by run, not by its days or cycles."""
HEALTH_STEP = 0.1
SMOOTH_SIGMA = float(np.sqrt(SMOOTHING / (2 - SMOOTHING)))
CONDITIONS = tuple(ConditionState)

State = dict[str, NDArray[Any]]
Floats = NDArray[np.float64]


class Judgement:
    """Judges closed units of one appliance kind. ``signed`` are the fault modes that have a signature."""

    def __init__(
        self, profile: Profile, context: Context, statistics: Statistics, episodes: Episodes, signed: list[str]
    ) -> None:
        self.profile = profile
        self.context = context
        self.statistics = statistics
        self.episodes = episodes
        self.signed = signed
        self.mode_number = [episodes.names.index(name) for name in signed]
        self.unknown = episodes.names.index(UNKNOWN)
        self.sensor_drift = episodes.names.index(SENSOR_DRIFT)
        self.hazards = np.array([profile.fault_modes[name].hazard_per_year for name in signed])
        self.components = tuple(dict.fromkeys(profile.fault_modes[name].component for name in signed))
        self.trace: list[tuple[int, float]] | None = None
        """Where a backtest listens: (time at which a unit was closed, score) of each judged unit."""
        self.span_word = "day" if profile.unit is Unit.DAY else "cycle"

    def layout(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Name → (type, shape per appliance) of what must be remembered: the last condition, health and score."""
        return {"condition": ("u1", ()), "health": ("u1", ()), "score": ("f4", ())}

    def judge(self, state: State, ids: list[str], units: UnitRows, findings: list[Finding]) -> list[Condition]:
        """Judge one unit of each of some appliances; appends findings, returns the conditions that changed."""
        place = np.flatnonzero(units.is_usable)
        if not len(place) or not self.profile.features:
            return []
        rows = units.rows[place]
        y, x = units.features[place], units.contexts[place]
        z, expected, sigma = self.context.score(state, rows, y, x)
        is_taught = self.context.learned_rows(state, rows) >= self.context.learn_rows
        modes, singles = self.statistics.step(state, rows, z, units.start_ms[place], is_taught.astype(float))
        score = np.maximum(modes.max(axis=1, initial=0.0), singles.max(axis=1, initial=0.0))
        plugged = units.closed_ms[place] - state["run_ts"][rows] < PLUG_MS
        score = np.where(plugged, 0.0, score)
        self.context.learn(state, rows, y, x, score)
        state["score"][rows] = score
        if self.trace is not None:
            self.trace.extend(zip(units.closed_ms[place].tolist(), score.tolist(), strict=True))
        correlation = self.statistics.correlation()
        smooth = state["z_smooth"][rows].astype(float)
        told = diagnose(smooth, self.statistics.signatures, correlation, self.hazards)
        standing = (state["standing"][rows] == 1).any(axis=1) | (state["standing"][rows, self.sensor_drift] > 0)
        for at in np.flatnonzero((score >= 1) | (standing & ~plugged)):
            row, closed = int(rows[at]), int(units.closed_ms[place[at]])
            bands = (y[at], z[at], expected[at], sigma[at])
            self._episode(state, row, ids[row], closed, (modes[at], float(score[at])), told, int(at), bands, findings)
        state["doubtful_rows"][rows[score < 1]] = 0
        has_features = np.asarray(np.isfinite(y).any(axis=1))
        return self._conditions(state, ids, rows, units.closed_ms[place], score, told, has_features)

    def start_over(self, state: State, row: int, appliance_id: str, now_ms: int) -> list[Finding]:
        """Forget what was usual and end what stood by evidence: the appliance is another one now."""
        ended = [
            self.episodes.clear(state, row, mode, appliance_id, now_ms)
            for mode in range(len(self.episodes.names))
            if self.episodes.stands(state, row, mode) and (mode <= self.unknown or mode == self.sensor_drift)
        ]
        self.context.forget(state, row)
        for name in state:
            if name.startswith("run_"):
                state[name][row] = 0
        for name in self.statistics.layout():
            state[name][row] = 0
        state["doubtful_rows"][row] = state["calm_rows"][row] = 0
        return ended

    def _episode(
        self,
        state: State,
        row: int,
        appliance_id: str,
        now_ms: int,
        scores: tuple[Floats, float],
        told: Diagnosis,
        at: int,
        bands: tuple[Floats, Floats, Floats, Floats],
        findings: list[Finding],
    ) -> None:
        """Raise, keep or clear the finding by evidence of one appliance."""
        modes, score = scores
        standing = self.episodes.standing_by(state, row, Channel.EVIDENCE)
        if self.episodes.stands(state, row, self.sensor_drift):
            standing.append(self.sensor_drift)
        if standing:
            calm = int(state["calm_rows"][row]) + 1 if score < CALM_SCORE else 0
            state["calm_rows"][row] = calm
            if calm >= CALM_ROWS:
                state["calm_rows"][row] = 0
                findings += [self.episodes.clear(state, row, mode, appliance_id, now_ms) for mode in standing]
            return
        number, probability = self._cause(state, row, modes, told.posterior[at])
        if number is None:
            return
        mode = self.unknown if number < 0 else self.mode_number[number]
        if any(self.episodes.stands(state, row, other) for other in (mode, *self.mode_number)):
            return
        if number < 0 and (sensor := self._lone_sensor(state, row)) is not None:
            self._suspect_sensor(state, row, appliance_id, now_ms, sensor, bands, findings)
            return
        if self.episodes.may_rise(state, row, mode, Channel.EVIDENCE, now_ms):
            finding = self._finding(state, row, appliance_id, now_ms, number, probability, score, told, at, bands)
            findings.append(self.episodes.rise(state, row, mode, finding))

    def _cause(self, state: State, row: int, modes: Floats, posterior: Floats) -> tuple[int | None, float]:
        """Which signed mode (-1: unknown) explains an alarm, with its probability; None while it is too early to say."""
        top = int(np.argmax(posterior))
        if top < len(self.signed) and posterior[top] >= CERTAIN and modes[top] >= MODE_SCORE_MIN:
            return top, min(PROBABILITY_MAX, float(posterior[top]))
        doubtful = min(250, int(state["doubtful_rows"][row]) + 1)
        state["doubtful_rows"][row] = doubtful
        if doubtful < DOUBTFUL_ROWS:
            return None, 0.0
        return -1, min(PROBABILITY_MAX, max(0.3, float(posterior[-1])))

    def _lone_sensor(self, state: State, row: int) -> int | None:
        """The feature that alone carries a deviation that no fault explains, if it is measured by a sensor."""
        smooth = state["z_smooth"][row].astype(float)
        shares = contributions(smooth, None, self.statistics.correlation())
        top = int(np.argmax(shares))
        metric = self.profile.features[top].metric
        is_sensor = metric is not None and self.profile.metrics[metric].kind is MetricKind.MEASUREMENT
        return top if shares[top] >= LONE_SHARE and is_sensor else None

    def _suspect_sensor(
        self,
        state: State,
        row: int,
        appliance_id: str,
        now_ms: int,
        feature: int,
        bands: tuple[Floats, Floats, Floats, Floats],
        findings: list[Finding],
    ) -> None:
        """Raise a data fault: one sensor moves and its partners do not."""
        if not self.episodes.may_rise(state, row, self.sensor_drift, Channel.DATA, now_ms):
            return
        since = int(state["onset_single"][row, feature]) * 60_000 or now_ms
        smooth = state["z_smooth"][row].astype(float)
        evidence = (self._evidence(feature, 1.0, since, smooth, bands),)
        finding = Finding(
            appliance_id, self.profile.kind, SENSOR_DRIFT, "data", Channel.DATA, raised_ms=now_ms, onset_ms=since,
            score=1.0, severity=0.3, probability=0.7, evidence=evidence,
        )  # fmt: skip
        findings.append(self.episodes.rise(state, row, self.sensor_drift, finding))

    def _finding(
        self,
        state: State,
        row: int,
        appliance_id: str,
        now_ms: int,
        number: int,
        probability: float,
        score: float,
        told: Diagnosis,
        at: int,
        bands: tuple[Floats, Floats, Floats, Floats],
    ) -> Finding:
        """Word a finding by evidence."""
        smooth = state["z_smooth"][row].astype(float)
        signature = self.statistics.signatures[number] if number >= 0 else None
        shares = contributions(smooth, signature, self.statistics.correlation())
        onset = int(state["onset_mode"][row, number]) if number >= 0 else 0
        onset_ms = onset * 60_000 or now_ms
        since = state["onset_single"][row].astype(np.int64) * 60_000
        evidence = tuple(
            self._evidence(feature, float(shares[feature]), int(since[feature]) or onset_ms, smooth, bands)
            for feature in strongest(shares)
        )
        if number < 0:
            onset_ms = min((item.since_ms for item in evidence), default=now_ms)
        mode = self.unknown if number < 0 else self.mode_number[number]
        posterior = told.posterior[at]
        others = [
            (self.signed[other], round(float(posterior[other]), 3))
            for other in np.argsort(-posterior[:-1], kind="stable").tolist()
            if other != number and posterior[other] >= 0.02
        ]
        return Finding(
            appliance_id,
            self.profile.kind,
            self.episodes.names[mode],
            self.episodes.components[mode],
            Channel.EVIDENCE,
            raised_ms=now_ms,
            onset_ms=min(onset_ms, now_ms),
            score=score,
            severity=max(0.05, float(told.severity[at, number])) if number >= 0 else min(1.0, 0.3 * score),
            probability=probability,
            evidence=evidence,
            alternatives=tuple(others[:3]),
        )

    def _evidence(
        self, number: int, share: float, since_ms: int, smooth: Floats, bands: tuple[Floats, Floats, Floats, Floats]
    ) -> Evidence:
        """One feature: its recent mean against the band in which such a mean should lie, in the feature's own unit."""
        feature = self.profile.features[number]
        _, _, expected, sigma = bands
        centre, width = float(expected[number]), float(sigma[number])
        half = BAND_SIGMA * SMOOTH_SIGMA * width
        numbers = [centre + float(smooth[number]) * width, centre - half, centre + half]
        observed, low, high = np.exp(numbers).tolist() if feature.scale == "log" else numbers
        return Evidence(feature.name, observed, low, high, feature.unit, since_ms, share)

    def _conditions(
        self,
        state: State,
        ids: list[str],
        rows: NDArray[np.intp],
        now_ms: NDArray[np.int64],
        score: Floats,
        told: Diagnosis,
        has_features: NDArray[np.bool_],
    ) -> list[Condition]:
        """The conditions that changed since they were last said, and those that name a day of learning."""
        learned = self.context.learned_rows(state, rows)
        is_learning = learned < self.context.learn_rows
        appliance_modes = state["standing"][rows][:, : self.unknown + 1]
        is_alert = (appliance_modes > 0).any(axis=1)
        said = np.select(
            [~has_features, is_alert, is_learning, score >= CALM_SCORE],
            [_code(ConditionState.CANNOT_SAY), _code(ConditionState.ALERT), _code(ConditionState.LEARNING),
             _code(ConditionState.WATCH)],
            _code(ConditionState.OK),
        )  # fmt: skip
        noise = 2 * SMOOTH_SIGMA / np.sqrt(np.maximum(self._power(), 1e-9))
        worn = np.where(is_learning[:, None], 0.0, np.clip(told.severity - noise, 0.0, 1.0))
        health = np.round(worn.max(axis=1, initial=0.0) / HEALTH_STEP).astype(np.uint8) + 1
        changed = (said + 1 != state["condition"][rows]) | (health != state["health"][rows]) | is_learning
        state["condition"][rows] = said + 1
        state["health"][rows] = health
        return [
            Condition(
                ids[int(rows[at])],
                self.profile.kind,
                CONDITIONS[int(said[at])],
                self._reason(state, int(rows[at]), CONDITIONS[int(said[at])], int(learned[at])),
                as_of_ms=int(now_ms[at]),
                health=self._health(worn[at]),
            )
            for at in np.flatnonzero(changed)
        ]

    def _power(self) -> Floats:
        """sᵀR⁻¹s of each signed mode."""
        signatures = self.statistics.signatures
        power: Floats = np.einsum("mf,fg,mg->m", signatures, np.linalg.inv(self.statistics.correlation()), signatures)
        return power

    def _health(self, worn: Floats) -> dict[str, float]:
        """Health index per component: 1 as new, 0 failed."""
        health = dict.fromkeys(self.components, 1.0)
        for name, wear in zip(self.signed, worn.tolist(), strict=True):
            component = self.profile.fault_modes[name].component
            health[component] = round(min(health[component], 1.0 - wear), 2)
        return health

    def _reason(self, state: State, row: int, said: ConditionState, learned: int) -> str:
        """Why, in words a technician can read."""
        if said is ConditionState.LEARNING:
            return f"learning, {self.span_word} {learned} of {self.context.learn_rows}"
        if said is ConditionState.CANNOT_SAY:
            return f"none of the metrics needed was reported in the last {self.span_word}"
        if said is ConditionState.ALERT:
            names = [self.episodes.names[mode] for mode in np.flatnonzero(state["standing"][row][: self.unknown + 1])]
            titles = [mode.title["en"] for name in names if (mode := self.profile.fault_modes.get(name))]
            return "; ".join(titles) or "clearly not as usual, for no known cause"
        if said is ConditionState.WATCH:
            number = int(np.argmax(np.abs(state["z_smooth"][row].astype(float))))
            direction = "above" if state["z_smooth"][row, number] > 0 else "below"
            feature = self.profile.features[number]
            return f"{feature.label.get('en', feature.name)} is {direction} what is usual here"
        return f"as usual for this appliance over the last {self.span_word}s"


def _code(state: ConditionState) -> int:
    """The number of a condition."""
    return CONDITIONS.index(state)
