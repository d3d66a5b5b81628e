"""One cause, one ticket: a consequence joins its cause's ticket, and a cause takes over the ticket that a consequence opened.

Which fault mode follows from which stands in the profile (``symptom_of``); what no known mode explains is taken for a
consequence of any fault that stands. The joined finding stays on the ticket, with its evidence, beside what the cause
itself shows. A diagnosis that moves (first *unknown*, then *leak*; *leak*, which is over, then *fan*, which it had named as
another cause) is the same cause by a better name: it takes the ticket over, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select, update

from alerts.database import Transaction
from alerts.lifecycle import OVER, TicketState
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.tickets.clock_keeping import settle_clocks
from alerts.tickets.evidence import evidence_columns
from alerts.tickets.opening import DETECTOR, add_history, columns_of
from alerts.tickets.searching import note_search
from alerts.tickets.tables import IS_OPEN, tickets
from detectors.finding import UNKNOWN, Finding, FindingChannel
from ingest.profiles.definition import Profile

SYMPTOMS_MAX = 20


def find_cause(t: Transaction, appliance_id: str, fault_mode: str, profile: Profile | None) -> Row[Any] | None:
    """The oldest open ticket of the appliance for a cause of this fault mode."""
    if fault_mode == UNKNOWN:
        return _find_open(t, appliance_id, None)
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
    """Give the open ticket of a consequence, or of a worse name, to its cause, which has no ticket yet; the ticket's id, if any.

    What was found or done already stays as it was named: a ticket with a verdict or a repair is not taken over.
    """
    row = _find_consequence(t, finding, profile) or _find_worse_name(t, finding)
    if row is None or _find_open(t, finding.appliance_id, [finding.fault_mode]) is not None:
        return None
    columns = columns_of(t, finding, profile, alert_id=alert_id)
    columns["priority"] = min(row.priority, columns["priority"])
    del columns["source"]
    version = row.version + 1
    t.connection.execute(update(tickets).where(tickets.c.id == row.id).values(**columns, version=version))
    moved = {"from": row.fault_mode, "to": finding.fault_mode}
    add_history(t.by(DETECTOR), row.id, event="relabelled", data=moved)
    settle_clocks(t, row.id)
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
    if profile is None or finding.fault_mode == UNKNOWN:
        return None
    modes = [mode.name for mode in profile.fault_modes.values() if finding.fault_mode in mode.symptom_of]
    row = _find_open(t, finding.appliance_id, modes)
    return None if row is None or _is_found_out(row) else row


def _find_worse_name(t: Transaction, finding: Finding) -> Row[Any] | None:
    """The open ticket that this finding's cause has opened under another name; a person's and an error code's stay as named."""
    if finding.channel is not FindingChannel.EVIDENCE or finding.fault_mode == UNKNOWN:
        return None
    query = _open_tickets(finding.appliance_id).where(tickets.c.channel == FindingChannel.EVIDENCE.value)
    for row in t.connection.execute(query).all():
        if _is_found_out(row) or row.fault_mode == finding.fault_mode:
            continue
        named = {mode for mode, _ in row.alternatives or ()}
        if row.fault_mode == UNKNOWN or (row.cleared_ms is not None and finding.fault_mode in named):
            return row
    return None


def _is_found_out(row: Row[Any]) -> bool:
    return row.verdict is not None or row.status == TicketState.REPAIRED


def _find_open(t: Transaction, appliance_id: str, fault_modes: Sequence[str] | None) -> Row[Any] | None:
    """The oldest open ticket of an appliance for one of some fault modes; for any that a finding has named where they are ``None``."""
    wanted: ColumnElement[bool]
    if fault_modes is None:
        wanted = tickets.c.channel.is_not(None) & (tickets.c.fault_mode != UNKNOWN)
    else:
        wanted = tickets.c.fault_mode.in_(fault_modes)
    return t.connection.execute(_open_tickets(appliance_id).where(wanted).limit(1)).first()


def _open_tickets(appliance_id: str) -> Select[Any]:
    mine = select(tickets).where(tickets.c.appliance_id == appliance_id, IS_OPEN)
    return mine.order_by(tickets.c.number)
