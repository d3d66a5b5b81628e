"""Opening a ticket: from a finding or by hand; never two for one (appliance, fault mode).

The database decides, by the index ``one_open_ticket``: the INSERT does nothing where a ticket stands already. A check
before it would only be a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, insert, select, update

from alerts.appliances.tables import appliances
from alerts.audit.chain import record_audit
from alerts.coverages.contract import contract_of
from alerts.database import Transaction, upsert
from alerts.errors import AlreadyOpenError, ConflictError, InvalidError
from alerts.fault_modes import check_fault_mode
from alerts.lifecycle import OVER, TicketState
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.rules.ticket_types import REPAIR
from alerts.tickets.again import call_off
from alerts.tickets.clock_keeping import begin_clocks
from alerts.tickets.evidence import evidence_columns
from alerts.tickets.searching import note_search
from alerts.tickets.sentence import summary_of, title_of
from alerts.tickets.sla import HOUR_MS, more_urgent, priority_of
from alerts.tickets.tables import IS_OPEN, ticket_history, tickets
from alerts.tickets.terms import put_under
from alerts.tickets.ticket import NewTicket, TicketSource
from alerts.tickets.typed import source_for
from alerts.words import check_words
from detectors.finding import Finding, FindingChannel
from ingest.clock import from_ms
from ingest.profiles.definition import FaultMode, Profile

DETECTOR = "detector"
TITLE_LENGTH_MAX = 200
DESCRIPTION_LENGTH_MAX = 10_000
CONTRACT_LENGTH_MAX = 200


def open_from_finding(t: Transaction, finding: Finding, profile: Profile | None, *, alert_id: str) -> tuple[str, bool]:
    """The id of the one ticket for this finding, and whether it was opened just now."""
    standing = find_open(t, finding.appliance_id, finding.fault_mode)
    if standing is not None:
        return str(standing.id), False
    ticket_id = _insert(t.by(DETECTOR), columns_of(t, finding, profile, alert_id=alert_id))
    if ticket_id is not None:
        return ticket_id, True
    return str(_first(t, finding.appliance_id, finding.fault_mode).id), False


def columns_of(t: Transaction, finding: Finding, profile: Profile | None, *, alert_id: str) -> dict[str, Any]:
    """A ticket's columns as a finding and its profile say them."""
    mode = profile.fault_modes.get(finding.fault_mode) if profile else None
    said = evidence_columns(finding)
    window = said["failure_window"]
    contract = contract_of(t, finding.appliance_id)
    return {
        **said,
        "appliance_id": finding.appliance_id,
        "kind": finding.kind,
        "component": finding.component,
        "fault_mode": finding.fault_mode,
        "title": title_of(finding, profile)["en"],
        "summary": summary_of(finding, profile, now=from_ms(t.now_ms)),
        "priority": more_urgent(
            priority_of(
                severity=said["severity"],
                danger=mode.danger if mode else 1,
                fails_by_ms=window["to"] if window else None,
                now_ms=t.now_ms,
            ),
            t.rules.priority.steps_of(contract),
        ),
        "contract": contract,
        "source": _source(finding.channel).value,
        "channel": finding.channel.value,
        "recommended": recommended_of(mode),
        "alert_id": alert_id,
        "raised": headline_of(said, at_ms=finding.raised_ms),
        "cleared_ms": None,
        "test_again_ms": None,
    }


def headline_of(said: Mapping[str, Any], *, at_ms: int) -> dict[str, Any] | None:
    """The one value that says most, as it was at a time."""
    if not said["evidence"]:
        return None
    first = said["evidence"][0]
    return {"at_ms": at_ms, "severity": said["severity"]} | {
        name: first[name] for name in ("metric", "observed", "unit")
    }


def note_cleared(t: Transaction, ticket_id: str, fault_mode: str, *, cleared_ms: int, because: str) -> None:
    """Say on an open ticket that the finding is over, and ask for a verdict: whether the fault has gone or hides, a person says."""
    row = t.connection.execute(select(tickets).where(tickets.c.id == ticket_id)).one_or_none()
    if row is None or row.status in OVER:
        return
    is_own = row.fault_mode == fault_mode
    data: dict[str, Any] = {"fault_mode": fault_mode, "because": because}
    if is_own:
        data["asks_for"] = "verdict"
        columns = {"cleared_ms": cleared_ms, **(call_off(row.recommended) if row.recommended else {})}
        t.connection.execute(update(tickets).where(tickets.c.id == row.id).values(columns))
        if _said_lately(t, row.id, "finding_cleared"):
            record_change(t, Subject.TICKET, row.id, {"number": row.number, "status": row.status})
            return
        told = {"id": row.id, "number": row.number, "version": row.version, "status": row.status, **data}
        told |= {"appliance_id": row.appliance_id}
        put_notice(t, "ticket.finding_cleared", row.id, told, dedupe_key=f"{row.id}:{cleared_ms}:cleared")
    add_history(t.by(DETECTOR), row.id, event="finding_cleared" if is_own else "symptom_cleared", data=data)
    record_change(t, Subject.TICKET, row.id, {"number": row.number, "status": row.status})


def _said_lately(t: Transaction, ticket_id: str, event: str) -> bool:
    """Whether the ticket has said so within the hours in which it says so once."""
    line = ticket_history.c
    after_ms = t.now_ms - t.rules.flapping.cleared_again_hours * HOUR_MS
    said = select(line.n).where(line.ticket_id == ticket_id, line.event == event, line.at_ms > after_ms)
    return t.connection.execute(said.limit(1)).first() is not None


