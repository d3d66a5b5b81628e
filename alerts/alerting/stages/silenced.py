"""What a person has silenced waits until the silence is over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, or_, select

from alerts.alerting.decision import Action, Decision, Reason, Stage
from alerts.database import Transaction
from alerts.silences.tables import silences
from ingest.profiles.definition import Profile

SILENCED = Reason("silenced", "A person has silenced it for a time.", "已由人员暂时静默。")


def decide(t: Transaction, alert: Row[Any], _profile: Profile | None) -> Decision | None:
    """Hold, while a silence covers the appliance, the fault mode, or both."""
    columns = silences.c
    query = select(columns.id).where(
        columns.until_ms > t.now_ms,
        or_(columns.appliance_id.is_(None), columns.appliance_id == alert.appliance_id),
        or_(columns.fault_mode.is_(None), columns.fault_mode == alert.fault_mode),
    )
    is_silenced = t.connection.execute(query.limit(1)).first() is not None
    return Decision(Action.HOLD, SILENCED) if is_silenced else None


STAGE = Stage(decide, (SILENCED,))
