"""Alert: a standing condition with identity (appliance + fault mode, and the sensor of a fault of the data), as everyone outside sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.alerting.decision import Action
from alerts.lifecycle import AlertState
from alerts.tickets.ticket import Alternative, EvidenceItem, FailureWindow


@dataclass(frozen=True, slots=True)
class AlertHistoryEntry:
    """One line of an alert's history."""

    at: datetime
    event: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A standing condition. ``decision`` is the pipeline's last word about a ticket, ``reason`` why.

    ``metric`` is that of the sensor at fault, None where it is no single sensor's.
    """

    id: str
    appliance_id: str
    kind: str
    fault_mode: str
    metric: str | None
    component: str
    channel: str
    state: AlertState
    decision: Action
    reason: str
    reason_label: Mapping[str, str]
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
        named = (self.appliance_id, self.fault_mode, self.metric)
        return "/".join(one for one in named if one is not None)
