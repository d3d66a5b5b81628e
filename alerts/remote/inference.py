"""What a test's answer says about the fault that it looks for: a likelihood ratio.

A value well on the faulty side of the sound range is *positive*, one well inside is *negative*; within the tolerance of a
limit it is something between, on a straight line in the logarithm. Positive weighs ``sensitivity / (1 − specificity)``,
negative ``(1 − sensitivity) / specificity``. The rates begin with the profile's and are learned from verdicts.

A fault that is still small may show in the readings before a test can see it. Below the severity from which a test sees, its
sensitivity falls with the square of the severity to what a sound appliance would give: what it does not see then weighs little and clears
nothing. What it does see weighs as ever. The severity is that which the ticket knows from its finding; a ticket without one
takes the test at its word.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from ingest.profiles.definition import RemoteTest, Side

PRIOR_WEIGHT = 20.0
"""The profile's rates count as much as so many verdicts."""
SURE = 0.75
"""How far on one side a value lies that is called confirmed; as far on the other: cleared."""
RATE_MOST = 0.995


class Indication(StrEnum):
    """What a test says of the fault that it looks for."""

    CONFIRMED = "confirmed"
    CLEARED = "cleared"
    UNCLEAR = "unclear"
    NOT_YET = "not_yet"
    """Nothing to see, but the fault is still smaller than what the test sees."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How a test's answers turned out, by the verdicts that technicians gave afterwards."""

    found: int = 0
    missed: int = 0
    cleared: int = 0
    accused: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a measured value comes to."""

    verdict: Indication
    likelihood_ratio: float


def learned(test: RemoteTest, tally: Tally) -> RemoteTest:
    """The test with its rates as verdicts have taught them."""
    faulty, sound = tally.found + tally.missed, tally.cleared + tally.accused
    sensitivity = (PRIOR_WEIGHT * test.sensitivity + tally.found) / (PRIOR_WEIGHT + faulty)
    specificity = (PRIOR_WEIGHT * test.specificity + tally.cleared) / (PRIOR_WEIGHT + sound)
    return replace(test, sensitivity=_kept(sensitivity), specificity=_kept(specificity))


def judge(test: RemoteTest, value: float, severity: float | None = None) -> Reading:
    """What a measured value says of a fault that has come to ``severity``, as far as that is known."""
    degree = positivity(test, value)
    positive = math.log(test.sensitivity / (1.0 - test.specificity))
    negative = math.log((1.0 - sensitivity_at(test, severity)) / test.specificity)
    ratio = math.exp(degree * positive + (1.0 - degree) * negative)
    verdict = Indication.UNCLEAR
    if degree >= SURE:
        verdict = Indication.CONFIRMED
    elif degree <= 1.0 - SURE:
        verdict = Indication.CLEARED if is_seen(test, severity) else Indication.NOT_YET
    return Reading(verdict, ratio)


def is_seen(test: RemoteTest, severity: float | None) -> bool:
    """Whether the test sees a fault that has come so far."""
    return severity is None or severity >= test.sees_from


def sensitivity_at(test: RemoteTest, severity: float | None) -> float:
    """The share of faults of a severity that the test finds."""
    if severity is None or is_seen(test, severity):
        return test.sensitivity
    by_chance = 1.0 - test.specificity
    return by_chance + (test.sensitivity - by_chance) * (severity / test.sees_from) ** 2


def positivity(test: RemoteTest, value: float) -> float:
    """How far a value lies on the faulty side, from 0 (sound) to 1 (faulty)."""
    low, high = test.healthy
    below, above = low - value, value - high
    excess = {Side.BELOW: below, Side.ABOVE: above, Side.OUTSIDE: max(below, above)}[test.faulty]
    if test.tolerance == 0:
        return float(excess > 0)
    return min(max(0.5 + 0.5 * excess / test.tolerance, 0.0), 1.0)


def _kept(rate: float) -> float:
    return min(max(rate, 0.505), RATE_MOST)
