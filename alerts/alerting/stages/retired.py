"""A retired appliance gets no ticket from findings while it is retired."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, select

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.tables import alerts
from alerts.appliances.tables import appliances
from alerts.database import Transaction
from ingest.profiles.definition import Profile

APPLIANCE_RETIRED = DecisionReason("appliance_retired", "The appliance is out of service.", "该电器已停用。")


def decide(t: Transaction, alert: Row[Any], _profile: Profile | None) -> Decision | None:
    """Hold, while the directory says retired."""
    query = select(appliances.c.retired).where(appliances.c.id == alert.appliance_id)
    is_retired = t.connection.execute(query).scalar_one_or_none()
    return Decision(Action.HOLD, APPLIANCE_RETIRED) if is_retired else None


def still_holds(_t: Transaction) -> ColumnElement[bool]:
    """Whether the directory says retired."""
    return alerts.c.appliance_id.in_(select(appliances.c.id).where(appliances.c.retired))


STAGE = Stage(decide, (APPLIANCE_RETIRED,), still_holds)
