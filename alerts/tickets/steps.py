"""One step of a ticket: the life cycle's table decides, the step's body is checked, everything is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Row, update

from alerts.accounts.assignees import check_assignee
from alerts.audit.chain import difference, record_audit
from alerts.coverages.contract import contract_of
from alerts.database import Transaction
from alerts.errors import AlreadyOpenError, InvalidError, StaleViewError
from alerts.fault_modes import check_fault_mode
from alerts.lifecycle import OVER, TicketState, TicketStep, next_ticket_state
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.tickets.account import HOLD
from alerts.tickets.clock_keeping import settle_clocks
from alerts.tickets.episodes import keep_end
from alerts.tickets.mentions import tell_mentioned
from alerts.tickets.opening import add_history, find_open
from alerts.tickets.reading import find_row
from alerts.tickets.searching import FOUND_BY, note_search
from alerts.tickets.sla import DAY_MS
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import StepBody, Verdict, VerdictRecord
from alerts.tickets.typed import check_complete
from alerts.words import check_words
from ingest.clock import to_ms
from ingest.profiles.definition import Profile

TEXT_LENGTH_MAX = 10_000
_OF_ONE_EPISODE = (
    "verdict",
    "verdict_fault_mode",
    "verdict_note",
    "resolution",
    "visit_from_ms",
    "visit_to_ms",
    "work",
)
NOT_HELD: Mapping[str, Any] = dict.fromkeys(("pause", "paused_reason", "paused_ms", "before_hold"))
"""The columns of a ticket that nothing holds up."""
_CLOCKS = ("episode", "episode_ms", "respond_by_ms", "resolve_by_ms", "responded_ms", "closed_ms")
VISIT_BEFORE_OPENING_MS = DAY_MS
"""A visit may have been made a day before somebody wrote the ticket."""
VISIT_AHEAD_MS = 730 * DAY_MS

WhenOver = Callable[[Transaction, str, str], None]
"""Ends what hangs on a ticket that is over now, given its id and the reason: sessions know tickets, not the other way round."""


def take_step(
    t: Transaction,
    ref: str,
    step: TicketStep,
    body: StepBody,
    *,
    expected_version: int | None,
    when_over: WhenOver,
) -> str:
    """Take one step and return the ticket's id; raises, and changes nothing, where it is illegal or incomplete."""
    row = find_row(t, ref)
    before = TicketState(row.status)
    after = _after(row, step, expected_version)
    note = _note(step, body)
    check_complete(t.rules, row, step)
    columns = _columns_of(t, row, step, body) | _decided(step, body)
    if step is TicketStep.REOPEN:
        _refuse_second(t, row)
    columns |= {"status": after.value, "closed_ms": t.now_ms if after in OVER and before not in OVER else row.closed_ms}
    if after not in OVER:
        columns["closed_ms"] = None
    if step is not TicketStep.COMMENT and row.responded_ms is None:
        columns["responded_ms"] = t.now_ms
    write_ticket(
        t, row, step.value, columns, note=note, data=_told(body) | (_former(row) if step is TicketStep.REOPEN else {})
    )
    tell_mentioned(t, row, note)
    if after in OVER and before not in OVER:
        when_over(t, row.id, f"ticket_{after}")
    return str(row.id)


def record_verdict(
    t: Transaction,
    ref: str,
    verdict: VerdictRecord,
    profiles: Mapping[str, Profile],
    *,
    expected_version: int | None,
) -> str:
    """Write down what the technician found and return the ticket's id."""
    row = find_row(t, ref)
    _after(row, TicketStep.VERDICT, expected_version)
    check_words("note", verdict.note, longest=TEXT_LENGTH_MAX)
    check_words("fault_mode", verdict.fault_mode, longest=64)
    check_fault_mode(verdict.fault_mode, profiles.get(row.kind))
    if verdict.verdict is Verdict.OTHER_FAULT and verdict.fault_mode is None:
        raise InvalidError("fault_mode: the verdict other_fault says which it was.")
    columns = {
        "status": row.status,
        "verdict": verdict.verdict.value,
        "verdict_fault_mode": verdict.fault_mode,
        "verdict_note": verdict.note,
    }
    data = {"verdict": verdict.verdict.value, "fault_mode": verdict.fault_mode, "before": row.verdict}
    write_ticket(t, row, TicketStep.VERDICT.value, columns, note=verdict.note, data=data)
    return str(row.id)


def check_version(row: Row[Any], expected_version: int | None) -> None:
    """Raise :class:`StaleViewError` where the ticket has changed since it was read."""
    if expected_version is not None and expected_version != row.version:
        raise StaleViewError(expected=expected_version, current=row.version)


def _after(row: Row[Any], step: TicketStep, expected_version: int | None) -> TicketState:
    check_version(row, expected_version)
    before_hold = TicketState(row.before_hold) if row.before_hold else None
    return next_ticket_state(TicketState(row.status), step, before_hold=before_hold)


def _note(step: TicketStep, body: StepBody) -> str | None:
    needed = {TicketStep.HOLD: "reason", TicketStep.CANCEL: "note", TicketStep.COMMENT: "text"}.get(step)
    if needed is not None and not (getattr(body, needed) or "").strip():
        raise InvalidError(f"The step {step} needs {needed!r}.")
    if body.pause is not None and step is not TicketStep.HOLD:
        raise InvalidError("pause: it is said with the step hold.")
    for name, text in (("note", body.note), ("reason", body.reason), ("text", body.text)):
        check_words(name, text, longest=TEXT_LENGTH_MAX)
    return "\n".join(text for text in (body.text, body.reason, body.note) if text) or None


