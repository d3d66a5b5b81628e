"""What sends somebody in vain too often is only watched; where wanted, what is worth no action is only shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.hazard import speaks_for_itself
from alerts.alerting.tables import alerts
from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.gate.deciding import decide_gate, is_watched
from alerts.gate.standing import ANY_MODEL, StandingState
from alerts.gate.tables import mode_standings
from alerts.gate.weighing import GateAction
from detectors.finding import FindingChannel
from ingest.profiles.definition import Profile

ONLY_WATCHED = DecisionReason(
    "only_watched",
    "This fault mode has caused too many visits in vain on this model; it is watched until that is over.",
    "该型号的此类故障已造成过多空跑；在恢复之前仅关注。",
)
WORTH_NO_ACTION = DecisionReason(
    "worth_no_action",
    "No action is worth its price yet; it is looked at again with every news.",
    "目前任何处理都不划算；有新情况时将重新评估。",
)


def decide(t: Transaction, alert: Row[Any], profile: Profile | None) -> Decision | None:
    """Note, while the mode is watched, or no action is worth its price; only what the detectors conclude, and no hazard."""
    if alert.channel != FindingChannel.EVIDENCE or speaks_for_itself(alert, profile):
        return None
    if is_watched(t, alert):
        return Decision(Action.NOTE, ONLY_WATCHED)
    if not t.rules.gate.holds_notices:
        return None
    mode = profile.fault_modes.get(alert.fault_mode) if profile else None
    helps = mode.self_help.helps if mode is not None and mode.self_help is not None else None
    action = decide_gate(t, alert, profile, fix_first_success=helps)["action"]
    return Decision(Action.NOTE, WORTH_NO_ACTION) if action == GateAction.NOTICE else None


def still_holds(_t: Transaction) -> ColumnElement[bool]:
    """Whether its mode is only watched; what an action is worth moves with time, so that is asked one by one."""
    standing = mode_standings.c
    model = select(func.coalesce(appliances.c.model, ANY_MODEL)).where(appliances.c.id == alerts.c.appliance_id)
    watched = select(standing.n).where(
        standing.kind == alerts.c.kind,
        standing.fault_mode == alerts.c.fault_mode,
        standing.state == StandingState.WATCH.value,
        standing.model == model.correlate(alerts).scalar_subquery(),
    )
    return and_(alerts.c.reason == ONLY_WATCHED.word, watched.correlate(alerts).exists())


STAGE = Stage(decide, (ONLY_WATCHED, WORTH_NO_ACTION), still_holds)
