"""A fault that comes back soon opens its old ticket again, in place of a second one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, update

from alerts.database import Transaction
from alerts.lifecycle import TicketState, TicketStep
from alerts.tickets.opening import DETECTOR, columns_of
from alerts.tickets.searching import note_search
from alerts.tickets.sla import DAY_MS
from alerts.tickets.steps import take_step
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import StepBody
from detectors.finding import Finding
from ingest.profiles.definition import Profile

AT_REOPENING = ("title", "component", "source", "priority", "contract")
"""What a ticket keeps of itself when its fault comes back, beside a higher priority."""


def reopen_from_finding(t: Transaction, finding: Finding, profile: Profile | None, *, alert_id: str) -> str | None:
    """Open the ticket of this fault again that was closed lately, or whose repair is watched; its id, or nothing where there is none."""
    row = last_ticket(t, finding.appliance_id, finding.fault_mode)
    within_ms = t.rules.reopening.within_days * DAY_MS
    if row is None or row.status != TicketState.CLOSED:
        return None
    if t.now_ms >= max(row.closed_ms + within_ms, row.watched_until_ms or 0):
        return None
    said = columns_of(t, finding, profile, alert_id=alert_id)
    columns = {name: value for name, value in said.items() if name not in AT_REOPENING}
    columns["priority"] = min(row.priority, said["priority"])
    t.connection.execute(update(tickets).where(tickets.c.id == row.id).values(columns))
    body = StepBody(
        note=f"The fault is back {round((t.now_ms - row.closed_ms) / DAY_MS, 1):g} days after it was closed."
    )
    take_step(t.by(DETECTOR), row.id, TicketStep.REOPEN, body, expected_version=None, when_over=_not_over)
    note_search(t, row.id)
    return str(row.id)


def last_ticket(t: Transaction, appliance_id: str, fault_mode: str) -> Row[Any] | None:
    """The newest ticket of an appliance for a fault mode, whatever became of it."""
    query = select(tickets).where(tickets.c.appliance_id == appliance_id, tickets.c.fault_mode == fault_mode)
    return t.connection.execute(query.order_by(tickets.c.number.desc()).limit(1)).first()


def _not_over(_t: Transaction, _ticket_id: str, _reason: str) -> None:
    raise AssertionError("a ticket that is opened again is not over")
