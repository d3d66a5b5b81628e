"""Consumables of one appliance: how much of each one's life remains, from use since it was renewed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import func, select

from alerts.care.care import UsedUp
from alerts.care.tables import consumables, use_counted, use_days
from alerts.care.windows import day_of
from alerts.database import Transaction
from ingest.profiles.care import Consumable
from ingest.profiles.definition import Profile

EPOCH = date(1970, 1, 1)
RATE_DAYS = 56
"""What is used a day is the mean over so many days, idle ones among them."""


def date_of(day: int) -> date:
    """The date of a day since 1970."""
    return EPOCH + timedelta(days=day)


def used_up(t: Transaction, appliance_id: str, profile: Profile) -> tuple[UsedUp, ...]:
    """Every consumable of an appliance whose use is counted, the one that is due first before the others."""
    counted = t.connection.execute(select(use_counted).where(use_counted.c.appliance_id == appliance_id)).one_or_none()
    if counted is None:
        return ()
    query = select(consumables.c.name, consumables.c.since_day).where(consumables.c.appliance_id == appliance_id)
    renewed = {row.name: row.since_day for row in t.connection.execute(query)}
    today = day_of(t.now_ms)
    found = [
        _one(t, appliance_id, one, renewed, first_day=counted.first_day, today=today)
        for one in profile.consumables.values()
    ]
    return tuple(sorted(found, key=lambda one: (one.due_on, one.consumable.name)))


def _one(
    t: Transaction, appliance_id: str, one: Consumable, renewed: Mapping[str, int], *, first_day: int, today: int
) -> UsedUp:
    since = renewed.get(one.name, first_day - 1)
    used = _sum(t, appliance_id, one.use, after=since)
    remaining = max(0.0, min(1 - used / one.life, 1 - (today - since) / one.days_most))
    span = min(RATE_DAYS, today - first_day)
    a_day = _sum(t, appliance_id, one.use, after=today - 1 - span) / span if span > 0 else 0.0
    left = [since + one.days_most]
    if a_day > 0:
        left.append(today + round(max(0.0, one.life - used) / a_day))
    return UsedUp(
        consumable=one,
        since=date_of(since),
        is_since_known=one.name in renewed,
        used=round(used, 2),
        remaining=round(remaining, 3),
        due_on=date_of(max(today, min(left))),
    )


def _sum(t: Transaction, appliance_id: str, name: str, *, after: int) -> float:
    days = use_days.c
    query = select(func.sum(days.value)).where(days.appliance_id == appliance_id, days.name == name, days.day > after)
    return float(t.connection.execute(query).scalar_one() or 0.0)
