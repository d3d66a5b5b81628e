"""What the API answers: every document with its fields, exactly as outsiders rely on them.

Each is made from a value of the desk by its attributes (:func:`show`); nothing is decided here. Texts that exist in
several languages are answered in the caller's (``Accept-Language``), else in English.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from alerts.alerting.decision import Action
from alerts.appliances.directory import Availability
from alerts.lifecycle import AlertState, TicketState
from alerts.remote.policy import DangerClass
from alerts.tickets.ticket import Resolution, TicketSource
from alerts.tickets.ticket import Verdict as VerdictWord
from api.http.document_shape import Document, DocumentT, OptionalText, Text, show
from api.http.gate_documents import Gate
from api.http.type_documents import TypeWork
from detectors.finding import ConditionState
from detectors.reasons import ReasonCode

__all__ = ["Document", "DocumentT", "OptionalText", "Text", "show"]
"""What every document is made of can be had from here, too."""

LANGUAGES = ("en", "zh")


class ConditionBecause(Document):
    """The reason of a condition: a code, and what stands in it."""

    code: ReasonCode
    span: str | None = Field(default=None, description="day or cycle")
    done: int | None = None
    of: int | None = None
    feature: str | None = None
    faults: list[str] = Field(default=[], description="names of fault modes")


class Appliance(Document):
    """One physical unit in one home."""

    id: str
    kind: str
    model: str | None
    serial: str | None
    firmware: str | None
    region: str | None
    capabilities: list[str]
    availability: Availability
    condition: ConditionState
    condition_reason: str
    condition_because: ConditionBecause | None = Field(
        description="the same for whoever words it; null where it was said by an older version"
    )
    condition_at: datetime | None
    health: dict[str, float] = Field(description="health index per component: 1 as new, 0 failed")
    failing_30d: float | None = Field(description="how probably it fails within 30 days; null where no fit says it")
    last_seen: datetime | None
    interval_s: float | None
    registered_at: datetime
    retired: bool
    open_tickets: list[int] = Field(description="numbers of the tickets that are neither closed nor cancelled")


class Metric(Document):
    """A named physical quantity that the kind's profile knows."""

    name: str
    unit: str
    kind: str
    low: float
    high: float
    label: Text


class Feature(Document):
    """A number that the detectors compute from a day or a cycle of readings."""

    name: str
    unit: str
    statistic: str
    metric: str | None
    minus: str | None
    mode: str | None
    label: OptionalText


class FaultMode(Document):
    """A kind of fault that the profile knows."""

    name: str
    component: str
    title: OptionalText


class DataFault(Document):
    """A fault of the data that the detectors tell of any kind: never a repair."""

    name: str
    title: OptionalText


class ProfileTest(Document):
    """A remote test that the profile knows."""

    name: str
    label: OptionalText
    danger_class: DangerClass


class Profile(Document):
    """What is known of one appliance kind, in words and units."""

    kind: str
    label: OptionalText
    unit: str = Field(description="what a feature is computed over: day, cycle or none")
    metrics: list[Metric]
    features: list[Feature]
    fault_modes: list[FaultMode]
    data_faults: list[DataFault]
    tests: list[ProfileTest] = Field(description="remote tests; a session says what each needs and may")


class Reading(Document):
    """A metric's newest value; ``ts`` in ms since 1970."""

    ts: int
    value: float


class ApplianceDetail(Appliance):
    """One appliance with its newest readings, and what its profile knows."""

    latest: dict[str, Reading]
    metrics: list[Metric]


class ApplianceEvent(Document):
    """Something that happened at an appliance and that matters later."""

    at: datetime
    type: str
    code: str | None
    data: dict[str, Any]


class Telemetry(Document):
    """Columns: event times in ms, and per metric one value or null for each of them."""

    ts: list[int]
    series: dict[str, list[float | None]]


class Evidence(Document):
    """One metric or feature that speaks for a fault mode."""

    metric: str
    observed: float | None
    expected_low: float | None
    expected_high: float | None
    unit: str
    since: datetime
    share: float


class FailureWindow(Document):
    """When the failure threshold is reached, and how often such windows hold."""

    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    coverage: float


class Alternative(Document):
    """Another cause that would fit."""

    fault_mode: str
    probability: float


class RecommendedPart(Document):
    """A part, and how likely it is the one needed."""

    sku: str
    name: Text
    probability: float


class TestAgain(Document):
    """A test that saw nothing while its fault stands: when it is to be done again."""

    test: str
    because: str = Field(description="what it said: not_yet, cleared or unclear")
    due_at: datetime
    above: float = Field(description="the severity at which it is proposed sooner")
    is_due: bool
    called_by: str | None = Field(description="grown or date, once it is due")


class Recommended(Document):
    """What to do first, what would prove it, and what to bring."""

    first_check: OptionalText
    test: str | None
    parts: list[RecommendedPart]
    no_test: OptionalText = None
    again: TestAgain | None = None


class Sla(Document):
    """By when somebody must have answered, and by when it must be solved."""

    respond_by: datetime
    resolve_by: datetime
    paused_reason: str | None


