"""A consequence of a fault whose ticket is open joins that ticket and gets none of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, select

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.tables import alerts
from alerts.database import Transaction
from alerts.tickets.symptoms import find_cause
from alerts.tickets.tables import IS_OPEN, tickets
from ingest.profiles.definition import Profile

SYMPTOM_OF_OPEN_TICKET = DecisionReason(
    "symptom_of_open_ticket",
    "It follows from a fault whose ticket is open; it stands there as evidence.",
    "这是另一故障的后果，该故障的工单已开立；已作为证据附于该工单。",
)


def decide(t: Transaction, alert: Row[Any], profile: Profile | None) -> Decision | None:
    """Note, on the ticket of the cause, while that is open."""
    cause = find_cause(t, alert.appliance_id, alert.fault_mode, profile)
    return None if cause is None else Decision(Action.NOTE, SYMPTOM_OF_OPEN_TICKET, cause.id)


def still_holds(_t: Transaction) -> ColumnElement[bool]:
    """Whether the ticket that it joined is open; one that is given to another fault asks about its consequences itself."""
    joined = select(tickets.c.number).where(tickets.c.id == alerts.c.ticket_id, IS_OPEN)
    return joined.correlate(alerts).exists()


STAGE = Stage(decide, (SYMPTOM_OF_OPEN_TICKET,), still_holds)
