"""A rule that has just cleared rests: crossing its limit again at once is the same crossing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.hazard import is_hazard
from alerts.alerting.tables import alerts, episodes
from alerts.database import Transaction
from alerts.tickets.opening import find_open
from alerts.tickets.sla import HOUR_MS
from alerts.tickets.tables import IS_OPEN, tickets
from detectors.finding import FindingChannel
from ingest.profiles.definition import Profile

RULE_RESTS = DecisionReason(
    "rule_rests",
    "Its rule has only just cleared; if it still holds when the rule has rested, it goes on.",
    "该规则刚刚解除；静置时间过后若仍成立，将继续处理。",
)


def decide(t: Transaction, alert: Row[Any], profile: Profile | None) -> Decision | None:
    """Hold what a fixed rule says so soon after it had cleared; an open ticket goes on following it."""
    if alert.channel != FindingChannel.RULE or is_hazard(alert, profile):
        return None
    columns = episodes.c
    cleared = select(func.max(columns.cleared_ms)).where(
        columns.appliance_id == alert.appliance_id,
        columns.fault_mode == alert.fault_mode,
        columns.cleared_ms <= alert.raised_ms,
    )
    cleared_ms = t.connection.execute(cleared).scalar_one()
    if cleared_ms is None or t.now_ms >= cleared_ms + t.rules.refractory.hours * HOUR_MS:
        return None
    return None if find_open(t, alert.appliance_id, alert.fault_mode) else Decision(Action.HOLD, RULE_RESTS)


def still_holds(t: Transaction) -> ColumnElement[bool]:
    """Whether its rule had cleared so lately, and no ticket is open that it could join."""
    lately = select(episodes.c.n).where(
        episodes.c.appliance_id == alerts.c.appliance_id,
        episodes.c.fault_mode == alerts.c.fault_mode,
        episodes.c.cleared_ms <= alerts.c.raised_ms,
        episodes.c.cleared_ms > t.now_ms - t.rules.refractory.hours * HOUR_MS,
    )
    open_one = select(tickets.c.number).where(
        tickets.c.appliance_id == alerts.c.appliance_id, tickets.c.fault_mode == alerts.c.fault_mode, IS_OPEN
    )
    return and_(lately.correlate(alerts).exists(), ~open_one.correlate(alerts).exists())


STAGE = Stage(decide, (RULE_RESTS,), still_holds)
