"""Ticket: the human work item, as everyone outside sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from alerts.lifecycle import TicketState
from alerts.rules.ticket_types import REPAIR


class TicketSource(StrEnum):
    """How we came to know."""

    PREDICTION = "prediction"
    ERROR_CODE = "error_code"
    CUSTOMER = "customer"
    TECHNICIAN = "technician"
    PREVENTIVE = "preventive"
    HOTLINE = "hotline"
    STORE = "store"


class Verdict(StrEnum):
    """What the technician found."""

    CONFIRMED = "confirmed"
    OTHER_FAULT = "other_fault"
    NO_FAULT_FOUND = "no_fault_found"
    USAGE = "usage"
    SELF_CLEARED = "self_cleared"


class Resolution(StrEnum):
    """What was decided about the fault where a ticket ends."""

    WONT_FIX = "wont_fix"
    """It will not be fixed: the fault opens no ticket until its evidence changes its class."""


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One metric that speaks for the fault; a bound is ``None`` where the band is open on that side."""

    metric: str
    observed: float | None
    expected_low: float | None
    expected_high: float | None
    unit: str
    since: datetime
    share: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another possible cause."""

    fault_mode: str
    probability: float


@dataclass(frozen=True, slots=True)
class FailureWindow:
    """When the appliance is expected to fail: between ``start`` and ``end`` with probability ``coverage``."""

    start: datetime
    end: datetime
    coverage: float


@dataclass(frozen=True, slots=True)
class RecommendedPart:
    """A part to bring, and how often it is the one."""

    sku: str
    name: Mapping[str, str]
    probability: float


@dataclass(frozen=True, slots=True)
class TestAgain:
    """A test that is to be done again: on a day, or as soon as the severity has come ``above``; ``because`` of what it said."""

    test: str
    because: str
    due_at: datetime
    above: float
    is_due: bool
    called_by: str | None = None
    """``grown`` or ``date``, once it is due."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """What to do next, from the profile. Texts by language (``en``, ``zh``)."""

    first_check: Mapping[str, str] | None = None
    test: str | None = None
    parts: tuple[RecommendedPart, ...] = ()
    no_test: Mapping[str, str] | None = None
    """Why no test can confirm it."""
    again: TestAgain | None = None


@dataclass(frozen=True, slots=True)
class Sla:
    """The service's own clock; it stands still while ``paused_reason`` is set."""

    respond_by: datetime
    resolve_by: datetime
    paused_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """The window in which the technician is at the door."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A verdict, with the fault mode that it was instead, and a note."""

    verdict: Verdict
    fault_mode: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of a ticket's history."""

    at: datetime
    actor: str
    event: str
    from_status: str | None = None
    to_status: str | None = None
    note: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClockPause:
    """A span in which a clock stood still, and why; without an end while it does."""

    start: datetime
    end: datetime | None
    kind: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of a ticket: ``respond``, ``resolve``, ``update`` (the next word), or ``failure``, which nothing stops.

    ``spent_s`` is what it has run, in open hours of its calendar, of the ``within_s`` that its policy allows; ``pauses`` what
    it has not.
    """

    name: str
    due_at: datetime
    spent_s: int
    paused_since: datetime | None
    paused_reason: str | None
    is_breached: bool
    pauses: tuple[ClockPause, ...] = ()
    within_s: int | None = None
    policy: str | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """The one value that says most, and how severe it was, at a time."""

    at: datetime
    severity: float | None
    metric: str
    observed: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Symptom:
    """A consequence that joined the ticket of its cause."""

    fault_mode: str
    alert_id: str
    onset_at: datetime
    evidence: tuple[EvidenceItem, ...]


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """A step of the ticket's type."""

    name: str
    label: Mapping[str, str]
    is_needed: bool
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True, slots=True)
class FilledField:
    """A field of the ticket's type, with what was written down."""

    name: str
    label: Mapping[str, str]
    kind: str
    choices: tuple[str, ...]
    is_needed: bool
    value: Any


@dataclass(frozen=True, slots=True)
class TypeWork:
    """All that a ticket's type asks for."""

    label: Mapping[str, str]
    checklist: tuple[ChecklistItem, ...]
    form: tuple[FilledField, ...]


@dataclass(frozen=True, slots=True)
class Ticket:
    """The human work item. ``version`` counts its changes and is its ETag; ``legal_steps`` are possible now.

    ``summary`` is the one sentence that says it all, by language; empty for a ticket opened by hand.
    """

    id: str
    number: int
    appliance_id: str
    kind: str
    model: str | None
    region: str | None
    component: str | None
    fault_mode: str | None
    title: str
    summary: Mapping[str, str]
    description: str | None
    status: TicketState
    priority: int
    severity: float | None
    type: str
    work: TypeWork
    source: TicketSource
    channel: str | None
    opened_at: datetime
    onset_at: datetime | None
    probability: float | None
    failure_window: FailureWindow | None
    evidence: tuple[EvidenceItem, ...]
    cause_of: tuple[Symptom, ...]
    alternatives: tuple[Alternative, ...]
    recommended: Recommended
    sla: Sla
    clocks: tuple[Clock, ...]
    contract: str | None
    assignee: str | None
    visit: Visit | None
    verdict: VerdictRecord | None
    resolution: Resolution | None
    alert_id: str | None
    raised: Headline | None
    now: Headline | None
    cleared_at: datetime | None
    watched_until: datetime | None
    """Until when telemetry watches whether its repair holds."""
    gate: Mapping[str, Any] | None
    """What the gate says, with all of its arithmetic."""
    closed_at: datetime | None
    episode: int
    history: tuple[HistoryEntry, ...]
    version: int
    legal_steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewTicket:
    """What a person says when opening a ticket by hand."""

    appliance_id: str
    title: str
    description: str | None = None
    fault_mode: str | None = None
    source: TicketSource | None = None
    """One that its type allows; the type's first where nobody says."""
    priority: int = 3
    contract: str | None = None
    type: str = REPAIR


@dataclass(frozen=True, slots=True)
class StepBody:
    """What a step may carry; which of it a step needs is the contract's table."""

    note: str | None = None
    reason: str | None = None
    text: str | None = None
    assignee: str | None = None
    visit_from: datetime | None = None
    visit_to: datetime | None = None
    pause: str | None = None
    """With ``hold``: what it waits for, by a word of the rules; it says which clocks stand still."""
    resolution: Resolution | None = None
    """With ``close`` and ``cancel`` alone."""
    clears: frozenset[str] = frozenset()
    """Which of assignee, visit_from and visit_to were given as nothing: they are taken away."""


@dataclass(frozen=True, slots=True)
class TicketChange:
    """What a person changes on a ticket beside its steps; ``changes`` names which of the fields are meant, ``None`` takes away."""

    changes: frozenset[str]
    title: str | None = None
    priority: int | None = None
    assignee: str | None = None
    visit: Visit | None = None
    contract: str | None = None
    type: str | None = None
