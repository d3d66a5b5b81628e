"""What the API answers: every document with its fields, exactly as outsiders rely on them.

These are shapes only; :mod:`api.translation` makes them from what the desk knows.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Document(BaseModel):
    """A response: frozen, and with no field that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Availability(StrEnum):
    """Whether an appliance can be heard."""

    ONLINE = "online"
    SLEEPING = "sleeping"
    OFFLINE = "offline"
    STALE = "stale"


class Condition(StrEnum):
    """What the detectors say of an appliance."""

    LEARNING = "learning"
    OK = "ok"
    WATCH = "watch"
    ALERT = "alert"
    CANNOT_SAY = "cannot_say"


class OpenTicket(Document):
    """A ticket in one line."""

    id: str
    number: int
    title: str
    status: str
    priority: int


class Appliance(Document):
    """One physical unit in one home."""

    id: str
    kind: str
    model: str | None
    serial: str | None
    firmware: str | None
    region: str | None
    availability: Availability
    condition: Condition
    condition_reason: str
    health: dict[str, float] = Field(description="health index per component: 1 as new, 0 failed")
    capabilities: list[str]
    last_seen: datetime | None
    open_tickets: list[OpenTicket]


class MetricDocument(Document):
    """A metric that a profile knows."""

    name: str
    unit: str
    kind: str
    low: float
    high: float
    label: dict[str, str]


class ApplianceDetail(Appliance):
    """One appliance with its newest readings and what its profile knows."""

    registered_at: datetime | None
    latest: dict[str, Reading]
    metrics: list[MetricDocument]


class Reading(Document):
    """A metric's newest value."""

    ts: int
    value: float


class Telemetry(Document):
    """Columns: event times in ms, and per metric one value or null per time."""

    ts: list[int]
    series: dict[str, list[float | None]]


class EvidenceDocument(Document):
    """One metric or feature that speaks for a fault mode."""

    metric: str
    observed: float | None
    expected_low: float | None
    expected_high: float | None
    unit: str
    since: datetime | None
    share: float


class FailureWindow(Document):
    """When the failure threshold is reached, and how often such windows hold."""

    from_: datetime = Field(alias="from", serialization_alias="from")
    to: datetime
    coverage: float


class Alternative(Document):
    """Another cause that would fit."""

    fault_mode: str
    probability: float


class RecommendedPart(Document):
    """A part and how likely it is the one needed."""

    sku: str
    name: str
    probability: float


class Recommended(Document):
    """What to do first, what would prove it, and what to bring."""

    first_check: str | None
    test: str | None
    parts: list[RecommendedPart]


class Sla(Document):
    """By when somebody must have answered, and by when it must be solved."""

    respond_by: datetime | None
    resolve_by: datetime | None
    paused_reason: str | None


class Visit(Document):
    """Who goes when."""

    assignee: str | None
    from_: datetime | None = Field(alias="from", serialization_alias="from")
    to: datetime | None


class HistoryEntry(Document):
    """One thing that happened to a ticket, an alert or a session."""

    at: datetime
    actor: str
    event: str
    from_: str | None = Field(default=None, alias="from", serialization_alias="from")
    to: str | None = None
    note: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class Verdict(Document):
    """What the technician found."""

    verdict: str
    fault_mode: str | None
    note: str | None
    at: datetime
    by: str


class Ticket(Document):
    """The human work item."""

    id: str
    number: int
    version: int
    appliance_id: str
    kind: str
    model: str | None
    component: str | None
    fault_mode: str | None
    title: str
    description: str | None
    status: str
    priority: int = Field(ge=1, le=4, description="1 is the highest")
    severity: float | None
    source: str
    opened_at: datetime
    onset_at: datetime | None
    probability: float | None
    failure_window: FailureWindow | None
    evidence: list[EvidenceDocument]
    alternatives: list[Alternative]
    recommended: Recommended
    sla: Sla
    assignee: str | None
    visit: Visit | None
    verdict: Verdict | None
    history: list[HistoryEntry]
    steps: list[str] = Field(description="what the life cycle allows now")
    sessions: list[str] = Field(description="ids of its remote diagnoses")


class Alert(Document):
    """A standing condition of one appliance and one fault mode."""

    id: str
    appliance_id: str
    kind: str
    component: str | None
    fault_mode: str
    state: str
    channel: str
    severity: float
    probability: float
    score: float
    raised_at: datetime
    onset_at: datetime | None
    resolved_at: datetime | None
    failure_window: FailureWindow | None
    evidence: list[EvidenceDocument]
    alternatives: list[Alternative]
    ticket_id: str | None
    history: list[HistoryEntry]


class CommandDocument(Document):
    """One instruction to one appliance, and how far it has come."""

    id: str
    name: str
    class_: str = Field(alias="class", serialization_alias="class")
    args: dict[str, Any]
    state: str
    reason: str | None
    data: dict[str, Any] | None
    issued_at: datetime
    not_after: datetime
    sent_at: datetime | None
    answered_at: datetime | None


class Session(Document):
    """A consented, time-limited remote diagnosis."""

    id: str
    ticket_id: str
    appliance_id: str
    scope: str
    state: str
    requested_at: datetime
    requested_by: str
    expires_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    commands: list[CommandDocument]
    transcript: list[HistoryEntry]


class CommandReceipt(Document):
    """A command that was taken on."""

    id: str
    state: str


ApplianceDetail.model_rebuild()