class Visit(Document):
    """The window in which the technician is at the door."""

    start: datetime | None = Field(serialization_alias="from")
    end: datetime | None = Field(serialization_alias="to")


class HistoryEntry(Document):
    """One thing that happened to a ticket."""

    at: datetime
    actor: str
    event: str
    from_status: str | None
    to_status: str | None
    note: str | None
    data: dict[str, Any]


def _verdict_word(value: object) -> object:
    """The word of a verdict's record."""
    return getattr(value, "verdict", value)


class Symptom(Document):
    """A consequence that joined the ticket of its cause, with what shows it."""

    fault_mode: str
    alert_id: str
    onset_at: datetime
    evidence: list[Evidence]


class ClockPause(Document):
    """A span in which a clock stood still, and why."""

    start: datetime = Field(serialization_alias="from")
    end: datetime | None = Field(serialization_alias="to")
    kind: str = Field(description="the word of the rules that says which clocks it stops: customer, part, hold")
    reason: str | None


class Clock(Document):
    """One clock of a ticket: respond, resolve, update (the next word to the customer), failure (predicted)."""

    name: str
    due_at: datetime = Field(description="where it stands still: as if it went on now")
    spent_s: int = Field(description="what it has run, in open hours of its calendar")
    within_s: int | None = Field(description="how much its policy allows, in open hours; null for failure")
    policy: str | None = Field(description="the name of the policy it goes by")
    calendar: str | None = Field(description="the name of the calendar its hours are counted in; null: day and night")
    paused_since: datetime | None
    paused_reason: str | None
    is_breached: bool
    pauses: list[ClockPause]


class Headline(Document):
    """The one value that says most, at a time."""

    at: datetime
    severity: float | None
    metric: str
    observed: float | None
    unit: str


class Ticket(Document):
    """The human work item."""

    id: str
    number: int
    version: int = Field(description="counts the changes; the ETag")
    appliance_id: str
    kind: str
    model: str | None
    region: str | None
    component: str | None
    fault_mode: str | None
    title: str
    summary: OptionalText = Field(description="one sentence: what, the number, the normal, since when")
    description: str | None
    status: TicketState
    priority: int = Field(ge=1, le=4, description="1 is the highest")
    severity: float | None
    type: str = Field(description="repair, maintenance, complaint, …: `/ticket-types` names all")
    work: TypeWork
    source: TicketSource
    channel: str | None
    opened_at: datetime
    onset_at: datetime | None
    closed_at: datetime | None
    probability: float | None
    failure_window: FailureWindow | None
    evidence: list[Evidence]
    cause_of: list[Symptom] = Field(description="consequences that joined this ticket")
    alternatives: list[Alternative]
    recommended: Recommended
    sla: Sla
    clocks: list[Clock] = Field(description="each with its account in this episode")
    contract: str | None = Field(description="the contract that policies look at")
    assignee: str | None
    visit: Visit | None
    verdict: Annotated[VerdictWord | None, BeforeValidator(_verdict_word)]
    resolution: Resolution | None = Field(
        description="wont_fix: it was decided not to fix it, and no ticket comes of it until it becomes more severe"
    )
    alert_id: str | None
    raised: Headline | None = Field(serialization_alias="raise", description="the headline value when it was raised")
    now: Headline | None = Field(description="the headline value now")
    cleared_at: datetime | None = Field(description="since when the finding is no longer seen: a verdict is asked for")
    watched_until: datetime | None = Field(description="until when telemetry watches whether its repair holds")
    gate: Gate | None = Field(description="what is to be done, by expected cost; null without a finding")
    episode: int = Field(description="1, and one more each time that it was opened again")
    history: list[HistoryEntry]
    legal_steps: list[str] = Field(description="what the life cycle allows now")


class AlertHistoryEntry(Document):
    """One thing that happened to an alert."""

    at: datetime
    event: str
    reason: str | None


class Alert(Document):
    """A standing condition of one appliance and one fault mode; a fault of the data is of one sensor as well."""

    id: str
    fingerprint: str
    appliance_id: str
    kind: str
    fault_mode: str
    metric: str | None = Field(
        description="of a fault of the data: the metric whose sensor is at fault; null where it is no single sensor's"
    )
    component: str
    channel: str
    state: AlertState
    decision: Action
    reason: str
    reason_label: dict[str, str]
    severity: float
    probability: float
    score: float
    onset_at: datetime
    raised_at: datetime
    fired_at: datetime | None
    resolved_at: datetime | None
    evidence: list[Evidence]
    alternatives: list[Alternative]
    failure_window: FailureWindow | None
    error_code: str | None
    ticket_id: str | None
    history: list[AlertHistoryEntry]


class AuditEntry(Document):
    """Who did what, when, to what; ``digest`` seals it together with all before it."""

    number: int
    at: datetime
    actor: str
    action: str
    subject_id: str
    data: dict[str, Any]
    digest: str


class Account(Document):
    """Who is logged in, and what the service's clock says, which need not be the wall's."""

    name: str
    role: str
    now: datetime
    last_change: int = Field(description="what to give as `since` to the event stream, to hear all that comes after")
    kitchens: bool = Field(description="whether the appliances' displays can be looked at: in the demo only")
