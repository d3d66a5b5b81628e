"""A session from request to end: consent by a one-time code that only the customer's appliance shows.

The code is stored as a salted digest only, lives ten minutes and bears five tries; the fifth wrong one ends the session.
While ``consent.show`` waits to be sent the code stands in its arguments; it is struck out when it has been sent or given
up.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update

from alerts.appliances.tables import appliances
from alerts.audit.chain import record_audit
from alerts.database import SYSTEM, Transaction
from alerts.errors import ConflictError, IllegalStepError, UnknownError
from alerts.lifecycle import COMMAND_LIVE, OVER, SESSION, SESSION_LIVE, SessionEvent, SessionState, next_state
from alerts.remote.closing import fail_procedures
from alerts.remote.command import drop_commands, put_command
from alerts.remote.ending import EndReason
from alerts.remote.guesses import refuse_too_many_misses, refuse_too_many_requests
from alerts.remote.policy import CONSENT_SHOW, SESSION_BEGIN, SESSION_END, DangerClass, Scope, SessionLimits
from alerts.remote.standing import ASKED_OF, may_be_overdue, overdue
from alerts.remote.tables import commands, sessions
from alerts.remote.transcript import add_line
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row
from ingest.clock import from_ms

CUSTOMER = "customer"
CODE_LENGTH_MAX = 100
SESSION_CAPABILITY = "session"
"""What an appliance says at birth that wants to be told when a session begins and ends."""


def request_session(t: Transaction, ticket_ref: str, scope: Scope, limits: SessionLimits) -> str:
    """Open a session on a ticket that is not over, and send the code to the appliance; returns its id."""
    ticket = find_row(t, ticket_ref)
    if ticket.status in OVER:
        raise ConflictError(f"Ticket {ticket.number} is {ticket.status}: a session needs an open ticket.")
    _refuse_crowd(t, ticket.appliance_id, limits)
    refuse_too_many_requests(t, ticket.appliance_id, limits)
    session_id = t.new_id("se")
    code = f"{t.chance.randrange(1_000_000):06d}"
    salt = t.chance.randbytes(16)
    code_until_ms = t.now_ms + round(limits.code_life_s * 1000)
    t.connection.execute(
        insert(sessions).values(
            id=session_id,
            ticket_id=ticket.id,
            appliance_id=ticket.appliance_id,
            kind=ticket.kind,
            scope=scope.value,
            state=SessionState.REQUESTED.value,
            requested_by=t.who,
            requested_ms=t.now_ms,
            code_salt=salt,
            code_hash=_digest(salt, code),
            code_until_ms=code_until_ms,
            tries_left=limits.code_tries,
        ),
    )
    add_line(t, session_id, event="requested", data={"scope": scope.value})
    put_command(
        t.by(SYSTEM),
        find_session(t, session_id),
        CONSENT_SHOW,
        {"code": code, "expires_at": rfc3339(code_until_ms), "scope": scope.value},
        danger_class=DangerClass.R0,
        not_after_ms=code_until_ms,
    )
    add_history(t, ticket.id, event="session_requested", data={"session_id": session_id, "scope": scope})
    now = {"state": SessionState.REQUESTED.value, "ticket": ticket.number, "scope": scope.value}
    record_audit(t, "session.request", session_id, before=None, after=now)
    return session_id


def try_code(t: Transaction, session_id: str, code: str, limits: SessionLimits) -> int | None:
    """Compare the code: ``None`` where it matches and the session is active now, else how many tries are left."""
    row = find_session(t, session_id)
    state = SessionState(row.state)
    if state is not SessionState.REQUESTED:
        raise IllegalStepError("session", state=state, step="consent", legal=sorted(SESSION[state]))
    refuse_too_many_misses(t, row, limits)
    if t.now_ms >= row.code_until_ms:
        raise ConflictError("The code has expired: request a new session.")
    if not hmac.compare_digest(_digest(row.code_salt, code.strip()), row.code_hash):
        return _count_miss(t, row)
    granted = next_state("session", SESSION, state, SessionEvent.GRANT)
    active = next_state("session", SESSION, granted, SessionEvent.BEGIN)
    t.connection.execute(
        update(sessions)
        .where(sessions.c.id == session_id)
        .values(
            state=active.value,
            granted_ms=t.now_ms,
            active_ms=t.now_ms,
            ends_by_ms=t.now_ms + round(limits.longest_s * 1000),
        ),
    )
    drop_commands(t, session_id, name=CONSENT_SHOW)
    tell_appliance(t, row, SESSION_BEGIN, {"scope": row.scope}, limits)
    add_line(t.by(CUSTOMER), session_id, event="granted", data={"scope": row.scope, "entered_by": t.who})
    add_line(t.by(SYSTEM), session_id, event="active")
    was, now = {"state": row.state}, {"state": active.value}
    record_audit(t, "session.consent", session_id, before=was, after=now, about={"scope": row.scope})
    return None


def end_session(t: Transaction, session_id: str, event: SessionEvent, *, reason: EndReason) -> None:
    """End, expire or refuse a session; commands that were not sent are given up."""
    row = find_session(t, session_id)
    after = next_state("session", SESSION, SessionState(row.state), event)
    t.connection.execute(
        update(sessions)
        .where(sessions.c.id == session_id)
        .values(state=after.value, ended_ms=t.now_ms, end_reason=reason),
    )
    drop_commands(t, session_id)
    fail_procedures(t.by(SYSTEM), session_id, EndReason.SESSION_OVER)
    if after is not SessionState.REFUSED:
        tell_appliance(t, row, SESSION_END, {"reason": reason}, SessionLimits())
    add_line(t, session_id, event=after.value, data={"reason": reason})
    add_history(t, row.ticket_id, event=f"session_{after.value}", data={"session_id": session_id})
    was, now = {"state": row.state}, {"state": after.value}
    record_audit(t, f"session.{event.value}", session_id, before=was, after=now, about={"reason": reason})


def end_sessions_of(t: Transaction, ticket_id: str, reason: EndReason) -> None:
    """End the live sessions of a ticket that is over."""
    live = [state.value for state in SESSION_LIVE]
    query = select(sessions.c.id).where(sessions.c.ticket_id == ticket_id, sessions.c.state.in_(live))
    for session_id in t.connection.execute(query).scalars().all():
        end_session(t, session_id, SessionEvent.END, reason=reason)


def end_sessions_at(t: Transaction, appliance_id: str) -> None:
    """End the live sessions of an appliance that is out of service."""
    live = [state.value for state in SESSION_LIVE]
    query = select(sessions.c.id).where(sessions.c.appliance_id == appliance_id, sessions.c.state.in_(live))
    for session_id in t.connection.execute(query).scalars().all():
        end_session(t, session_id, SessionEvent.END, reason=EndReason.RETIRED)


_LIVE = (
    select(sessions.c.n).where(sessions.c.state.in_([state.value for state in SESSION_LIVE])).limit(1),
    select(commands.c.n).where(commands.c.state.in_([state.value for state in COMMAND_LIVE])).limit(1),
)


def has_live(t: Transaction) -> bool:
    """Whether any session or command may expire."""
    return any(t.connection.execute(query).first() is not None for query in _LIVE)


def expire_sessions(t: Transaction, limits: SessionLimits) -> int:
    """End what has had its time: the code's ten minutes, the longest time, or the idle time; returns how many."""
    live = [state.value for state in SESSION_LIVE]
    expired = 0
    is_asked = sessions.c.state.in_(live) & may_be_overdue(t.now_ms, limits)
    for row in t.connection.execute(select(*ASKED_OF, sessions.c.id).where(is_asked)).all():
        reason = overdue(row, t.now_ms, limits)
        if reason is not None:
            end_session(t.by(SYSTEM), row.id, SessionEvent.EXPIRE, reason=reason)
            expired += 1
    return expired


