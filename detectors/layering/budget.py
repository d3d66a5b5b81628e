"""Budget: from how far excursions of a fleet's statistics went to the level that sound appliances exceed as often as asked.

Idea: a statistic that rose and came down by itself spoke of no fault, for faults don't heal. How far such excursions went is
counted by :data:`BINS` logarithmic steps of the level, over all appliances of a kind. Before any was seen, excursions are
believed to be Pareto's, as all kinds together show it: so many a year beyond a level u as :func:`prior` says, falling with
u⁻⁴. What is counted moves that in three steps, each a posterior mean, with n excursions in T years beyond the level u₀, of
which N came to step i and nᵢ ended there::

    a  = (m + n) / (m / 4 + Σ ln(peak / u₀))              the kind's own exponent (Hill), m excursions believed before
    hᵢ = (m (1 - 2^{-a/8}) + nᵢ) / (m + N)                the share that ends in step i
    λ₀ = (α + n) / (α / believed rate + T)                how many a year go beyond u₀
    u  : λ₀ ∏ (1 - hᵢ) = asked rate

So a fleet of eight appliances keeps to what all kinds show, one of a hundred thousand to what it has seen, and beyond the
farthest excursion the tail goes on with the exponent. u₀ is where a few excursions a year are believed to be, near the level
that is looked for.

An excursion is known only when it is over, so the first :data:`PENDING_ROWS` rows of an appliance are no time in which none
was seen. And not each excursion beyond a level is an alarm, nor one alarm only: how many alarms that ended by themselves came
of each expected one is counted, too (:func:`put_right`).

References: Hill 1975, A simple general approach to inference about the tail of a distribution; Walker and Muliere 1997,
Beta-Stacy processes, for shares that end step by step.
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
PER_YEAR_AT_ONE = 0.3
"""So many alarms a year are believed to come at a level of 1, theory's threshold,"""
EXPONENT = 4.0
"""and 2⁻⁴ as many at twice that: what fleets of simulated households show, all kinds together."""
BELIEF_EXCURSIONS = 20.0
"""The exponent is believed as if so many excursions had shown it, and so is each step's share."""
BELIEF_RATE = 2.0
"""How many excursions are believed to have been seen beyond u₀: kinds differ by a factor of two."""
SEEN_PER_YEAR, SEEN_YEARS = 2.0, 10.0
"""u₀ is where so many a year are believed to be, in more years so much seldomer, and never less than twice as many as asked."""
PENDING_ROWS = 60
ALARMS_PRIOR = 5.0
"""So many excursions are believed to have been expected before any was."""
ALARM_SHARE, ALARM_SHARE_AT, ALARM_SHARE_FALLS = 0.45, 0.2, 0.4
"""That share of them is believed to have become an alarm where .2 a year are asked for, fewer where more are: low ones are short."""
PUT_RIGHT_MAX = 10.0
LOWEST, HIGHEST = 0.25, 12.0
"""No threshold leaves these multiples of what is believed."""

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
    """The level, as a multiple of theory's threshold, at which ``asked`` alarms per year are believed to come.

    >>> [round(prior(asked), 2) for asked in (0.02, 0.2, 2)]
    [1.97, 1.11, 0.62]
    """
    return float((PER_YEAR_AT_ONE / asked) ** (1 / EXPONENT))


def put_right(asked: float, expected: float, ended: float) -> float:
    """The rate of excursions at which ``asked`` alarms per year come, where ``ended`` did of so many that were ``expected``.

    >>> [round(put_right(0.2, *seen), 2) for seen in ((0.0, 0.0), (25.0, 60.0))]
    [0.44, 0.1]
    """
    share = min(1.0, ALARM_SHARE * float((asked / ALARM_SHARE_AT) ** -ALARM_SHARE_FALLS))
    ratio = (ALARMS_PRIOR + expected) / (share * ALARMS_PRIOR + ended)
    return asked * min(max(ratio, 1 / PUT_RIGHT_MAX), PUT_RIGHT_MAX)


def thresholds(counts: Floats, years: float, per_year: Floats, believed: Floats) -> Floats:
    """The levels (K,), in multiples of theory's, that excursions of K statistics exceed ``per_year`` (K,) times a year.

    ``counts`` (K, steps) are excursions by the step of their peak, seen in ``years`` of appliances; ``believed`` (K,) are
    the levels before. By the three steps of the module's formula, for all statistics at once, as each kind has dozens.

    >>> thresholds(np.zeros((1, BINS)), 0.0, np.array([0.1]), np.array([1.3])).round(1)
    array([1.3])
    """
    near = np.maximum(SEEN_PER_YEAR * min(1.0, SEEN_YEARS / max(years, 1e-9)), 2 * per_year)
    nearest = believed * (per_year / near) ** (1 / EXPONENT)
    first = np.minimum(np.searchsorted(LEVELS, nearest), BINS - 1)
    each, base = np.arange(len(counts)), LEVELS[first]
    ends_in = np.where(np.arange(BINS) >= first[:, None], counts, 0.0)
    above = np.cumsum(ends_in[:, ::-1], axis=1)[:, ::-1]
    farness = np.einsum("ks,ks->k", ends_in, np.log(CENTRES / base[:, None]))
    exponent = (BELIEF_EXCURSIONS + above[:, 0]) / (BELIEF_EXCURSIONS / EXPONENT + farness)
    share = 1 - 2 ** (-exponent / STEPS_PER_OCTAVE)
    at_risk = np.where(np.arange(BINS) >= first[:, None], above, 0.0)
    ends = (BELIEF_EXCURSIONS * share[:, None] + ends_in) / (BELIEF_EXCURSIONS + at_risk)
    before = per_year * (believed / base) ** EXPONENT
    rate = (BELIEF_RATE + above[:, 0]) / (BELIEF_RATE / before + years)
    left = np.cumsum(np.log1p(-ends), axis=1)
    left = np.concatenate([np.zeros((len(counts), 1)), left], axis=1)
    left += (np.log(rate / per_year) - left[each, first])[:, None]
    step = (left > 0).sum(axis=1) - 1
    inner = np.clip(step, 0, BINS - 1)
    part = left[each, inner] / (left[each, inner] - left[each, inner + 1])
    octaves = (inner + part) / STEPS_PER_OCTAVE
    last = left[:, -1] / exponent / np.log(2) + BINS / STEPS_PER_OCTAVE
    level: Floats = np.clip(LEVEL_FIRST * 2 ** np.where(step >= BINS, last, octaves), LOWEST, HIGHEST)
    return level
