"""DiagnosisSession and Command: a consented, time-limited remote diagnosis and its instructions, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.lifecycle import CommandState, ProcedureState, SessionState
from alerts.remote.policy import DangerClass, Scope
from ingest.profiles.definition import RemoteTest


@dataclass(frozen=True, slots=True)
class Command:
    """One instruction to one appliance. A consent code is never among the ``args`` that are shown."""

    id: str
    session_id: str
    appliance_id: str
    name: str
    danger_class: DangerClass
    args: Mapping[str, Any]
    state: CommandState
    issued_by: str
    issued_at: datetime
    not_after: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    reason: str | None
    data: Mapping[str, Any] | None
    note: str | None = None
    approved_by: str | None = None
    procedure_id: str | None = None
    effect: str | None = None
    effect_data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One line of what was said and done in a session."""

    at: datetime
    actor: str
    event: str
    command_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a procedure, and how far it is."""

    command_id: str
    name: str
    state: CommandState
    reason: str | None


@dataclass(frozen=True, slots=True)
class ProcedureRecord:
    """A test that was begun in a session: its steps, what was measured, and what that moved in the ticket.

    ``before`` and ``after`` hold ``causes``, ``parts``, ``test`` and ``next_step``; ``waits_for`` names what only people
    can bring about, where it waits for that.
    """

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
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    steps: tuple[Step, ...] = ()
    waits_for: tuple[str, ...] = ()
    waiting_command_id: str | None = None


@dataclass(frozen=True, slots=True)
class OfferedTest:
    """A test of the appliance's profile: what it is, what it costs the customer, and whether it may run now.

    ``why_not`` are words of :class:`alerts.remote.policy.Obstacle`, or ``needs_consent``, ``unsupported``; it is empty
    where the test may run, ``waits_for`` names what people must do first.
    """

    test: RemoteTest
    confirms: tuple[str, ...]
    is_recommended: bool
    why_not: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiagnosisSession:
    """A remote diagnosis. ``expires_at`` is when it ends by itself: the code's, the idle or the longest time."""

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
    end_reason: str | None
    commands: tuple[Command, ...] = ()
    transcript: tuple[TranscriptEntry, ...] = ()
    tests: tuple[OfferedTest, ...] = ()
    procedures: tuple[ProcedureRecord, ...] = ()
