"""A deviation that began before a repair is taken for the old fault's echo, for a while."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.tables import alerts
from alerts.database import Transaction
from alerts.tickets.sla import DAY_MS
from alerts.tickets.tables import IS_OVER, tickets
from ingest.profiles.definition import Profile

REPAIR_GRACE_MS = 3 * DAY_MS
"""How long after a ticket has ended a deviation that began before counts as its echo."""

INHIBITED_RECENT_REPAIR = DecisionReason(
    "inhibited_recent_repair",
    "It began before its last ticket ended; if it stands three days after that, a ticket is opened.",
    "该偏差始于上一工单结束之前；若结束三天后仍存在，将开立工单。",
)


def decide(t: Transaction, alert: Row[Any], _profile: Profile | None) -> Decision | None:
    """Hold, until the grace behind the last ended ticket of this fault mode is over."""
    query = select(func.max(tickets.c.closed_ms)).where(
        tickets.c.appliance_id == alert.appliance_id,
        tickets.c.fault_mode == alert.fault_mode,
        IS_OVER,
    )
    closed_ms = t.connection.execute(query).scalar_one()
    is_echo = closed_ms is not None and alert.onset_ms < closed_ms and t.now_ms < closed_ms + REPAIR_GRACE_MS
    return Decision(Action.HOLD, INHIBITED_RECENT_REPAIR) if is_echo else None


def still_holds(t: Transaction) -> ColumnElement[bool]:
    """Whether such a ticket ended within the grace, behind the deviation's beginning."""
    ended = select(tickets.c.number).where(
        tickets.c.appliance_id == alerts.c.appliance_id,
        tickets.c.fault_mode == alerts.c.fault_mode,
        tickets.c.closed_ms > alerts.c.onset_ms,
        tickets.c.closed_ms > t.now_ms - REPAIR_GRACE_MS,
        IS_OVER,
    )
    return ended.correlate(alerts).exists()


STAGE = Stage(decide, (INHIBITED_RECENT_REPAIR,), still_holds)
