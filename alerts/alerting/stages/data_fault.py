"""A fault of the data alone is an alert and never a repair ticket; whoever looks after sensors and connections is told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.database import Transaction
from detectors.finding import FindingChannel
from ingest.profiles.definition import Profile

DATA_FAULT_NO_TICKET = DecisionReason(
    "data_fault_no_ticket",
    "The readings are at fault, not the appliance.",
    "是数据有问题，而非电器故障。",
    notice="data_fault.raised",
)


def decide(_t: Transaction, alert: Row[Any], _profile: Profile | None) -> Decision | None:
    """Never, where the channel is that of the data."""
    return Decision(Action.NEVER, DATA_FAULT_NO_TICKET) if alert.channel == FindingChannel.DATA else None


STAGE = Stage(decide, (DATA_FAULT_NO_TICKET,))
