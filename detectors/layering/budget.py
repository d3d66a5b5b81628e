"""Budget: from how far excursions of a fleet's statistics went to the level that sound appliances exceed as often as asked.

Idea: a statistic that rose and came down by itself spoke of no fault, for faults don't heal. How far such excursions went is
counted by :data:`BINS` logarithmic steps of the level, over all appliances of a kind. Below the tail the counts speak for
themselves, beyond it a generalised Pareto distribution is fitted by probability-weighted moments::

    b₀ = mean excess      b₁ = mean of (1 - F) · excess      ξ = 2 - b₀ / (b₀ - 2 b₁)      σ = 2 b₀ b₁ / (b₀ - 2 b₁)
    u  = u₀ + σ ((n / r T)^ξ - 1) / ξ

with n excursions beyond u₀ in T years, and r the asked rate per year. The fewer of the asked ones can have been seen, the
nearer the level stays to :func:`prior`: what theory says and a margin, the more so the seldomer an alarm is asked for, for
real noise has longer tails.

An excursion is known only when it is over, so the first :data:`PENDING_ROWS` rows of an appliance are no time in which none
was seen. And not each excursion beyond a level is an alarm, nor one alarm only: how many alarms that ended by themselves came
of each expected one is counted, too (:func:`put_right`).

Reference: Hosking and Wallis 1987, Parameter and quantile estimation for the generalized Pareto distribution.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BINS = 48
LEVEL_FIRST = 0.25
"""Where the first step begins; an excursion that stays below is none."""
STEPS_PER_OCTAVE = 8
OVER_SHARE = 0.6
"""An excursion is over when its statistic is down to this share of its peak."""
PRIOR_RATES, PRIOR_LEVELS = (0.02, 0.2, 2.0), (1.77, 1.3, 0.8)
"""What is believed before, as a multiple of theory's threshold, where so many alarms per year are asked for."""
BELIEF_EXCURSIONS, BELIEF_YEARS = 10.0, 20.0
"""So many excursions, or years of none, weigh as much as what is believed before,"""
BELIEF_MAX, BELIEF_ASKED = 3.0, 4.0
"""and no more than their share of so many that were asked for: beyond what was seen a tail is no more than a guess."""
PENDING_ROWS = 60
ALARMS_PRIOR = 5.0
"""So many alarms, one for each expected, are believed to have been seen before any was."""
PUT_RIGHT_MAX = 4.0
PRIOR_EXCURSIONS = 6.0
PRIOR_SCALE = 0.15
SHAPE_PRIOR_EXCURSIONS = 40.0
SHAPE_MAX = 0.3
TAIL_SHARE, TAIL_MIN, TAIL_MAX = 0.1, 8.0, 60.0
"""The tail is so much of all excursions, and so many at least and at most."""
LOWEST, HIGHEST = 0.4, 12.0
"""No threshold leaves these multiples of what theory says."""

Floats = NDArray[np.float64]
LEVELS: Floats = LEVEL_FIRST * 2 ** (np.arange(BINS) / STEPS_PER_OCTAVE)
"""(BINS,): where each step begins."""
CENTRES: Floats = LEVELS * 2 ** (0.5 / STEPS_PER_OCTAVE)


def step_of(level: Floats) -> NDArray[np.uint8]:
    """1 + the number of the step in which each ``level`` (N, ...) lies, in multiples of theory's threshold; 0 below the first.

    >>> step_of(np.array([0.1, 0.25, 1.0])).tolist()
    [0, 1, 17]
    """
    place = np.floor(np.log2(np.maximum(level, 1e-9) / LEVEL_FIRST) * STEPS_PER_OCTAVE + 1e-9) + 1
    step: NDArray[np.uint8] = np.clip(place, 0, BINS).astype(np.uint8)
    return step


def followed(peak: NDArray[np.uint8], level: Floats) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """How far excursions have come, as steps, and those that are over, 0 for none.

    ``peak`` (B, K) are the steps before, ``level`` (B, K) is in multiples of theory's threshold; answers (B, K) each.
    """
    step = step_of(level)
    is_over = (peak > 0) & (level < OVER_SHARE * LEVELS[np.maximum(peak, 1) - 1])
    return np.where(is_over, 0, np.maximum(peak, step)).astype(np.uint8), np.where(is_over, peak, 0).astype(np.uint8)


def prior(asked: float) -> float:
    """The level believed before anything was seen, for ``asked`` alarms per year.

    >>> [round(prior(asked), 2) for asked in (0.02, 0.2, 0.5, 2)]
    [1.77, 1.3, 1.1, 0.8]
    """
    return float(np.interp(np.log(asked), np.log(PRIOR_RATES), PRIOR_LEVELS))


def put_right(asked: float, expected: float, ended: float) -> float:
    """The rate of excursions at which ``asked`` alarms per year come, where ``ended`` did of so many that were ``expected``.

    >>> put_right(0.2, 0.0, 0.0), put_right(0.2, 25.0, 55.0)
    (0.2, 0.1)
    """
    ratio = (ALARMS_PRIOR + expected) / (ALARMS_PRIOR + ended)
    return asked * min(max(ratio, 1 / PUT_RIGHT_MAX), PUT_RIGHT_MAX)


def threshold(counts: Floats, years: float, per_year: float, believed: float) -> float:
    """The level, as a multiple of theory's threshold, that excursions exceed ``per_year`` times a year.

    ``counts`` (steps,) are excursions by the step of their peak, seen in ``years`` of appliances; ``believed`` before.

    >>> round(threshold(np.zeros(BINS), 0.0, 0.1, 1.3), 1)
    1.3
    """
    above = np.cumsum(counts[::-1])[::-1]
    evidence = min(above[0] / BELIEF_EXCURSIONS, BELIEF_MAX) + years / BELIEF_YEARS
    evidence *= min(1.0, per_year * years / BELIEF_ASKED)
    level = (believed + evidence * _told(counts, above, per_year * years)) / (1 + evidence)
    return float(np.clip(level, LOWEST, HIGHEST))


def _told(counts: Floats, above: Floats, asked: float) -> float:
    """The level that ``asked`` excursions exceed, by those that were counted alone."""
    enough = min(above[0], np.clip(TAIL_SHARE * above[0], TAIL_MIN, TAIL_MAX))
    first = int(np.flatnonzero(above >= enough)[-1])
    if above[first] <= asked:  # below the tail: what is counted says it
        return float(LEVELS[np.flatnonzero(above >= asked)[-1]]) if above[0] >= asked else LOWEST
    scale, shape = _pareto(CENTRES[first:] - LEVELS[first], counts[first:], above[first])
    ratio = np.log(above[first] / asked) if asked else 0.0
    return float(min(HIGHEST, LEVELS[first] + scale * (ratio if shape < 1e-6 else np.expm1(shape * ratio) / shape)))


def _pareto(excess: Floats, weight: Floats, number: float) -> tuple[float, float]:
    """Scale and shape of a tail by probability-weighted moments, drawn towards the prior's."""
    mean = (float(weight @ excess) + PRIOR_EXCURSIONS * PRIOR_SCALE) / (number + PRIOR_EXCURSIONS)
    if number < 2:
        return mean, 0.0
    exceeding = (np.cumsum(weight[::-1])[::-1] - 0.5 * weight) / number
    b0, b1 = float(weight @ excess) / number, float((weight * exceeding) @ excess) / number
    shape = 2 - b0 / max(b0 - 2 * b1, 1e-9)
    shape = float(np.clip(shape, 0.0, SHAPE_MAX)) * number / (number + SHAPE_PRIOR_EXCURSIONS)
    return mean * (1 - shape), shape
