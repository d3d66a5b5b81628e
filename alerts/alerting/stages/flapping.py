"""A finding that comes and goes is shown, and opens a ticket once it has stood for a while without a break."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.hazard import speaks_for_itself
from alerts.alerting.tables import alerts, episodes
from alerts.database import Transaction
from alerts.tickets.opening import find_open
from alerts.tickets.sla import DAY_MS, HOUR_MS
from alerts.tickets.tables import IS_OPEN, tickets
from ingest.profiles.definition import Profile

FLAPPING = DecisionReason(
    "flapping",
    "It comes and goes; a ticket is opened when it has stood for a while without a break.",
    "反复出现又消失；持续存在一段时间后将开立工单。",
)


def decide(t: Transaction, alert: Row[Any], profile: Profile | None) -> Decision | None:
    """Note, while it was raised many times lately and stands only since a short time; an open ticket goes on following it."""
    rule, columns = t.rules.flapping, episodes.c
    is_steady = t.now_ms - alert.raised_ms >= rule.steady_hours * HOUR_MS
    if is_steady or speaks_for_itself(alert, profile):
        return None
    raised = select(func.count()).where(
        columns.appliance_id == alert.appliance_id,
        columns.fault_mode == alert.fault_mode,
        columns.raised_ms > t.now_ms - rule.within_days * DAY_MS,
    )
    if t.connection.execute(raised).scalar_one() < rule.times:
        return None
    return None if find_open(t, alert.appliance_id, alert.fault_mode) else Decision(Action.NOTE, FLAPPING)


def still_holds(t: Transaction) -> ColumnElement[bool]:
    """Whether it stands only since a short time, and no ticket is open that it could join."""
    open_one = select(tickets.c.number).where(
        tickets.c.appliance_id == alerts.c.appliance_id,
        tickets.c.fault_mode == alerts.c.fault_mode,
        IS_OPEN,
    )
    since_ms = t.now_ms - t.rules.flapping.steady_hours * HOUR_MS
    return and_(alerts.c.raised_ms > since_ms, ~open_one.correlate(alerts).exists())


STAGE = Stage(decide, (FLAPPING,), still_holds)
