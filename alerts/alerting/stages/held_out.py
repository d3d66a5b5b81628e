"""A prediction of an appliance of the hold-out group is shown and opens no ticket, so that what predictions are worth can be told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.hazard import speaks_for_itself
from alerts.database import Transaction
from alerts.tickets.opening import find_open
from detectors.finding import FindingChannel
from ingest.profiles.definition import Profile

HELD_OUT = DecisionReason(
    "held_out",
    "This appliance is in the hold-out group: nothing is done about its predictions while their worth is measured.",
    "该电器属于对照组：在评估预测价值期间，不对其预测采取行动。",
)


def decide(t: Transaction, alert: Row[Any], profile: Profile | None) -> Decision | None:
    """Note what the detectors conclude of a drawn appliance; nothing dangerous, nothing of unknown danger, and no ticket that stands."""
    rule = t.rules.hold_out
    if alert.channel != FindingChannel.EVIDENCE or speaks_for_itself(alert, profile):
        return None
    mode = profile.fault_modes.get(alert.fault_mode) if profile else None
    if mode is None or mode.danger > rule.danger_at_most or not rule.holds(alert.appliance_id):
        return None
    return None if find_open(t, alert.appliance_id, alert.fault_mode) else Decision(Action.NOTE, HELD_OUT)


STAGE = Stage(decide, (HELD_OUT,))
