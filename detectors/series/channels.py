"""Channels: what of a reading is unlike what its metric did before, as a few plain numbers, all ≥ 0.

Idea: cheap, complementary views of one metric. Formula, with x the reading, means exponential with the gain written behind
them (and 1/n while they are young), usual(h) the mean of the readings at this hour::

    level        |x - mean 1/2000|
    step         |x - reading before|
    shift        |mean 1/5 - mean 1/50|
    hour         |x - usual(hour of day, 1/10)|
    usual_hour   |x - usual(hour of day, 1/50)|
    week         |x - usual(hour of week, 1/7)|
    dwell        |mean 1/12 of x - usual(hour of day, 1/50)|: it stays where it should not be
    quieter      how many times less it moves than it used to

Hours are those of UTC. State: :data:`NUMBERS` and :data:`HOURS` per metric. Score first, then learn.

Reference: Lavin and Ahmad 2015, Evaluating Real-Time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark
(arXiv:1510.03336), whose series the channels were chosen on.
"""

from __future__ import annotations

from math import nan

import numpy as np
from numpy.typing import NDArray

CHANNELS = ("level", "step", "shift", "hour", "usual_hour", "week", "dwell", "quieter")
NUMBERS = (
    "count", "last", "long", "fast", "slow", "variance", "middle", "dwell", "moved_fast", "moved_slow",
)  # fmt: skip
DAY_HOURS, WEEK_HOURS = 24, 168
HOURS = 3 * DAY_HOURS + WEEK_HOURS
LONG, SLOW, FAST, MIDDLE, DWELL, MOVED = 1 / 2000, 1 / 50, 1 / 5, 1 / 500, 1 / 12, 1 / 25
HOUR, USUAL_HOUR, WEEK = 0.1, 0.02, 0.15
HOUR_GROWN = 50
"""After so many readings no hour of the day is young any more."""
GAINS = LONG, SLOW, FAST, MIDDLE, DWELL, MOVED
MEMORIES = 2000
"""After so many readings no mean is young any more."""
_LEAST = 1e-30

Floats = NDArray[np.float64]


def follow(
    numbers: list[float], hours: list[float], readings: Floats, week_hours: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """What the channels say of N readings in their order (channels, N), and the mean and variance before each (2, N).

    ``week_hours`` (N,): the hour of the week of each reading. Moves the state along: means by a loop over readings, for each
    builds on the one before, and what is said of them at once.
    """
    old = min(int(max(MEMORIES - numbers[0], 0)), len(readings))
    parts = [
        _means(numbers, hours, readings[part].tolist(), week_hours[part].tolist(), is_young=is_young)
        for part, is_young in ((slice(0, old), True), (slice(old, None), False))
        if len(readings[part])
    ]
    last, long, fast, slow, variance, dwell, moved_fast, moved_slow, at_hour, at_usual, at_week = (
        np.concatenate(parts, axis=1) if parts else np.empty((11, 0))
    )
    x = readings
    quieter = (moved_slow * (1 + 1e-9) + _LEAST) / (moved_fast + 1e-9 * moved_slow + _LEAST)
    said = np.stack(
        [np.abs(x - long), np.abs(x - last), np.abs(fast - slow), np.abs(x - at_hour), np.abs(x - at_usual),
         np.abs(x - at_week), np.abs(dwell), quieter]
    )  # fmt: skip
    return said, np.stack([slow, variance])


def _means(
    numbers: list[float], hours: list[float], readings: list[float], week_hours: list[int], *, is_young: bool
) -> Floats:
    """The means that each reading is held against (11, N); those that it is part of itself are fast, dwell and moved_fast.

    A loop, as the means of a row rest on those of the row before. The others are noted before they learn, so that no reading is
    held against itself.
    """
    count, last, long, fast, slow, variance, middle, dwell, moved_fast, moved_slow = numbers
    before = [last if count else readings[0], *readings]
    hour_of = -1
    g_long, g_slow, g_fast, g_middle, g_dwell, g_moved = LONG, SLOW, FAST, MIDDLE, DWELL, MOVED
    rows: list[tuple[float, ...]] = []
    for x, last, week_hour in zip(readings, before, week_hours, strict=False):
        count += 1
        if is_young:
            young = 1 / count
            g_long, g_slow, g_fast, g_middle, g_dwell, g_moved = [max(one, young) for one in GAINS]
            if count == 1:
                long = fast = slow = middle = x
        if week_hour != hour_of:
            hour_of, hour = week_hour, week_hour % DAY_HOURS
            usual, times, weekly = DAY_HOURS + hour, 2 * DAY_HOURS + hour, 3 * DAY_HOURS + week_hour
        seen, at_hour, at_usual, at_week = hours[times], hours[hour], hours[usual], hours[weekly]
        if seen != seen:  # noqa: PLR0124 - NaN test
            seen, at_hour, at_usual = 0.0, middle, middle
        if at_week != at_week:  # noqa: PLR0124 - NaN test
            at_week = at_usual
        moved = abs(x - last)
        fast += g_fast * (x - fast)
        dwell += g_dwell * (x - at_usual - dwell)
        moved_fast += g_moved * (moved - moved_fast)
        rows.append((last, long, fast, slow, variance, dwell, moved_fast, moved_slow, at_hour, at_usual, at_week))
        spread = x - slow
        variance += g_long * (spread * spread - variance)
        slow += g_slow * spread
        long += g_long * (x - long)
        middle += g_middle * (x - middle)
        moved_slow += g_long * (moved - moved_slow)
        seen += 1
        hours[times] = seen
        at, at_slow = (HOUR, USUAL_HOUR) if seen >= HOUR_GROWN else (max(HOUR, 1 / seen), max(USUAL_HOUR, 1 / seen))
        hours[hour] = at_hour + at * (x - at_hour)
        hours[usual] = at_usual + at_slow * (x - at_usual)
        hours[weekly] = at_week + WEEK * (x - at_week)
    numbers[:] = [count, readings[-1], long, fast, slow, variance, middle, dwell, moved_fast, moved_slow]
    return np.array(rows).T


def unread() -> tuple[list[float], list[float]]:
    """The state of a metric never read."""
    return [0.0] * len(NUMBERS), [nan] * HOURS
