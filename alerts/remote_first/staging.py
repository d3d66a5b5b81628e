"""The stage *remote first*: begun with the ticket's episode, on a clock of its own, ended by a person or by what happened.

A ticket whose fault has steps for the customer or a test to confirm it begins in this stage. A person ends it with one of
its exits; else what happened says which: closed without a visit after something remote was solved from afar; with a visit
planned or made it needed one, or the customer refused, or was not reached, as the sessions say; and where nobody tried, it
was skipped. A ticket that was solved from afar and whose fault comes back within 90 days has relapsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from alerts.audit.chain import record_audit
from alerts.database import SYSTEM, Transaction, upsert
from alerts.errors import ConflictError
from alerts.fix_first.tables import fix_first
from alerts.lifecycle import FixFirstState, SessionState, TicketState
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.page import moment
from alerts.remote.tables import sessions
from alerts.remote_first.stage import RemoteExit, RemoteStage
from alerts.remote_first.tables import remote_first
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row
from alerts.tickets.tables import tickets
from alerts.words import check_words
from ingest.clock import from_ms
from ingest.profiles.definition import Profile

DAY_MS = 86_400_000
STAGE_MS = DAY_MS
"""How long a ticket may be in the stage before it is late."""
URGENT_STAGE_MS = DAY_MS // 6
"""The same, of priority 1 and 2."""
RELAPSE_MS = 90 * DAY_MS
AT_ONCE = 200
NOTE_LENGTH_MAX = 2000
_WAITING = frozenset({TicketState.OPEN, TicketState.TRIAGED, TicketState.IN_PROGRESS, TicketState.ON_HOLD})
"""States in which nothing says yet how the stage ends."""


def read_stage(t: Transaction, ticket_ref: str, profiles: Mapping[str, Profile]) -> RemoteStage | None:
    """The stage of the ticket's present episode; nothing where there is nothing to try from afar."""
    ticket = find_row(t, ticket_ref)
    can_try = what_to_try(profiles, ticket.kind, ticket.fault_mode)
    if not can_try:
        return None
    row = _row(t, ticket)
    begun_ms = _begun_ms(ticket)
    due_ms = _due_ms(ticket)
    if row is None:
        return RemoteStage(ticket.id, can_try, from_ms(begun_ms), from_ms(due_ms), t.now_ms >= due_ms)
    until_ms = t.now_ms if row.ended_ms is None else row.ended_ms
    return RemoteStage(
        ticket_id=ticket.id,
        can_try=can_try,
        begun_at=from_ms(row.begun_ms),
        due_at=from_ms(row.due_ms),
        is_late=until_ms >= row.due_ms,
        ended_at=moment(row.ended_ms),
        exit=None if row.exit is None else RemoteExit(row.exit),
        ended_by=row.ended_by,
        note=row.note,
        kit=row.kit,
        relapsed_at=moment(row.relapsed_ms),
    )


def what_to_try(profiles: Mapping[str, Profile], kind: str, fault_mode: str | None) -> tuple[str, ...]:
    """What can be tried from afar against a fault."""
    mode = profiles[kind].fault_modes.get(fault_mode or "") if kind in profiles else None
    if mode is None:
        return ()
    found = {"fix_first": mode.self_help is not None, "test": mode.test is not None}
    return tuple(name for name, is_there in found.items() if is_there)


def end_stage(
    t: Transaction, ticket_ref: str, wanted: RemoteExit, profiles: Mapping[str, Profile], *, note: str | None
) -> None:
    """A person says how it ended; :class:`ConflictError` where there is nothing to end, or it has ended."""
    check_words("note", note, longest=NOTE_LENGTH_MAX)
    ticket = find_row(t, ticket_ref)
    stage = read_stage(t, ticket_ref, profiles)
    if stage is None:
        raise ConflictError("There is nothing to try from afar on this ticket.")
    if stage.exit is not None:
        raise ConflictError(f"The stage has ended: {stage.exit}.")
    _begin(t, ticket)
    _end(t, ticket, wanted, note=note)


