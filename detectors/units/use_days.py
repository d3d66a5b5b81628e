"""Use, day by day: from the readings of one appliance to the number that a profile counts its use by.

Nothing is learned and nothing is judged here. A day (UTC) without such readings has no number; it is not zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ingest.profiles.care import Use, UseStatistic

DAY_MS = 86_400_000
APART_MS = 1_800_000
"""Readings further apart belong to two runs."""
REACH_MS = 900_000
"""A reading holds for the time to the next one, where that is no longer than this; else for as long as its others do."""

Times = NDArray[np.int64]
Floats = NDArray[np.float64]


def days_of(use: Use, ts_ms: Times, values: Floats | None, *, usual_interval_s: float) -> dict[int, float]:
    """Day since 1970 → number, of readings (N,) in order of time; ``values`` (N,), in the metric's unit, are None where it has none.

    Runs and hours come from times alone, as any reading of a mode says that it is in use; the others need a value to count.

    >>> from ingest.profiles.care import Use, UseStatistic
    >>> runs = Use("runs", UseStatistic.RUNS, "", {"en": "Programmes"}, modes=("wash",))
    >>> days_of(runs, np.array([0, 60_000, 7_200_000], np.int64), None, usual_interval_s=60)
    {0: 2.0}
    """
    if values is not None:
        there = ~np.isnan(values)
        ts_ms, values = ts_ms[there], values[there]
    if not len(ts_ms):
        return {}
    day = ts_ms // DAY_MS
    if use.statistic is UseStatistic.RUNS:
        return _summed(day, (np.diff(ts_ms, prepend=ts_ms[0] - APART_MS - 1) > APART_MS).astype(float))
    if use.statistic is UseStatistic.HOURS:
        return _summed(day, _held_ms(ts_ms, usual_interval_s) / 3_600_000)
    if values is None:
        return {}
    if use.statistic is UseStatistic.DELTA:
        return _summed(day, np.maximum(np.diff(values, prepend=values[0]), 0.0))
    found = {}
    for one in np.unique(day).tolist():
        of_day = values[day == one]
        number = {UseStatistic.MEAN: of_day.mean, UseStatistic.MAX: of_day.max, UseStatistic.MIN: of_day.min}
        found[one] = float(number[use.statistic]())
    return found


def _held_ms(ts_ms: Times, usual_interval_s: float) -> Floats:
    """For how long each reading holds."""
    usual_ms = usual_interval_s * 1000
    apart = np.diff(ts_ms).astype(float)
    near = apart[apart <= max(REACH_MS, usual_ms)]
    own_ms = float(np.median(near)) if len(near) else usual_ms
    ahead = np.append(apart, own_ms)
    return np.where(ahead <= max(REACH_MS, usual_ms), ahead, own_ms)


def _summed(day: Times, numbers: Floats) -> dict[int, float]:
    """What adds up on each day."""
    days, of = np.unique(day, return_inverse=True)
    return dict(zip(days.tolist(), np.bincount(of, numbers).tolist(), strict=True))
