"""Rules that have changed: open tickets go by the new ones from now on, and what they have spent stays spent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Join, and_, or_, select

from alerts.appliances.tables import appliances
from alerts.database import SYSTEM, Transaction
from alerts.notices.changes import Subject, record_change
from alerts.tickets.clock_keeping import facts_of, settle_clocks
from alerts.tickets.opening import add_history
from alerts.tickets.tables import IS_OPEN, tickets
from alerts.tickets.terms import wanted_terms

MOVED_AT_ONCE = 500
_FACTS = (
    tickets.c.source,
    tickets.c.priority,
    tickets.c.kind,
    appliances.c.region,
    tickets.c.contract,
    tickets.c.type,
    tickets.c.terms_id,
)


def has_other_terms(t: Transaction) -> bool:
    """Whether any open ticket goes by terms that the rules no longer have for it."""
    return any(True for _ in _outdated(t))


def move_to_terms(t: Transaction) -> int:
    """Put some of those tickets under their terms of now; returns how many. Their history says so."""
    groups = list(_outdated(t))
    if not groups:
        return 0
    which = or_(*[and_(*[column.is_not_distinct_from(value) for column, value in group]) for group in groups[:50]])
    query = select(tickets.c.id, tickets.c.number, tickets.c.status, tickets.c.terms_id).select_from(_joined())
    query = query.where(IS_OPEN, which).order_by(tickets.c.number)
    rows = t.connection.execute(query.limit(MOVED_AT_ONCE)).all()
    for row in rows:
        settle_clocks(t, row.id)
        if row.terms_id is not None:
            add_history(t.by(SYSTEM), row.id, event="terms_changed")
        record_change(t, Subject.TICKET, row.id, {"number": row.number, "status": row.status})
    return len(rows)


def _outdated(t: Transaction) -> Iterator[list[tuple[Any, Any]]]:
    """The groups of open tickets, by what policies look at, whose terms are not those of the rules."""
    query = select(*_FACTS).select_from(_joined()).where(IS_OPEN)
    for row in t.connection.execute(query.group_by(*_FACTS)).all():
        if wanted_terms(t.rules, facts_of(row)).id != row.terms_id:
            yield list(zip(_FACTS, row, strict=True))


def _joined() -> Join:
    return tickets.outerjoin(appliances, appliances.c.id == tickets.c.appliance_id)