def settle_stages(t: Transaction, profiles: Mapping[str, Profile]) -> int:
    """Begin what is due to begin, end what has ended by what happened, tell what is late; returns how many were ended."""
    t = t.by(SYSTEM)
    for ticket in t.connection.execute(select(tickets).where(_unbegun()).limit(AT_ONCE)).all():
        _begin(t, ticket, is_open=bool(what_to_try(profiles, ticket.kind, ticket.fault_mode)))
    ended = 0
    query = select(tickets, remote_first.c.late_ms, remote_first.c.due_ms).join(remote_first, _is_of_episode())
    for ticket in t.connection.execute(query.where(remote_first.c.ended_ms.is_(None)).limit(AT_ONCE)).all():
        found = _exit_of(t, ticket)
        if found is not None:
            _end(t, ticket, found, note=None)
            ended += 1
        elif ticket.late_ms is None and t.now_ms >= ticket.due_ms and not _waits(ticket):
            _tell_late(t, ticket)
    _mark_relapses(t)
    return ended


def _waits(ticket: Row[Any]) -> bool:
    """Whether it stands still for good reason: on hold, or until its test is to be done again."""
    return bool(ticket.status == TicketState.ON_HOLD or ticket.test_again_ms is not None)


def has_stages(t: Transaction) -> bool:
    """Whether any stage may begin, end, be late or relapse."""
    open_ = select(remote_first.c.n).where(remote_first.c.ended_ms.is_(None)).limit(1)
    unbegun = select(tickets.c.number).where(_unbegun()).limit(1)
    solved = select(remote_first.c.n).where(_may_relapse(t)).limit(1)
    return any(t.connection.execute(query).first() is not None for query in (open_, unbegun, solved))


def _unbegun() -> ColumnElement[bool]:
    has_row = select(remote_first.c.n).where(_is_of_episode()).exists()
    waits = tickets.c.status.in_([state.value for state in _WAITING])
    return waits & tickets.c.fault_mode.is_not(None) & ~has_row


def _is_of_episode() -> ColumnElement[bool]:
    return (remote_first.c.ticket_id == tickets.c.id) & (remote_first.c.episode == tickets.c.episode)


def _row(t: Transaction, ticket: Row[Any]) -> Row[Any] | None:
    mine = (remote_first.c.ticket_id == ticket.id) & (remote_first.c.episode == ticket.episode)
    return t.connection.execute(select(remote_first).where(mine)).one_or_none()


def _begun_ms(ticket: Row[Any]) -> int:
    return int(ticket.episode_ms or ticket.opened_ms)


def _due_ms(ticket: Row[Any]) -> int:
    return _begun_ms(ticket) + (URGENT_STAGE_MS if ticket.priority <= 2 else STAGE_MS)


def _begin(t: Transaction, ticket: Row[Any], *, is_open: bool = True) -> None:
    """Write the stage down; of a ticket with nothing to try that it never was, so that it is not asked about again."""
    values = {
        "ticket_id": ticket.id,
        "episode": ticket.episode,
        "begun_ms": _begun_ms(ticket),
        "due_ms": _due_ms(ticket),
        "ended_ms": None if is_open else t.now_ms,
    }
    t.connection.execute(upsert(t.connection, remote_first).values(values).on_conflict_do_nothing())
    if is_open:
        _show(t, ticket, is_in_stage=True)


def _show(t: Transaction, ticket: Row[Any], *, is_in_stage: bool) -> None:
    """Let the queue show whether the ticket is in the stage."""
    t.connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(remote_first=is_in_stage))
    record_change(t, Subject.TICKET, ticket.id, {"number": ticket.number, "status": ticket.status})


