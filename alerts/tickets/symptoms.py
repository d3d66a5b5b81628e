"""One cause, one ticket: a consequence joins its cause's ticket, and a cause takes over the ticket that a consequence opened.

Which fault mode follows from which stands in the profile (``symptom_of``). The joined finding stays on the ticket, with
its evidence, beside what the cause itself shows.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, update

from alerts.database import Transaction
from alerts.lifecycle import OVER, TicketState
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.tickets.evidence import evidence_columns
from alerts.tickets.opening import DETECTOR, add_history, columns_of
from alerts.tickets.searching import note_search
from alerts.tickets.tables import tickets
from detectors.finding import Finding
from ingest.profiles.definition import Profile

SYMPTOMS_MAX = 20


def find_cause(t: Transaction, appliance_id: str, fault_mode: str, profile: Profile | None) -> Row[Any] | None:
    """The oldest open ticket of the appliance for a cause of this fault mode."""
    mode = profile.fault_modes.get(fault_mode) if profile else None
    return None if mode is None else _find_open(t, appliance_id, mode.symptom_of)


def join(t: Transaction, ticket_id: str, finding: Finding, *, alert_id: str) -> None:
    """Put a consequence, as it is now, beside its cause; the ticket's history says so once."""
    row = t.connection.execute(select(tickets).where(tickets.c.id == ticket_id)).one()
    said = evidence_columns(finding)
    symptom = {
        "fault_mode": finding.fault_mode,
        "alert_id": alert_id,
        "onset_ms": said["onset_ms"],
        "evidence": said["evidence"],
    }
    before = list(row.symptoms or ())
    others = [one for one in before if one["alert_id"] != alert_id]
    if symptom in before or row.status in OVER or len(others) >= SYMPTOMS_MAX:
        return
    is_new = len(others) == len(before)
    version = row.version + is_new
    t.connection.execute(
        update(tickets).where(tickets.c.id == ticket_id).values(symptoms=[*others, symptom], version=version),
    )
    if is_new:
        add_history(t.by(DETECTOR), ticket_id, event="symptom_joined", data={"fault_mode": finding.fault_mode})
    record_change(t, Subject.TICKET, ticket_id, {"number": row.number, "status": row.status})


def take_over(t: Transaction, finding: Finding, profile: Profile | None, *, alert_id: str) -> str | None:
    """Give the open ticket of a consequence to its cause, which has no ticket yet; the ticket's id, if there is one.

    What was found or done already stays as it was named: a ticket with a verdict or a repair is not taken over.
    """
    row = _find_consequence(t, finding, profile)
    if row is None or _find_open(t, finding.appliance_id, (finding.fault_mode,)) is not None:
        return None
    columns = columns_of(t, finding, profile, alert_id=alert_id)
    columns["priority"] = min(row.priority, columns["priority"])
    del columns["source"]
    version = row.version + 1
    t.connection.execute(update(tickets).where(tickets.c.id == row.id).values(**columns, version=version))
    moved = {"from": row.fault_mode, "to": finding.fault_mode}
    add_history(t.by(DETECTOR), row.id, event="relabelled", data=moved)
    note_search(t, row.id)
    record_change(t, Subject.TICKET, row.id, {"number": row.number, "status": row.status})
    told = {name: columns[name] for name in ("appliance_id", "fault_mode", "title", "priority", "severity")}
    notice = {
        "id": row.id,
        "number": row.number,
        "version": version,
        "status": row.status,
        **told,
        "was": row.fault_mode,
    }
    put_notice(t, "ticket.relabelled", row.id, notice, dedupe_key=f"{row.id}:{version}:relabelled")
    return str(row.id)


def _find_consequence(t: Transaction, finding: Finding, profile: Profile | None) -> Row[Any] | None:
    if profile is None:
        return None
    modes = [mode.name for mode in profile.fault_modes.values() if finding.fault_mode in mode.symptom_of]
    row = _find_open(t, finding.appliance_id, modes)
    if row is None or row.verdict is not None or row.status == TicketState.REPAIRED:
        return None
    return row


def _find_open(t: Transaction, appliance_id: str, fault_modes: tuple[str, ...] | list[str]) -> Row[Any] | None:
    if not fault_modes:
        return None
    query = select(tickets).where(
        tickets.c.appliance_id == appliance_id,
        tickets.c.fault_mode.in_(fault_modes),
        tickets.c.status.not_in([state.value for state in OVER]),
    )
    return t.connection.execute(query.order_by(tickets.c.number).limit(1)).first()