_FIND = select(sessions).where(sessions.c.id == bindparam("session_id"))


def find_session(t: Transaction, session_id: str) -> Row[Any]:
    """The row of a session, or :class:`UnknownError`."""
    row = t.connection.execute(_FIND, {"session_id": session_id}).one_or_none()
    if row is None:
        raise UnknownError(f"There is no session {session_id!r}.")
    return row


def rfc3339(ms: int) -> str:
    """A time as it goes over the wire."""
    return from_ms(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tell_appliance(
    t: Transaction, session: Row[Any], name: str, args: Mapping[str, Any], limits: SessionLimits
) -> None:
    """Tell an appliance that understands it how the session stands; it needs no telling to be safe."""
    told = select(appliances.c.capabilities).where(appliances.c.id == session.appliance_id)
    if SESSION_CAPABILITY in (t.connection.execute(told).scalar_one_or_none() or ()):
        not_after_ms = t.now_ms + round(limits.command_life_s * 1000)
        put_command(t.by(SYSTEM), session, name, args, danger_class=DangerClass.R0, not_after_ms=not_after_ms)


def _count_miss(t: Transaction, row: Row[Any]) -> int:
    tries_left = max(int(row.tries_left) - 1, 0)
    t.connection.execute(update(sessions).where(sessions.c.id == row.id).values(tries_left=tries_left))
    add_line(t, row.id, event="wrong_code", data={"tries_left": tries_left})
    was, now = {"tries_left": row.tries_left}, {"tries_left": tries_left}
    record_audit(t, "session.wrong_code", row.id, before=was, after=now, about=now)
    if tries_left == 0:
        end_session(t.by(SYSTEM), row.id, SessionEvent.END, reason=EndReason.WRONG_CODES)
    return tries_left


def _refuse_crowd(t: Transaction, appliance_id: str, limits: SessionLimits) -> None:
    is_retired = select(appliances.c.retired).where(appliances.c.id == appliance_id)
    if t.connection.execute(is_retired).scalar_one_or_none():
        raise ConflictError(f"Appliance {appliance_id} is retired: it takes no sessions.")
    live = [state.value for state in SESSION_LIVE]
    query = select(func.count()).where(sessions.c.appliance_id == appliance_id, sessions.c.state.in_(live))
    if t.connection.execute(query).scalar_one() >= limits.live_per_appliance:
        raise ConflictError(f"Appliance {appliance_id} has a session already: end it first.")


def _digest(salt: bytes, code: str) -> bytes:
    return hashlib.scrypt(code[:CODE_LENGTH_MAX].encode("utf-8", "replace"), salt=salt, n=2**12, r=8, p=1, dklen=32)
