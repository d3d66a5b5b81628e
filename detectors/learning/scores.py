"""Scores of probabilities: Brier score, skill over a rate that is the same for all, calibration error; with intervals by appliances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.layering.fits import Floats

BINS = 10
RESAMPLES = 400
SEED = 7


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Shares (n,), what came of each, their weights, and the appliance of each."""

    shares: Floats
    labels: NDArray[np.bool_]
    weights: Floats
    units: Sequence[str]


@dataclass(frozen=True, slots=True)
class Score:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def brier(one: Judged) -> float:
    """The mean squared error.

    >>> brier(Judged(np.array([0.5, 1.0]), np.array([True, True]), np.ones(2), ["a", "b"]))
    0.125
    """
    return float(np.average(np.square(one.shares - one.labels), weights=one.weights))


def skill(one: Judged) -> float:
    """How much of the error of the mean rate is gone: 1 for all of it, 0 for a share that says no more than the rate.

    >>> skill(Judged(np.array([1.0, 0.0]), np.array([True, False]), np.ones(2), ["a", "b"]))
    1.0
    """
    rate = float(np.average(one.labels, weights=one.weights))
    return 1 - brier(one) / max(rate * (1 - rate), 1e-9)


def calibration_error(one: Judged) -> float:
    """The expected calibration error over ten parts of equal width.

    >>> round(calibration_error(Judged(np.full(4, 0.75), np.array([1, 1, 1, 0], bool), np.ones(4), list("abcd"))), 3)
    0.0
    """
    part = np.minimum((one.shares * BINS).astype(int), BINS - 1)
    gap = np.bincount(part, one.weights * (one.shares - one.labels), minlength=BINS)
    return float(np.abs(gap).sum() / one.weights.sum())


def scored(of: Callable[[Judged], float], one: Judged) -> Score:
    """A score with the interval that drawing other appliances gives (bootstrap by appliances)."""
    rng = np.random.default_rng(SEED)
    each, whose = np.unique(np.array(one.units), return_inverse=True)
    values = []
    for _ in range(RESAMPLES):
        times = np.bincount(rng.integers(0, len(each), len(each)), minlength=len(each))
        weights = one.weights * times[whose]
        if weights.sum() > 0:
            values.append(of(Judged(one.shares, one.labels, weights, one.units)))
    low, high = np.quantile(values, [0.025, 0.975]).tolist()
    return Score(of(one), low, high)