def _columns_of(t: Transaction, row: Row[Any], step: TicketStep, body: StepBody) -> dict[str, Any]:
    if step is TicketStep.SCHEDULE:
        return _visit(t, body, row)
    if step is TicketStep.START and row.assignee is None:
        return {"assignee": t.who}
    if step is TicketStep.HOLD:
        if body.pause is not None and body.pause not in t.rules.pauses:
            raise InvalidError(f"pause: {body.pause!r} is none of {', '.join(sorted(t.rules.pauses))}.")
        is_held = row.before_hold is not None
        return {
            "pause": body.pause or HOLD,
            "paused_reason": body.reason,
            "paused_ms": row.paused_ms if is_held else t.now_ms,
            "before_hold": row.before_hold if is_held else row.status,
        }
    if step in {TicketStep.RESUME, TicketStep.CANCEL} and row.paused_ms is not None:
        return dict(NOT_HELD)
    if step is TicketStep.REOPEN:
        begun = {"episode": row.episode + 1, "episode_ms": t.now_ms, "responded_ms": None}
        begun |= {"watched_until_ms": None}
        if row.contract_by is None:
            begun["contract"] = contract_of(t, row.appliance_id)
        return begun | dict.fromkeys((*_OF_ONE_EPISODE, "tested"))
    return {}


def _decided(step: TicketStep, body: StepBody) -> dict[str, Any]:
    if body.resolution is None:
        return {}
    if step not in {TicketStep.CLOSE, TicketStep.CANCEL}:
        raise InvalidError("resolution: it is said where a ticket is closed or cancelled.")
    return {"resolution": body.resolution.value}


def _visit(t: Transaction, body: StepBody, row: Row[Any]) -> dict[str, Any]:
    check_assignee(t, body.assignee)
    asked = {
        "assignee": body.assignee,
        "visit_from_ms": None if body.visit_from is None else to_ms(body.visit_from),
        "visit_to_ms": None if body.visit_to is None else to_ms(body.visit_to),
    }
    cleared = {"visit_from": "visit_from_ms", "visit_to": "visit_to_ms"}
    taken_away: dict[str, Any] = dict.fromkeys(cleared.get(name, name) for name in body.clears)
    columns = {name: value for name, value in asked.items() if value is not None} | taken_away
    check_visit(t, row, columns)
    return columns


def check_visit(t: Transaction, row: Row[Any], columns: Mapping[str, Any]) -> None:
    """Raise :class:`InvalidError` where the visit that would stand makes no sense; what is not touched is not judged alone."""
    start_ms = columns.get("visit_from_ms", row.visit_from_ms)
    end_ms = columns.get("visit_to_ms", row.visit_to_ms)
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        raise InvalidError(
            "A visit ends after it begins: 'to' must be later than 'from', also than the one that stands."
        )
    earliest_ms = row.opened_ms - VISIT_BEFORE_OPENING_MS
    for name in ("visit_from_ms", "visit_to_ms"):
        at_ms = columns.get(name)
        if at_ms is not None and not earliest_ms <= at_ms < t.now_ms + VISIT_AHEAD_MS:
            raise InvalidError(
                f"{name.split('_')[1]}: a visit is made after its ticket was opened, and within two years from now."
            )


def _refuse_second(t: Transaction, row: Row[Any]) -> None:
    if row.fault_mode is None:
        return
    standing = find_open(t, row.appliance_id, row.fault_mode)
    if standing is not None:
        raise AlreadyOpenError(ticket_id=standing.id, number=standing.number)


def _former(row: Row[Any]) -> dict[str, Any]:
    """What a reopened ticket knew at its former end: it goes into the history, so that it is taken for nobody's word now."""
    told = {name: row._mapping[name] for name in (*_OF_ONE_EPISODE, *_CLOCKS)}  # noqa: SLF001
    return {f"former_{name}": value for name, value in told.items() if value is not None}


def _told(body: StepBody) -> dict[str, Any]:
    told = {
        "assignee": body.assignee,
        "reason": body.reason,
        "pause": body.pause,
        "resolution": body.resolution,
        "from_ms": None if body.visit_from is None else to_ms(body.visit_from),
        "to_ms": None if body.visit_to is None else to_ms(body.visit_to),
    }
    cleared = {"visit_from": "from_ms", "visit_to": "to_ms"}
    taken_away = {cleared.get(name, name): None for name in body.clears}
    return {name: value for name, value in told.items() if value is not None} | taken_away


def write_ticket(
    t: Transaction,
    row: Row[Any],
    event: str,
    columns: dict[str, Any],
    *,
    note: str | None,
    data: dict[str, Any],
) -> None:
    """Change a ticket in a person's name: its columns, a line of history, change event, audit and notice."""
    version = row.version + 1
    t.connection.execute(update(tickets).where(tickets.c.id == row.id).values(**columns, version=version))
    status = columns["status"]
    add_history(t, row.id, event=event, from_status=row.status, to_status=status, note=note, data=data)
    settle_clocks(t, row.id)
    if status in OVER:
        keep_end(t, dict(find_row(t, row.id)._mapping))  # noqa: SLF001 - the public name of a row as a mapping
    if note is not None or columns.keys() & FOUND_BY:
        note_search(t, row.id)
    record_change(t, Subject.TICKET, row.id, {"number": row.number, "status": status})
    told = difference(row, columns, "status")
    record_audit(t, f"ticket.{event}", row.id, **told, about=data)
    notice = {"id": row.id, "number": row.number, "version": version, "status": status, "step": event}
    notice |= {"appliance_id": row.appliance_id}
    put_notice(t, f"ticket.{event}", row.id, notice, dedupe_key=f"{row.id}:{version}:{event}")
