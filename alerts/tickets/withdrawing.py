"""Tickets of single appliances are withdrawn where an incident explains them and nobody has touched them yet."""

from __future__ import annotations

from sqlalchemy import select

from alerts.database import SYSTEM, Transaction
from alerts.incidents.tables import incident_members, incidents
from alerts.lifecycle import TicketState, TicketStep
from alerts.tickets.steps import WhenOver, take_step
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import StepBody

WITHDRAWN_AT_ONCE = 1000


def withdraw(t: Transaction, incident_id: str, *, when_over: WhenOver) -> int:
    """Cancel the open tickets of an incident's members that have nobody yet; returns how many."""
    number = t.connection.execute(select(incidents.c.number).where(incidents.c.id == incident_id)).scalar_one()
    of_members = select(incident_members.c.alert_id).where(incident_members.c.incident_id == incident_id)
    columns = tickets.c
    query = select(columns.id).where(
        columns.alert_id.in_(of_members), columns.status == TicketState.OPEN.value, columns.assignee.is_(None)
    )
    found = t.connection.execute(query.order_by(columns.number).limit(WITHDRAWN_AT_ONCE)).scalars().all()
    note = StepBody(note=f"Incident {number} explains it.")
    for ticket_id in found:
        take_step(t.by(SYSTEM), ticket_id, TicketStep.CANCEL, note, expected_version=None, when_over=when_over)
    return len(found)
