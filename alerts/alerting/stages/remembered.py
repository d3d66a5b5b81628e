"""What a person has found to be usage, or will not have fixed, is remembered until the evidence changes its class.

What clean tests have ruled out is remembered too, of the finding that stood then: until it changes its class, or has grown by
as much as brings a test back. A hazard is not, nor a finding that was over and is raised anew: no test has seen that one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.hazard import is_hazard
from alerts.alerting.tables import alerts
from alerts.database import Transaction
from alerts.lifecycle import OVER
from alerts.tickets.again import GROWN, is_tested_clean
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
TESTED_CLEAN = DecisionReason(
    "tested_clean",
    "Tests that could see it were clean, and it was closed as no fault; it opens a ticket when it becomes more severe.",
    "足以发现该故障的检测均未见异常，已按无故障关闭；若严重程度升级，将开立工单。",
)


def decide(t: Transaction, alert: Row[Any], profile: Profile | None) -> Decision | None:
    """Note, while the evidence is of no higher class than when the last ticket ended with such a word."""
    last = last_ticket(t, alert.appliance_id, alert.fault_mode)
    if last is None or last.status not in OVER or severity_class(alert.severity) > severity_class(last.severity):
        return None
    if last.resolution == Resolution.WONT_FIX:
        return Decision(Action.NOTE, WILL_NOT_BE_FIXED)
    if last.verdict == Verdict.USAGE:
        return Decision(Action.NOTE, KNOWN_USAGE)
    is_same = (
        last.verdict == Verdict.NO_FAULT_FOUND
        and alert.raised_ms <= last.closed_ms
        and (alert.severity or 0.0) < (last.severity or 0.0) + GROWN
    )
    is_ruled_out = is_same and not is_hazard(alert, profile) and is_tested_clean(last)
    return Decision(Action.NOTE, TESTED_CLEAN) if is_ruled_out else None


def still_holds(_t: Transaction) -> ColumnElement[bool]:
    """Whether the last ticket ended with such a word, and the evidence is of no higher class.

    What was ruled out by tests stays so (its ticket is over: nobody tests on it), so that only growth is looked at.
    """
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
        or_(
            tickets.c.resolution == Resolution.WONT_FIX.value,
            tickets.c.verdict == Verdict.USAGE.value,
            and_(
                alerts.c.reason == TESTED_CLEAN.word,
                tickets.c.verdict == Verdict.NO_FAULT_FOUND.value,
                func.coalesce(alerts.c.severity, 0.0) < func.coalesce(tickets.c.severity, 0.0) + GROWN,
            ),
        ),
        _class_of(alerts.c.severity) <= _class_of(tickets.c.severity),
        ~later.correlate(alerts, tickets).exists(),
    )
    return ended.correlate(alerts).exists()


def _class_of(severity: Any) -> ColumnElement[int]:
    """:func:`severity_class` of a column."""
    low, high = SEVERITY_CLASSES
    known = func.coalesce(severity, 0.0)
    return case((known >= high, 2), (known >= low, 1), else_=0)


STAGE = Stage(decide, (WILL_NOT_BE_FIXED, KNOWN_USAGE, TESTED_CLEAN), still_holds)
