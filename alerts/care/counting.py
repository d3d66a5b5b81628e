"""Counting use: for which appliances it is due, and what came of it, day by day.

Nothing is counted of an appliance whose owner has said no to advice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, and_, delete, insert, or_, select

from alerts.appliances.tables import appliances
from alerts.care.tables import advices, consumables, use_counted, use_days
from alerts.customers.customer import Purpose
from alerts.customers.tables import consents, ownerships
from alerts.database import Transaction, upsert

BACK_DAYS = 56
"""How far back use is counted where it was never counted before: as much as two spans of advice."""
KEPT_DAYS = 1200
"""How long it is kept: as long as the longest life of a consumable."""


@dataclass(frozen=True, slots=True)
class Due:
    """An appliance whose use is to be counted from ``first`` to the day that was asked for."""

    appliance_id: str
    kind: str
    first: int


def due_of(t: Transaction, kinds: Collection[str], *, until: int, limit: int) -> list[Due]:
    """Appliances whose use was not counted up to this day, those first that wait longest."""
    counted, refused = use_counted.c, _refused()
    query = (
        select(appliances.c.id, appliances.c.kind, counted.day)
        .outerjoin(use_counted, counted.appliance_id == appliances.c.id)
        .where(appliances.c.kind.in_(sorted(kinds)), ~appliances.c.retired, appliances.c.id.not_in(refused))
        .where(or_(counted.day.is_(None), counted.day < until))
        .order_by(counted.day.is_not(None), counted.day, appliances.c.n)
        .limit(limit)
    )
    return [
        Due(row.id, row.kind, until - BACK_DAYS + 1 if row.day is None else max(row.day + 1, until - BACK_DAYS + 1))
        for row in t.connection.execute(query)
    ]


def keep(t: Transaction, due: Due, *, until: int, uses: Mapping[str, Mapping[int, float]]) -> None:
    """Write down what was counted; the same days again are the same rows."""
    days = use_days.c
    again = and_(days.appliance_id == due.appliance_id, days.day >= due.first, days.day <= until)
    t.connection.execute(delete(use_days).where(again))
    rows = [
        {"appliance_id": due.appliance_id, "day": day, "name": name, "value": value}
        for name, values in uses.items()
        for day, value in values.items()
        if due.first <= day <= until
    ]
    if rows:
        t.connection.execute(insert(use_days), rows)
    first = min((day for values in uses.values() for day in values if due.first <= day <= until), default=until)
    progress = {"appliance_id": due.appliance_id, "first_day": first, "day": until}
    made = upsert(t.connection, use_counted).values(progress)
    t.connection.execute(made.on_conflict_do_update(index_elements=["appliance_id"], set_={"day": until}))


def has_old(t: Transaction, *, today: int) -> bool:
    """Whether there is anything to drop."""
    counted = use_counted.c
    queries = (
        select(use_days.c.day).where(use_days.c.day < today - KEPT_DAYS),
        select(counted.day).where(counted.appliance_id.in_(_refused())),
    )
    return any(t.connection.execute(query.limit(1)).first() is not None for query in queries)


def forget(t: Transaction, *, today: int) -> None:
    """Drop what is older than anything looks back, and what was counted of whom says no."""
    t.connection.execute(delete(use_days).where(use_days.c.day < today - KEPT_DAYS))
    for table in (use_days, use_counted):
        t.connection.execute(delete(table).where(table.c.appliance_id.in_(_refused())))


def erase_care(t: Transaction, appliance_id: str) -> None:
    """Drop all of one appliance, for good."""
    for table in (use_days, use_counted, advices, consumables):
        t.connection.execute(delete(table).where(table.c.appliance_id == appliance_id))


def _refused() -> Select[tuple[str]]:
    """Appliances whose owner's newest word on advice as a whole is a no."""
    newer = consents.alias("newer")
    is_newest = ~(
        select(newer.c.n)
        .where(
            newer.c.customer_id == consents.c.customer_id,
            newer.c.purpose == consents.c.purpose,
            newer.c.channel.is_(None),
            newer.c.n > consents.c.n,
        )
        .exists()
    )
    return (
        select(ownerships.c.appliance_id)
        .join(consents, consents.c.customer_id == ownerships.c.customer_id)
        .where(ownerships.c.until_ms.is_(None), consents.c.purpose == Purpose.ADVICE.value)
        .where(consents.c.channel.is_(None), ~consents.c.is_given, is_newest)
    )