def _end(t: Transaction, ticket: Row[Any], found: RemoteExit, *, note: str | None) -> None:
    kit = None
    if found is RemoteExit.NEEDS_VISIT:
        parts = (ticket.recommended or {}).get("parts") or []
        kit = {"component": ticket.component, "parts": parts, "tested": ticket.tested or []}
    mine = (remote_first.c.ticket_id == ticket.id) & (remote_first.c.episode == ticket.episode)
    columns = {"ended_ms": t.now_ms, "exit": found.value, "ended_by": t.who, "note": note, "kit": kit}
    t.connection.execute(update(remote_first).where(mine).values(**columns))
    add_history(t, ticket.id, event="remote_first_ended", note=note, data={"exit": found.value})
    record_audit(t, "ticket.remote_first", ticket.id, before={"exit": None}, after={"exit": found.value})
    _show(t, ticket, is_in_stage=False)


def _exit_of(t: Transaction, ticket: Row[Any]) -> RemoteExit | None:
    """What happened says how it ended; nothing while all may still come."""
    state = TicketState(ticket.status)
    if state in _WAITING:
        return None
    tried = _tried(t, ticket)
    if state is TicketState.CANCELLED:
        return RemoteExit.SKIPPED
    if state is TicketState.CLOSED and ticket.visit_from_ms is None:
        return RemoteExit.SOLVED if tried is RemoteExit.NEEDS_VISIT else tried
    return tried


def _tried(t: Transaction, ticket: Row[Any]) -> RemoteExit:
    """How far it came from afar in this episode: the customer took part, refused, was not reached, or nobody tried."""
    since_ms = _begun_ms(ticket)
    mine = (sessions.c.ticket_id == ticket.id) & (sessions.c.requested_ms >= since_ms)
    asked = t.connection.execute(select(sessions.c.state, sessions.c.granted_ms).where(mine)).all()
    done = (fix_first.c.ticket_id == ticket.id) & (fix_first.c.told_ms >= since_ms)
    told = set(t.connection.execute(select(fix_first.c.state).where(done)).scalars())
    if any(one.granted_ms is not None for one in asked) or told - {FixFirstState.DECLINED.value}:
        return RemoteExit.NEEDS_VISIT
    if any(one.state == SessionState.REFUSED for one in asked) or told:
        return RemoteExit.REFUSED
    return RemoteExit.NOT_REACHABLE if asked else RemoteExit.SKIPPED


def _tell_late(t: Transaction, ticket: Row[Any]) -> None:
    mine = (remote_first.c.ticket_id == ticket.id) & (remote_first.c.episode == ticket.episode)
    t.connection.execute(update(remote_first).where(mine).values(late_ms=t.now_ms))
    add_history(t, ticket.id, event="remote_first_late")
    told = {"id": ticket.id, "number": ticket.number, "version": ticket.version, "status": ticket.status}
    told |= {"appliance_id": ticket.appliance_id}
    put_notice(t, "ticket.remote_first_late", ticket.id, told, dedupe_key=f"{ticket.id}:{ticket.episode}:remote_late")


def _may_relapse(t: Transaction) -> ColumnElement[bool]:
    solved = remote_first.c.exit == RemoteExit.SOLVED.value
    return solved & remote_first.c.relapsed_ms.is_(None) & (remote_first.c.ended_ms > t.now_ms - RELAPSE_MS)


def _mark_relapses(t: Transaction) -> None:
    first, again = tickets.alias("first"), tickets.alias("again")
    is_again = (
        (again.c.appliance_id == first.c.appliance_id)
        & (again.c.fault_mode == first.c.fault_mode)
        & (again.c.episode_ms > remote_first.c.ended_ms)
    )
    joined = remote_first.join(first, first.c.id == remote_first.c.ticket_id).join(again, is_again)
    query = select(remote_first.c.n, again.c.episode_ms).select_from(joined).where(_may_relapse(t)).limit(AT_ONCE)
    for row in t.connection.execute(query).all():
        t.connection.execute(update(remote_first).where(remote_first.c.n == row.n).values(relapsed_ms=row.episode_ms))
