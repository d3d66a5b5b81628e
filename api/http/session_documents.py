"""What the API answers about remote diagnosis: sessions with their commands, tests, procedures and transcript."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from alerts.lifecycle import CommandState, ProcedureState, SessionState
from alerts.remote.ending import EndReason
from alerts.remote.policy import DangerClass, Scope
from api.http.documents import Alternative, Document, OptionalText, Text


class PartShare(Document):
    """A part, and how likely it is needed."""

    sku: str
    probability: float


class Command(Document):
    """One instruction to one appliance, and how far it has come."""

    id: str
    session_id: str
    appliance_id: str
    name: str
    danger_class: DangerClass = Field(serialization_alias="class")
    args: dict[str, Any]
    state: CommandState
    issued_by: str
    issued_at: datetime
    not_after: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    reason: str | None
    data: dict[str, Any] | None
    note: str | None = Field(description="why it is sent")
    approved_by: str | None
    procedure_id: str | None
    effect: str | None = Field(description="what the readings say: worked, no_effect or unanswered")
    effect_data: dict[str, Any] | None = Field(description="the samples that decided")


class TranscriptEntry(Document):
    """One line of what was said and done in a session."""

    at: datetime
    actor: str
    event: str
    command_id: str | None
    data: dict[str, Any]


class Precondition(Document):
    """What a test asks for beside what its danger class does."""

    modes: list[str]
    above: dict[str, float]
    below: dict[str, float]
    door: str
    idle_s: float


class TestCost(Document):
    """What a test costs the customer beside its minutes."""

    noise: int = Field(description="0 none to 3 heard next door")
    water_l: float


class RemoteTest(Document):
    """A test as the appliance's profile says it."""

    name: str
    label: Text
    command: str
    component: str | None
    danger_class: DangerClass
    limit_s: float
    measure: str
    unit: str
    healthy: list[float] = Field(description="what a sound appliance measures")
    tolerance: float
    sensitivity: float
    specificity: float
    rates: str = Field(description="where both come from before verdicts moved them: assumed, simulated or measured")
    watch: list[str] = Field(description="metrics to look at meanwhile")
    needs: Precondition
    cost: TestCost
    ask: OptionalText = Field(description="what the customer does first")


class OfferedTest(Document):
    """A test, and whether it may run now."""

    test: RemoteTest
    confirms: list[str] = Field(description="the fault modes for which it speaks")
    recommended: bool = Field(validation_alias="is_recommended")
    why_not: list[str] = Field(description="what stands in its way now; empty: it may run")
    waits_for: list[str] = Field(description="what people must do first; a procedure waits for it")


class Step(Document):
    """One command of a procedure."""

    command_id: str
    name: str
    state: CommandState
    reason: str | None


class Said(Document):
    """What a ticket says of its causes at one moment."""

    causes: list[Alternative]
    parts: list[PartShare]
    test: str | None
    next_step: str = Field(description="repair, no_fault, test, watch or visit")


class Procedure(Document):
    """A test that was begun, and what it has moved in the ticket."""

    id: str
    test: str
    state: ProcedureState
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    reason: str | None
    measured: float | None
    verdict: str | None
    likelihood_ratio: float | None
    before: Said | None
    after: Said | None
    steps: list[Step]
    waits_for: list[str]
    waiting_command_id: str | None


class Session(Document):
    """A consented, time-limited remote diagnosis."""

    id: str
    ticket_id: str
    ticket_number: int
    appliance_id: str
    kind: str
    scope: Scope
    state: SessionState
    requested_by: str
    requested_at: datetime
    tries_left: int
    granted_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    end_reason: EndReason | str | None
    commands: list[Command]
    transcript: list[TranscriptEntry]
    tests: list[OfferedTest] = Field(description="of the appliance's profile, the recommended one first")
    procedures: list[Procedure]
