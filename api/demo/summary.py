"""What a demo run came to: counts from the ledger, tickets held against the fleet's truth.

The truth is read only when the run is over; no part of the service ever sees it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class PredictedTicket:
    """One ticket with source ``prediction``.

    ``raised_ms`` is the event time of the last sample that it needed, ``opened_ms`` when the desk opened it.
    """

    appliance_id: str
    raised_ms: int
    opened_ms: int
    fault_mode: str | None = None
    """As it is named at the end."""
    first_named: str | None = None
    """As it was opened, where it was renamed."""


@dataclass(frozen=True, slots=True)
class RealFault:
    """One fault that an appliance really has; ``failure_ms`` is None where it was not reached."""

    appliance_id: str
    component: str
    fault_mode: str
    onset_ms: int
    failure_ms: int | None

    def was_caught_by(self, ticket: PredictedTicket) -> bool:
        """Whether the ticket came for this appliance between onset and failure."""
        is_before_failure = self.failure_ms is None or ticket.raised_ms < self.failure_ms
        return ticket.appliance_id == self.appliance_id and self.onset_ms <= ticket.raised_ms and is_before_failure


@dataclass(frozen=True, slots=True)
class Summary:
    """The contract's summary of a demo run, key by key."""

    wall_s: float
    sim_days: float
    appliances: int
    published: int
    stored: int
    dead_lettered: int
    gap: int
    readings: int
    tickets_opened: int
    faults_injected: int
    faults_caught_early: int
    false_tickets: int
    median_lead_days: float | None
    tickets_per_fault: float | None
    double_tickets: int
    late_names: int
    messages_per_s: float
    alert_delay_p99_ms: float | None

    def as_dict(self) -> dict[str, object]:
        """The keys and values of the summary file."""
        return asdict(self)


def read_truth(folder: Path) -> list[RealFault]:
    """The faults of ``truth/faults.csv``; none where the fleet has written no truth."""
    path = folder / "truth" / "faults.csv"
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [
            RealFault(
                row["id"],
                row["component"],
                row["fault_mode"],
                _ms(row["onset"]),
                _ms(row["failure_at"]) if row["failure_at"] else None,
            )
            for row in csv.DictReader(file)
        ]


def judge(tickets: Sequence[PredictedTicket], faults: Sequence[RealFault]) -> Mapping[str, Any]:
    """How many faults were caught early, with how many days of lead, and how many tickets were false.

    A ticket is false where its appliance has no fault that had begun when it was raised. Lead is counted to the failure
    for faults that were followed to it; a failure that the run did not reach gives no lead.
    """
    caught, leads = 0, []
    for fault in faults:
        hits = [ticket.raised_ms for ticket in tickets if fault.was_caught_by(ticket)]
        if not hits:
            continue
        caught += 1
        if fault.failure_ms is not None:
            leads.append((fault.failure_ms - min(hits)) / 86_400_000)
    caused = [(cause, ticket) for ticket in tickets if (cause := _cause_of(ticket, faults)) is not None]
    found = {cause for cause, _ in caused}
    return {
        "tickets_per_fault": round(len(caused) / len(found), 3) if found else None,
        "double_tickets": len(caused) - len(found),
        "late_names": sum(ticket.first_named is not None for _, ticket in caused),
        "faults_injected": len(faults),
        "faults_caught_early": caught,
        "false_tickets": len(tickets) - len(caused),
        "median_lead_days": round(median(leads), 2) if leads else None,
    }


def _cause_of(ticket: PredictedTicket, faults: Sequence[RealFault]) -> RealFault | None:
    """The fault that caused a ticket: of its appliance, begun before it; of several the one that it names, or the last."""
    begun = [one for one in faults if one.appliance_id == ticket.appliance_id and one.onset_ms <= ticket.raised_ms]
    named = [one for one in begun if one.fault_mode == ticket.fault_mode]
    return max(named or begun, key=lambda one: one.onset_ms, default=None)


def percentile_99(values: Sequence[float]) -> float | None:
    """The 99th percentile (nearest rank), None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, -(-len(ordered) * 99 // 100) - 1)], 1)


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
