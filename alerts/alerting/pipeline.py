"""The alert pipeline: its stages in order. The first that answers decides; where none does, a ticket is opened.

Fails open: a doubled look is better than a missed failure. A stage is a file in ``stages/`` and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, false, or_

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.stages import (
    data_fault,
    flapping,
    held_out,
    incident,
    recent_repair,
    refractory,
    remembered,
    restart_grace,
    retired,
    silenced,
    symptom,
    worth,
)
from alerts.alerting.tables import alerts
from alerts.database import Transaction
from ingest.profiles.definition import Profile

STAGES: tuple[Stage, ...] = (
    retired.STAGE,
    silenced.STAGE,
    data_fault.STAGE,
    restart_grace.STAGE,
    incident.STAGE,
    symptom.STAGE,
    remembered.STAGE,
    recent_repair.STAGE,
    refractory.STAGE,
    flapping.STAGE,
    held_out.STAGE,
    worth.STAGE,
)

UNDECIDED = DecisionReason("undecided", "Not decided yet.", "尚未决定。")
TICKET_OPENED = DecisionReason("ticket_opened", "A ticket was opened.", "已开立工单。")
ALREADY_OPEN = DecisionReason("already_open", "The ticket for this fault is open already.", "该故障的工单已开立。")
TICKET_REOPENED = DecisionReason(
    "ticket_reopened", "The fault is back; its ticket was opened again.", "故障复现，原工单已重新打开。"
)
TICKET_TAKEN_OVER = DecisionReason(
    "ticket_taken_over",
    "The ticket that a consequence had opened is this fault's now.",
    "其后果所开立的工单已归入本故障。",
)
CLEARED_BEFORE_TICKET = DecisionReason(
    "cleared_before_ticket", "It was over before a ticket was opened.", "开立工单前已自行恢复。"
)

_OWN = (UNDECIDED, TICKET_OPENED, ALREADY_OPEN, TICKET_REOPENED, TICKET_TAKEN_OVER, CLEARED_BEFORE_TICKET)


def decide(t: Transaction, alert: Row[Any], profile: Profile | None) -> Decision:
    """What the first stage says that has something to say."""
    for stage in STAGES:
        decision = stage.decide(t, alert, profile)
        if decision is not None:
            assert decision.reason in stage.reasons, f"{decision.reason.word} is no reason of its stage"  # noqa: S101
            return decision
    return Decision(Action.OPEN, TICKET_OPENED)


def still_held(t: Transaction) -> ColumnElement[bool]:
    """Which standing alerts would surely be decided as they were: their reason's stage says so for all of them at once."""
    held = [
        and_(alerts.c.reason.in_([reason.word for reason in stage.reasons]), stage.still_holds(t))
        for stage in STAGES
        if stage.still_holds is not None
    ]
    return or_(false(), *held)


def reasons() -> Mapping[str, DecisionReason]:
    """Every reason that there is, by its word: the pipeline's own, then those of the stages in their order."""
    all_reasons = (*_OWN, *(reason for stage in STAGES for reason in stage.reasons))
    return {reason.word: reason for reason in all_reasons}


def label_of(word: str) -> Mapping[str, str]:
    """The sentences of a stored reason; the word itself where its stage has gone."""
    found = reasons().get(word)
    if found is not None:
        return found.label
    return {"en": word, "zh": word}
