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

from collections.abc import Sequence
from math import isnan, nan

CHANNELS = ("level", "step", "shift", "hour", "usual_hour", "week", "dwell", "quieter")
NUMBERS = (
    "count", "last", "long", "fast", "slow", "variance", "middle", "dwell", "moved_fast", "moved_slow",
)  # fmt: skip
DAY_HOURS, WEEK_HOURS = 24, 168
HOURS = 3 * DAY_HOURS + WEEK_HOURS
LONG, SLOW, FAST, MIDDLE, DWELL, MOVED = 1 / 2000, 1 / 50, 1 / 5, 1 / 500, 1 / 12, 1 / 25
HOUR, USUAL_HOUR, WEEK = 0.1, 0.02, 0.15
_LEAST = 1e-30

Row = tuple[float, ...]


def follow(
    numbers: list[float], hours: list[float], readings: Sequence[float], week_hours: Sequence[int]
) -> tuple[list[Row], list[tuple[float, float]]]:
    """What the channels say of readings in their order, and the mean and variance before each; moves the state along.

    ``week_hours``: the hour of the week of each reading.
    """
    count, last, long, fast, slow, variance, middle, dwell, moved_fast, moved_slow = numbers
    said: list[Row] = []
    before: list[tuple[float, float]] = []
    for x, week_hour in zip(readings, week_hours, strict=True):
        count += 1
        young = 1 / count
        if count == 1:
            last = long = fast = slow = middle = x
        hour = week_hour % DAY_HOURS
        usual, times, weekly = DAY_HOURS + hour, 2 * DAY_HOURS + hour, 3 * DAY_HOURS + week_hour
        seen = hours[times]
        at_hour, at_usual, at_week = hours[hour], hours[usual], hours[weekly]
        if isnan(seen):
            seen, at_hour, at_usual = 0.0, middle, middle
        if isnan(at_week):
            at_week = at_usual
        moved = abs(x - last)
        fast += max(FAST, young) * (x - fast)
        dwell += max(DWELL, young) * (x - at_usual - dwell)
        moved_fast += max(MOVED, young) * (moved - moved_fast)
        quieter = (moved_slow * (1 + 1e-9) + _LEAST) / (moved_fast + 1e-9 * moved_slow + _LEAST)
        said.append(
            (
                abs(x - long), moved, abs(fast - slow), abs(x - at_hour), abs(x - at_usual), abs(x - at_week),
                abs(dwell), quieter,
            )
        )  # fmt: skip
        before.append((slow, variance))
        spread = x - slow
        variance += max(LONG, young) * (spread * spread - variance)
        slow += max(SLOW, young) * spread
        long += max(LONG, young) * (x - long)
        middle += max(MIDDLE, young) * (x - middle)
        moved_slow += max(LONG, young) * (moved - moved_slow)
        seen += 1
        hours[times] = seen
        hours[hour] = at_hour + max(HOUR, 1 / seen) * (x - at_hour)
        hours[usual] = at_usual + max(USUAL_HOUR, 1 / seen) * (x - at_usual)
        hours[weekly] = at_week + WEEK * (x - at_week)
        last = x
    numbers[:] = [count, last, long, fast, slow, variance, middle, dwell, moved_fast, moved_slow]
    return said, before


def unread() -> tuple[list[float], list[float]]:
    """The state of a metric never read."""
    return [0.0] * len(NUMBERS), [nan] * HOURS
