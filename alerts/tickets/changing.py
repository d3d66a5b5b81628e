"""What a person changes on a ticket beside its steps: title, priority, type, who does it, and when.

Nothing given is taken for nothing changed; ``None`` takes away. A priority or a contract that is taken away is ours again to set.
With its type a ticket's form and clocks become those of the other one; what was written down for the first stays, and is there
again when the change is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from alerts.accounts.assignees import check_assignee
from alerts.coverages.contract import contract_of
from alerts.database import Transaction
from alerts.errors import ConflictError, InvalidError
from alerts.lifecycle import OVER
from alerts.rules.ticket_types import REPAIR
from alerts.tickets.opening import CONTRACT_LENGTH_MAX, TITLE_LENGTH_MAX
from alerts.tickets.reading import find_row
from alerts.tickets.sla import more_urgent, priority_of
from alerts.tickets.steps import check_version, check_visit, write_ticket
from alerts.tickets.ticket import TicketChange
from alerts.tickets.typed import checked_type
from alerts.words import check_words
from ingest.clock import to_ms
from ingest.profiles.definition import Profile


def change_ticket(
    t: Transaction,
    ref: str,
    change: TicketChange,
    profiles: Mapping[str, Profile],
    *,
    expected_version: int | None,
) -> str:
    """Change a ticket and return its id; raises, and changes nothing, where a value can't be."""
    row = find_row(t, ref)
    check_version(row, expected_version)
    if row.status in OVER:
        raise ConflictError(f"Ticket {row.number} is {row.status}: reopen it to change it, or write a comment.")
    columns = _columns_of(t, row, change, profiles.get(row.kind))
    check_visit(t, row, columns)
    before = row._mapping  # noqa: SLF001 - the public name of a row as a mapping
    columns = {name: value for name, value in columns.items() if before[name] != value}
    if not columns:
        return str(row.id)
    data = {name: {"from": before[name], "to": value} for name, value in columns.items()}
    write_ticket(t, row, "changed", {"status": row.status, **columns}, note=None, data=data)
    return str(row.id)


def _columns_of(t: Transaction, row: Row[Any], change: TicketChange, profile: Profile | None) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if "title" in change.changes:
        check_words("title", change.title, longest=TITLE_LENGTH_MAX, is_needed=True)
        columns["title"] = (change.title or "").strip()
    if "priority" in change.changes:
        columns |= _priority(t, row, change.priority, profile)
    if "contract" in change.changes:
        check_words("contract", change.contract, longest=CONTRACT_LENGTH_MAX)
        columns["contract"] = change.contract or contract_of(t, row.appliance_id)
        columns["contract_by"] = t.who if change.contract else None
    if "type" in change.changes:
        columns["type"] = checked_type(t.rules, change.type or REPAIR)
    if "assignee" in change.changes:
        check_assignee(t, change.assignee)
        columns["assignee"] = change.assignee
    if "visit" in change.changes:
        visit = change.visit
        columns["visit_from_ms"] = None if visit is None or visit.start is None else to_ms(visit.start)
        columns["visit_to_ms"] = None if visit is None or visit.end is None else to_ms(visit.end)
    return columns


def _priority(t: Transaction, row: Row[Any], priority: int | None, profile: Profile | None) -> dict[str, Any]:
    if priority is None:
        mode = profile.fault_modes.get(row.fault_mode) if profile and row.fault_mode else None
        window = row.failure_window
        ours = priority_of(
            severity=row.severity or 0.0,
            danger=mode.danger if mode else 1,
            fails_by_ms=window["to"] if window else None,
            now_ms=t.now_ms,
        )
        ours = more_urgent(ours, t.rules.priority.steps_of(row.contract))
        return {"priority": ours, "priority_by": None}
    if not 1 <= priority <= 4:
        raise InvalidError("priority is 1 (highest) to 4.")
    return {"priority": priority, "priority_by": t.who}
