"""Wording: what is known of one judged unit → the finding that says it, with evidence and other causes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Evidence, Finding, FindingChannel
from detectors.layering.layer import Setting
from detectors.layering.piece import Accumulated, Deviations, Diagnosis, Piece
from detectors.layering.shares import contributions, strongest
from detectors.layering.smoothing import SMOOTH_SIGMA

PROBABILITY_MAX = 0.95
BAND_SIGMA = 2.0
OTHER_MIN = 0.02
OTHERS_MAX = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One unit of one appliance with all that is known of it."""

    row: int
    now_ms: int
    at: int
    deviations: Deviations
    told: Accumulated
    diagnosis: Diagnosis

    @property
    def score(self) -> float:
        """The worst of all; 1 is an alarm."""
        return float(self.told.score[self.at])

    @property
    def smooth(self) -> Floats:
        """(F,): recent mean deviations, in standard deviations."""
        smooth: Floats = self.told.smooth[self.at]
        return smooth


def strength(setting: Setting, piece: Piece, at: int, mode: int) -> float:
    """How strongly unit ``at`` of a piece shows a mode: along its signature, in standard deviations; for unknown its score."""
    told, diagnosis = piece.accumulated, piece.diagnosis
    if told is None or diagnosis is None:
        return 0.0
    ways = [way for way, name in enumerate(setting.signed) if setting.standing.number[name] == mode]
    if not ways:
        return float(told.score[at])
    return float((diagnosis.severity[at, ways] * np.sqrt(diagnosis.power[at, ways])).max())


def worded(setting: Setting, one: Judged, mode: int, number: int, probability: float) -> Finding:
    """The finding by evidence that a unit is worth; ``number``: the signed mode, -1 for unknown."""
    standing, at = setting.standing, one.at
    shares = contributions(one.smooth, setting.signatures[number] if number >= 0 else None, one.told.correlation)
    onset_ms = int(one.told.onset_mode[at, number]) * 60_000 if number >= 0 else 0
    onset_ms = onset_ms or one.now_ms
    since = one.told.onset_single[at] * 60_000
    evidence = tuple(
        shown(setting, one, feature, share=float(shares[feature]), since_ms=int(since[feature]) or onset_ms)
        for feature in strongest(shares)
    )
    if number < 0:
        onset_ms = min((item.since_ms for item in evidence), default=one.now_ms)
    return Finding(
        setting.ids[one.row],
        standing.kind,
        standing.modes[mode],
        standing.components[mode],
        FindingChannel.EVIDENCE,
        raised_ms=one.now_ms,
        onset_ms=min(onset_ms, one.now_ms),
        score=one.score,
        severity=max(0.05, float(one.diagnosis.severity[at, number])) if number >= 0 else min(1.0, 0.3 * one.score),
        probability=probability,
        evidence=evidence,
        alternatives=_others(setting, one.diagnosis.posterior[at], setting.signed[number] if number >= 0 else None),
    )


def shown(setting: Setting, one: Judged, number: int, *, share: float, since_ms: int) -> Evidence:
    """One feature: its recent mean against the band in which such a mean should lie, in the feature's own unit."""
    feature = setting.profile.features[number]
    centre = float(one.deviations.expected[one.at, number])
    width = float(one.deviations.sigma[one.at, number])
    half = BAND_SIGMA * SMOOTH_SIGMA * width
    numbers = [centre + float(one.smooth[number]) * width, centre - half, centre + half]
    observed, low, high = np.exp(numbers).tolist() if feature.scale == "log" else numbers
    return Evidence(feature.name, observed, low, high, feature.unit, since_ms, share)


def _others(setting: Setting, posterior: Floats, named: str | None) -> tuple[tuple[str, float], ...]:
    """The other fault modes that may be the cause, the likeliest first."""
    likely: dict[str, float] = {}
    for name, share in zip(setting.signed, posterior.tolist(), strict=False):
        likely[name] = likely.get(name, 0.0) + share
    likely.pop(named or "", None)
    told = sorted(likely.items(), key=lambda item: -item[1])
    return tuple((name, round(share, 3)) for name, share in told if share >= OTHER_MIN)[:OTHERS_MAX]
