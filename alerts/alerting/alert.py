"""Alert: a standing condition with identity (appliance + fault mode), as everyone outside sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.lifecycle import AlertState
from alerts.tickets.ticket import Alternative, EvidenceItem, FailureWindow


class Reason(StrEnum):
    """Why a finding did, or did not, open a ticket; logged, stored and shown."""

    TICKET_OPENED = "ticket_opened"
    ALREADY_OPEN = "already_open"
    DATA_FAULT_NO_TICKET = "data_fault_no_ticket"
    INHIBITED_RECENT_REPAIR = "inhibited_recent_repair"
    SILENCED = "silenced"
    APPLIANCE_RETIRED = "appliance_retired"
    CLEARED_BEFORE_TICKET = "cleared_before_ticket"


@dataclass(frozen=True, slots=True)
class AlertHistoryEntry:
    """One line of an alert's history."""

    at: datetime
    event: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A standing condition. ``reason`` is the last decision about a ticket."""

    id: str
    appliance_id: str
    kind: str
    fault_mode: str
    component: str
    channel: str
    state: AlertState
    reason: Reason
    severity: float
    probability: float
    score: float
    onset_at: datetime
    raised_at: datetime
    fired_at: datetime | None
    resolved_at: datetime | None
    evidence: tuple[EvidenceItem, ...]
    alternatives: tuple[Alternative, ...]
    failure_window: FailureWindow | None
    error_code: str | None
    ticket_id: str | None
    history: tuple[AlertHistoryEntry, ...]

    @property
    def fingerprint(self) -> str:
        """The identity of the condition."""
        return f"{self.appliance_id}/{self.fault_mode}"
