"""What a person has found to be usage, or will not have fixed, is remembered until the evidence changes its class."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.database import Transaction
from alerts.lifecycle import OVER
from alerts.tickets.reopening import last_ticket
from alerts.tickets.staying_true import severity_class
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


STAGE = Stage(decide, (WILL_NOT_BE_FIXED, KNOWN_USAGE))
