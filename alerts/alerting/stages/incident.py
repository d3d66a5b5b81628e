"""What an incident explains is worked there: the appliance waits, without a ticket of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.tables import alerts
from alerts.database import Transaction
from alerts.incidents.covering import covered_appliances, is_covered
from detectors.finding import FindingChannel
from ingest.profiles.definition import Profile

PART_OF_INCIDENT = DecisionReason(
    "part_of_incident",
    "An incident explains it; if it stands when that is over, a ticket is opened.",
    "已归入一起群体事件；若事件结束后仍存在，将开立工单。",
)


def decide(t: Transaction, alert: Row[Any], _profile: Profile | None) -> Decision | None:
    """Hold, while an open incident covers the appliance; what a rule or the appliance itself says is never held."""
    if alert.channel != FindingChannel.EVIDENCE or not is_covered(t, alert.appliance_id):
        return None
    return Decision(Action.HOLD, PART_OF_INCIDENT)


def still_holds(t: Transaction) -> ColumnElement[bool]:
    """Whether an open incident covers the appliance."""
    return alerts.c.appliance_id.in_(covered_appliances(t))


STAGE = Stage(decide, (PART_OF_INCIDENT,), still_holds)
