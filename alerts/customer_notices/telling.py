"""Who is told of what: the owner of an appliance whose data is at fault, where a look at home helps.

A customer is told of one appliance at a time: a home whose network is gone is one word, not one of each. Only who allowed to be written to about service, by mail; only at the hours of their home; each fault a few times at most, days
apart, and one fault at a time. Decided by the desk; whoever delivers it asks the same again (:mod:`alerts.customer_notices.mail`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, and_, exists, func, insert, or_, select, update

from alerts.alerting.tables import alerts
from alerts.alerting.unheard import CONNECTION_LOST
from alerts.audit.chain import record_audit
from alerts.calendars.business_hours import MINUTE_MS
from alerts.customer_notices.tables import customer_notices
from alerts.customers.consenting import is_allowed
from alerts.customers.customer import ContactChannel, Purpose
from alerts.customers.tables import customers, ownerships, sites
from alerts.database import SYSTEM, Transaction
from alerts.lifecycle import AlertState
from alerts.notices.changes import put_notice
from alerts.rules.calendars import calendar_of

DATA_FAULT = "customer.data_fault"
"""The notice that the customers' receiver writes a mail of."""
HELPED_AT_HOME = (CONNECTION_LOST, "data_gap")
"""Faults of the data that somebody at home can look after; a stuck sensor is none."""
DAY_MS = 24 * 3_600_000
AT_ONCE = 500


def tell_customers(t: Transaction) -> int:
    """Tell whoever is due now; returns how many were."""
    told = set[str]()
    for row in t.connection.execute(_due(t)).all():
        if row.customer_id not in told and may_be_told(t, row.customer_id, row.site_id):
            _tell(t.by(SYSTEM), row)
            told.add(row.customer_id)
    return len(told)


def has_due(t: Transaction) -> bool:
    """Whether anybody might be told now; most may not, at night."""
    return t.connection.execute(_due(t).limit(1)).first() is not None


def may_be_told(t: Transaction, customer_id: str, site_id: str | None) -> bool:
    """Whether this customer may be written to now: they allowed it, and it is an hour for it where they live."""
    zone = select(sites.c.time_zone).where(sites.c.id == site_id)
    calendar = calendar_of(t.connection.execute(zone).scalar_one_or_none() or "UTC", t.rules.data_faults.customer_hours)
    is_time = calendar.between(t.now_ms, t.now_ms + MINUTE_MS) > 0
    return is_time and is_allowed(t, customer_id, Purpose.SERVICE, ContactChannel.MAIL)


def _due(t: Transaction) -> Any:
    """Standing faults that somebody can help with, with the owner and what they were told before."""
    rules, told, other = t.rules.data_faults, customer_notices.c, customer_notices.alias()
    newest = (
        select(alerts.c.appliance_id, func.min(alerts.c.n).label("n"))
        .where(alerts.c.fault_mode.in_(HELPED_AT_HOME), alerts.c.state == AlertState.FIRING.value)
        .where(alerts.c.raised_ms <= t.now_ms - round(rules.tell_customer_after_days * DAY_MS))
        .group_by(alerts.c.appliance_id)
        .subquery()
    )
    joined = (
        newest.join(alerts, alerts.c.n == newest.c.n)
        .join(ownerships, and_(ownerships.c.appliance_id == newest.c.appliance_id, ownerships.c.until_ms.is_(None)))
        .join(customers, and_(customers.c.id == ownerships.c.customer_id, customers.c.erased_ms.is_(None)))
        .outerjoin(
            customer_notices,
            and_(told.appliance_id == newest.c.appliance_id, told.customer_id == ownerships.c.customer_id),
        )
    )
    rested = told.told_ms <= t.now_ms - round(rules.again_after_days * DAY_MS)
    lately = other.c.told_ms > t.now_ms - round(rules.again_after_days * DAY_MS)
    others = exists().where(other.c.customer_id == ownerships.c.customer_id, lately)
    is_due = ~others & or_(told.n.is_(None), rested & or_(told.since_ms != alerts.c.onset_ms, told.times < rules.times))
    columns = (alerts.c.appliance_id, alerts.c.kind, alerts.c.fault_mode, alerts.c.onset_ms)
    before = (told.n.label("notice_n"), told.since_ms, told.times, told.told_ms)
    return (
        select(*columns, ownerships.c.customer_id, ownerships.c.site_id, *before)
        .select_from(joined)
        .where(is_due)
        .order_by(newest.c.n)
        .limit(AT_ONCE)
    )


def _tell(t: Transaction, row: Row[Any]) -> None:
    times = row.times + 1 if row.since_ms == row.onset_ms else 1
    values = {"matter": row.fault_mode, "since_ms": row.onset_ms, "times": times, "told_ms": t.now_ms}
    key = {"appliance_id": row.appliance_id, "customer_id": row.customer_id}
    if row.notice_n is None:
        statement = insert(customer_notices).values(**key, **values).returning(customer_notices.c.n)
        number = t.connection.execute(statement).scalar_one()
    else:
        number = row.notice_n
        t.connection.execute(update(customer_notices).where(customer_notices.c.n == number).values(values))
    before = None if row.notice_n is None else {name: getattr(row, name) for name in ("since_ms", "times", "told_ms")}
    record_audit(t, "customer.notice", row.customer_id, before=before, after=values, about=key)
    told = {**key, "kind": row.kind, "notice": number, **values}
    put_notice(t, DATA_FAULT, row.appliance_id, told, dedupe_key=f"customer-notice-{number}:{row.onset_ms}:{times}")