def open_by_hand(t: Transaction, new: NewTicket, profiles: Mapping[str, Profile]) -> str:
    """The id of a ticket that a person opens; :class:`AlreadyOpenError` names the one that stands already."""
    _check(new)
    source = source_for(t.rules, new.type, new.source)
    query = select(appliances.c.kind, appliances.c.retired).where(appliances.c.id == new.appliance_id)
    appliance = t.connection.execute(query).one_or_none()
    if appliance is None:
        raise InvalidError(f"There is no appliance {new.appliance_id!r}.")
    kind = appliance.kind
    if appliance.retired:
        raise ConflictError(f"Appliance {new.appliance_id} is retired: revive it first.")
    profile = profiles.get(kind)
    check_fault_mode(new.fault_mode, profile)
    if new.fault_mode and (standing := find_open(t, new.appliance_id, new.fault_mode)) is not None:
        raise AlreadyOpenError(ticket_id=standing.id, number=standing.number)
    mode = profile.fault_modes.get(new.fault_mode) if profile and new.fault_mode else None
    values = {
        "appliance_id": new.appliance_id,
        "kind": kind,
        "component": mode.component if mode else None,
        "fault_mode": new.fault_mode or None,
        "title": new.title.strip(),
        "description": new.description,
        "priority": new.priority,
        "priority_by": t.who,
        "contract": new.contract or contract_of(t, new.appliance_id),
        "contract_by": t.who if new.contract else None,
        "source": source.value,
        "type": new.type,
        "recommended": recommended_of(mode),
    }
    ticket_id = _insert(t, values)
    if ticket_id is None:
        first = _first(t, new.appliance_id, new.fault_mode or "")
        raise AlreadyOpenError(ticket_id=first.id, number=first.number)
    now = {"appliance_id": new.appliance_id, "title": new.title, "priority": new.priority, "type": new.type}
    record_audit(t, "ticket.open", ticket_id, before=None, after=now | {"status": TicketState.OPEN.value})
    return ticket_id


def find_open(t: Transaction, appliance_id: str, fault_mode: str) -> Row[str, int] | None:
    """Id and number of the one ticket neither closed nor cancelled, if there is one."""
    query = select(tickets.c.id, tickets.c.number).where(
        tickets.c.appliance_id == appliance_id,
        tickets.c.fault_mode == fault_mode,
        IS_OPEN,
    )
    return t.connection.execute(query).first()


def _first(t: Transaction, appliance_id: str, fault_mode: str) -> Row[str, int]:
    """The ticket of whoever was faster."""
    standing = find_open(t, appliance_id, fault_mode)
    if standing is None:
        raise LookupError("the index refused a ticket although none is open")
    return standing


_HISTORY = insert(ticket_history)


def add_history(t: Transaction, ticket_id: str, *, event: str, **columns: Any) -> None:
    """Append a line to a ticket's history, under the name of who asks."""
    line = {"ticket_id": ticket_id, "at_ms": t.now_ms, "actor": t.who, "event": event, **columns}
    t.connection.execute(_HISTORY, line)


def recommended_of(mode: FaultMode | None) -> dict[str, Any]:
    """What the profile recommends for a fault mode."""
    if mode is None:
        return {"first_check": None, "test": None, "no_test": None, "parts": []}
    return {
        "first_check": dict(mode.first_check) or None,
        "test": mode.test,
        "no_test": dict(mode.no_test) or None,
        "parts": [{"sku": part.sku, "name": dict(part.name), "probability": part.share} for part in mode.parts],
    }


def _insert(t: Transaction, values: Mapping[str, Any]) -> str | None:
    ticket_id = t.new_id("tk")
    terms, clocks = begin_clocks(t, values)
    row = {
        "id": ticket_id,
        "status": TicketState.OPEN.value,
        "opened_ms": t.now_ms,
        "episode_ms": t.now_ms,
        **values,
        **clocks,
    }
    statement = upsert(t.connection, tickets).on_conflict_do_nothing().returning(tickets.c.number)
    number = t.connection.execute(statement, row).scalar_one_or_none()
    if number is None:
        return None
    put_under(t, ticket_id, terms)
    add_history(t, ticket_id, event="open", to_status=TicketState.OPEN.value)
    note_search(t, ticket_id)
    record_change(t, Subject.TICKET, ticket_id, {"number": number, "status": "open"})
    told = _told(row)
    notice = {"id": ticket_id, "number": number, "version": 1, "status": "open", **told}
    put_notice(t, "ticket.opened", ticket_id, notice, dedupe_key=f"{ticket_id}:1:open")
    return ticket_id


_TOLD = ("appliance_id", "kind", "component", "fault_mode", "title", "summary", "description", "priority", "severity")
_TOLD_TOO = ("source", "probability", "onset_ms", "failure_window", "respond_by_ms", "resolve_by_ms", "contract")


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """What others need to make a work order of a ticket without asking back."""
    recommended = row.get("recommended") or {}
    first_check = recommended.get("first_check") or {}
    return {name: row.get(name) for name in (*_TOLD, *_TOLD_TOO)} | {
        "type": row.get("type", REPAIR),
        "first_check": first_check.get("en"),
        "parts": [part["sku"] for part in recommended.get("parts", ())],
    }


def _check(new: NewTicket) -> None:
    check_words("title", new.title, longest=TITLE_LENGTH_MAX, is_needed=True)
    check_words("description", new.description, longest=DESCRIPTION_LENGTH_MAX)
    check_words("fault_mode", new.fault_mode, longest=64)
    check_words("contract", new.contract, longest=CONTRACT_LENGTH_MAX)
    if not 1 <= new.priority <= 4:
        raise InvalidError("priority is 1 (highest) to 4.")


def _source(channel: FindingChannel) -> TicketSource:
    return TicketSource.ERROR_CODE if channel is FindingChannel.ERROR_CODE else TicketSource.PREDICTION
