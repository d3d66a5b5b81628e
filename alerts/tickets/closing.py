"""A repair that nobody has answered for is taken as accepted after a while, and the history says so."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from alerts.database import SYSTEM, Transaction
from alerts.lifecycle import TicketState, TicketStep
from alerts.tickets.sla import DAY_MS
from alerts.tickets.steps import WhenOver, take_step
from alerts.tickets.tables import ticket_history, tickets
from alerts.tickets.ticket import StepBody

CLOSES_AFTER_DAYS = 14.0
"""How long the customer may say that it is not repaired, where the installation sets nothing else."""
CLOSED_AT_ONCE = 200


def has_unanswered(t: Transaction, after_days: float) -> bool:
    """Whether any repair has waited for ``after_days``."""
    waited = _is_unanswered(t, after_days)
    return t.connection.execute(select(tickets.c.id).where(waited).limit(1)).first() is not None


def close_unanswered(t: Transaction, when_over: WhenOver, after_days: float) -> int:
    """Close some of the repairs that have waited for ``after_days``; returns how many."""
    query = select(tickets.c.id).where(_is_unanswered(t, after_days)).order_by(tickets.c.number).limit(CLOSED_AT_ONCE)
    found = t.connection.execute(query).scalars().all()
    note = StepBody(note=f"Nobody has objected for {after_days:g} days.")
    for ticket_id in found:
        take_step(t.by(SYSTEM), ticket_id, TicketStep.CLOSE, note, expected_version=None, when_over=when_over)
    return len(found)


def _is_unanswered(t: Transaction, after_days: float) -> ColumnElement[bool]:
    line = ticket_history.c
    repaired = TicketState.REPAIRED.value
    since_ms = (
        select(func.max(line.at_ms))
        .where(line.ticket_id == tickets.c.id, line.to_status == repaired, line.from_status != repaired)
        .scalar_subquery()
    )
    return (tickets.c.status == repaired) & (since_ms <= t.now_ms - round(after_days * DAY_MS))
