"""Spans of days: what a use came to in one, and by how much it differs between two."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, variance

from sqlalchemy import select

from alerts.care.care import Change
from alerts.care.tables import use_days
from alerts.database import Transaction
from alerts.indicators.intervals import Z
from ingest.profiles.care import OverDays

DAY_MS = 86_400_000
LEAST = 3
"""Fewer days say nothing of how far days differ by chance."""


def day_of(at_ms: int) -> int:
    """The day (UTC) since 1970."""
    return at_ms // DAY_MS


def values_between(t: Transaction, appliance_id: str, *, first: int, last: int) -> dict[str, dict[int, float]]:
    """Name of the use → day → number, of the days from ``first`` to ``last``, both of them."""
    query = select(use_days.c.name, use_days.c.day, use_days.c.value).where(
        use_days.c.appliance_id == appliance_id, use_days.c.day >= first, use_days.c.day <= last
    )
    found: dict[str, dict[int, float]] = {}
    for name, day, value in t.connection.execute(query.order_by(use_days.c.day)):
        found.setdefault(name, {})[day] = value
    return found


def within(values: Mapping[int, float], *, first: int, last: int) -> list[float]:
    """The numbers of the days from ``first`` to ``last``."""
    return [value for day, value in values.items() if first <= day <= last]


def taken(over: OverDays, numbers: Sequence[float]) -> float:
    """Several days as one number; there is at least one."""
    if over is OverDays.MEAN:
        return fmean(numbers)
    if over is OverDays.SUM:
        return sum(numbers)
    return max(numbers) if over is OverDays.MAX else min(numbers)


def change_between(before: Sequence[float], after: Sequence[float]) -> Change | None:
    """The mean after less the mean before, with the 95 % interval of Welch (normal); None where too few days are known.

    Days are taken for independent of each other, so a week of visitors may look like a change.

    >>> change_between([10, 11, 12], [7, 8, 9])
    Change(mean=-3.0, low=-4.6003, high=-1.3997)
    """
    if len(before) < LEAST or len(after) < LEAST:
        return None
    mean = fmean(after) - fmean(before)
    half = Z * math.sqrt(variance(before) / len(before) + variance(after) / len(after))
    return Change(round(mean, 4), round(mean - half, 4), round(mean + half, 4))
