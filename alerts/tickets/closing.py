"""A repair that nobody has answered for is taken as accepted after a while, and the history says so."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from alerts.database import SYSTEM, Transaction
from alerts.lifecycle import TicketState, TicketStep
from alerts.tickets.sla import DAY_MS
from alerts.tickets.steps import WhenOver, take_step
from alerts.tickets.tables import ticket_history, tickets
from alerts.tickets.ticket import StepBody

CLOSES_AFTER_DAYS = 14
"""How long the customer may say that it is not repaired."""
CLOSED_AT_ONCE = 200


def has_unanswered(t: Transaction) -> bool:
    """Whether any repair has waited long enough."""
    return t.connection.execute(select(tickets.c.id).where(_is_unanswered(t)).limit(1)).first() is not None


def close_unanswered(t: Transaction, when_over: WhenOver) -> int:
    """Close some of the repairs that have waited long enough; returns how many."""
    query = select(tickets.c.id).where(_is_unanswered(t)).order_by(tickets.c.number).limit(CLOSED_AT_ONCE)
    found = t.connection.execute(query).scalars().all()
    note = StepBody(note=f"Nobody has objected for {CLOSES_AFTER_DAYS} days.")
    for ticket_id in found:
        take_step(t.by(SYSTEM), ticket_id, TicketStep.CLOSE, note, expected_version=None, when_over=when_over)
    return len(found)


def _is_unanswered(t: Transaction) -> ColumnElement[bool]:
    line = ticket_history.c
    repaired = TicketState.REPAIRED.value
    since_ms = (
        select(func.max(line.at_ms))
        .where(line.ticket_id == tickets.c.id, line.to_status == repaired, line.from_status != repaired)
        .scalar_subquery()
    )
    return (tickets.c.status == repaired) & (since_ms <= t.now_ms - CLOSES_AFTER_DAYS * DAY_MS)
