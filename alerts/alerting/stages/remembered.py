"""What a person has found to be usage, or will not have fixed, is remembered until the evidence changes its class."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, or_, select

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.tables import alerts
from alerts.database import Transaction
from alerts.lifecycle import OVER
from alerts.tickets.reopening import last_ticket
from alerts.tickets.staying_true import SEVERITY_CLASSES, severity_class
from alerts.tickets.tables import IS_OVER, tickets
from alerts.tickets.ticket import Resolution, Verdict
from ingest.profiles.definition import Profile

WILL_NOT_BE_FIXED = DecisionReason(
    "will_not_be_fixed",
    "A person decided not to have it fixed; it opens a ticket when it becomes more severe.",
    "已决定不予维修；若严重程度升级，将开立工单。",
)
KNOWN_USAGE = DecisionReason(
    "known_usage",
    "It was found to come from usage; it opens a ticket when it becomes more severe.",
    "已判定为使用问题；若严重程度升级，将开立工单。",
)


def decide(t: Transaction, alert: Row[Any], _profile: Profile | None) -> Decision | None:
    """Note, while the evidence is of no higher class than when the last ticket ended with such a word."""
    last = last_ticket(t, alert.appliance_id, alert.fault_mode)
    if last is None or last.status not in OVER or severity_class(alert.severity) > severity_class(last.severity):
        return None
    if last.resolution == Resolution.WONT_FIX:
        return Decision(Action.NOTE, WILL_NOT_BE_FIXED)
    return Decision(Action.NOTE, KNOWN_USAGE) if last.verdict == Verdict.USAGE else None


def still_holds(_t: Transaction) -> ColumnElement[bool]:
    """Whether the last ticket ended with such a word, and the evidence is of no higher class."""
    newer = tickets.alias()
    later = select(newer.c.number).where(
        newer.c.appliance_id == alerts.c.appliance_id,
        newer.c.fault_mode == alerts.c.fault_mode,
        newer.c.number > tickets.c.number,
    )
    ended = select(tickets.c.number).where(
        tickets.c.appliance_id == alerts.c.appliance_id,
        tickets.c.fault_mode == alerts.c.fault_mode,
        IS_OVER,
        or_(tickets.c.resolution == Resolution.WONT_FIX.value, tickets.c.verdict == Verdict.USAGE.value),
        _class_of(alerts.c.severity) <= _class_of(tickets.c.severity),
        ~later.correlate(alerts, tickets).exists(),
    )
    return ended.correlate(alerts).exists()


def _class_of(severity: Any) -> ColumnElement[int]:
    """:func:`severity_class` of a column."""
    low, high = SEVERITY_CLASSES
    known = func.coalesce(severity, 0.0)
    return case((known >= high, 2), (known >= low, 1), else_=0)


STAGE = Stage(decide, (WILL_NOT_BE_FIXED, KNOWN_USAGE), still_holds)
