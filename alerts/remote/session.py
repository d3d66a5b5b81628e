"""DiagnosisSession and Command: a consented, time-limited remote diagnosis and its instructions, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.lifecycle import CommandState, SessionState
from alerts.remote.policy import DangerClass, Scope


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


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One line of what was said and done in a session."""

    at: datetime
    actor: str
    event: str
    command_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


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
