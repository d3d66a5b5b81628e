"""What a person has silenced waits until the silence is over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.tables import alerts
from alerts.database import Transaction
from alerts.silences.muting import covered, is_silenced
from ingest.profiles.definition import Profile

SILENCED = DecisionReason("silenced", "A person has silenced it for a time.", "已由人员暂时静默。")


def decide(t: Transaction, alert: Row[Any], _profile: Profile | None) -> Decision | None:
    """Hold, while a silence covers this fault mode of this appliance."""
    return Decision(Action.HOLD, SILENCED) if is_silenced(t, alert.appliance_id, alert.fault_mode) else None


def still_holds(t: Transaction) -> ColumnElement[bool]:
    """Whether a standing silence covers the alert."""
    return covered(t, alerts.c.appliance_id, alerts.c.fault_mode)


STAGE = Stage(decide, (SILENCED,), still_holds)
