"""A session from request to end: consent by a one-time code that only the customer's appliance shows.

The code is stored as a salted digest only, lives ten minutes and bears five tries; the fifth wrong one ends the session.
While ``consent.show`` waits to be sent the code stands in its arguments; it is struck out when it has been sent or given
up.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from alerts.appliances.tables import appliances
from alerts.audit.chain import record_audit
from alerts.database import SYSTEM, Transaction
from alerts.errors import ConflictError, IllegalStepError, UnknownError
from alerts.lifecycle import COMMAND_LIVE, OVER, SESSION, SESSION_LIVE, SessionEvent, SessionState, next_state
from alerts.remote.command import drop_commands, put_command
from alerts.remote.policy import CONSENT_SHOW, DangerClass, Scope, SessionLimits
from alerts.remote.tables import commands, sessions
from alerts.remote.transcript import add_line
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row
from ingest.clock import from_ms

CUSTOMER = "customer"
CODE_LENGTH_MAX = 100
CLOCK_SLACK_MS = 5_000
"""So far two processes' clocks may lie apart, and a clock may be put right, without ending anything."""


def request_session(t: Transaction, ticket_ref: str, scope: Scope, limits: SessionLimits) -> str:
    """Open a session on a ticket that is not over, and send the code to the appliance; returns its id."""
    ticket = find_row(t, ticket_ref)
    if ticket.status in OVER:
        raise ConflictError(f"Ticket {ticket.number} is {ticket.status}: a session needs an open ticket.")
    _refuse_crowd(t, ticket.appliance_id, limits)
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
    record_audit(t, "session.request", session_id, {"ticket": ticket.number, "scope": scope.value})
    return session_id


def try_code(t: Transaction, session_id: str, code: str, limits: SessionLimits) -> int | None:
    """Compare the code: ``None`` where it matches and the session is active now, else how many tries are left."""
    row = find_session(t, session_id)
    state = SessionState(row.state)
    if state is not SessionState.REQUESTED:
        raise IllegalStepError("session", state=state, step="consent", legal=sorted(SESSION[state]))
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
    add_line(t.by(CUSTOMER), session_id, event="granted", data={"scope": row.scope, "entered_by": t.who})
    add_line(t.by(SYSTEM), session_id, event="active")
    record_audit(t, "session.consent", session_id, {"scope": row.scope})
    return None


def end_session(t: Transaction, session_id: str, event: SessionEvent, *, reason: str) -> None:
    """End, expire or refuse a session; commands that were not sent are given up."""
    row = find_session(t, session_id)
    after = next_state("session", SESSION, SessionState(row.state), event)
    t.connection.execute(
        update(sessions)
        .where(sessions.c.id == session_id)
        .values(state=after.value, ended_ms=t.now_ms, end_reason=reason),
    )
    drop_commands(t, session_id)
    add_line(t, session_id, event=after.value, data={"reason": reason})
    add_history(t, row.ticket_id, event=f"session_{after.value}", data={"session_id": session_id})
    record_audit(t, f"session.{event.value}", session_id, {"reason": reason})


def end_sessions_of(t: Transaction, ticket_id: str, reason: str) -> None:
    """End the live sessions of a ticket that is over."""
    live = [state.value for state in SESSION_LIVE]
    query = select(sessions.c.id).where(sessions.c.ticket_id == ticket_id, sessions.c.state.in_(live))
    for session_id in t.connection.execute(query).scalars().all():
        end_session(t, session_id, SessionEvent.END, reason=reason)


def end_sessions_at(t: Transaction, appliance_id: str, reason: str) -> None:
    """End the live sessions of an appliance that is out of service."""
    live = [state.value for state in SESSION_LIVE]
    query = select(sessions.c.id).where(sessions.c.appliance_id == appliance_id, sessions.c.state.in_(live))
    for session_id in t.connection.execute(query).scalars().all():
        end_session(t, session_id, SessionEvent.END, reason=reason)


def has_live(t: Transaction) -> bool:
    """Whether any session or command may expire."""
    live_sessions = select(sessions.c.n).where(sessions.c.state.in_([state.value for state in SESSION_LIVE])).limit(1)
    live_commands = select(commands.c.n).where(commands.c.state.in_([state.value for state in COMMAND_LIVE])).limit(1)
    return any(t.connection.execute(query).first() is not None for query in (live_sessions, live_commands))


def expire_sessions(t: Transaction, limits: SessionLimits) -> int:
    """End what has had its time: the code's ten minutes, the longest time, or the idle time; returns how many."""
    live = [state.value for state in SESSION_LIVE]
    expired = 0
    for row in t.connection.execute(select(sessions).where(sessions.c.state.in_(live))).all():
        reason = overdue(row, t.now_ms, limits)
        if reason is not None:
            end_session(t.by(SYSTEM), row.id, SessionEvent.EXPIRE, reason=reason)
            expired += 1
    return expired


def overdue(row: Row[Any], now_ms: int, limits: SessionLimits) -> str | None:
    """Why this live session is over by now, or nothing.

    It fails closed where the clock was set back: a session whose last sign of life lies ahead would live too long.
    """
    if now_ms < (row.active_ms or row.requested_ms) - CLOCK_SLACK_MS:
        return "the clock was set back"
    if row.state == SessionState.REQUESTED:
        return "no consent in time" if now_ms >= row.code_until_ms else None
    if row.ends_by_ms is not None and now_ms >= row.ends_by_ms:
        return "longest time reached"
    if row.active_ms is not None and now_ms >= row.active_ms + round(limits.idle_s * 1000):
        return "idle"
    return None


def touch(t: Transaction, session_id: str) -> None:
    """Note that something happens in the session, so that it is not idle."""
    t.connection.execute(update(sessions).where(sessions.c.id == session_id).values(active_ms=t.now_ms))


def find_session(t: Transaction, session_id: str) -> Row[Any]:
    """The row of a session, or :class:`UnknownError`."""
    row = t.connection.execute(select(sessions).where(sessions.c.id == session_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no session {session_id!r}.")
    return row


def rfc3339(ms: int) -> str:
    """A time as it goes over the wire."""
    return from_ms(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _count_miss(t: Transaction, row: Row[Any]) -> int:
    tries_left = max(int(row.tries_left) - 1, 0)
    t.connection.execute(update(sessions).where(sessions.c.id == row.id).values(tries_left=tries_left))
    add_line(t, row.id, event="wrong_code", data={"tries_left": tries_left})
    if tries_left == 0:
        end_session(t.by(SYSTEM), row.id, SessionEvent.END, reason="too many wrong codes")
    return tries_left


def _refuse_crowd(t: Transaction, appliance_id: str, limits: SessionLimits) -> None:
    is_retired = select(appliances.c.retired).where(appliances.c.id == appliance_id)
    if t.connection.execute(is_retired).scalar_one_or_none():
        raise ConflictError(f"Appliance {appliance_id} is retired: it takes no sessions.")
    live = [state.value for state in SESSION_LIVE]
    query = select(func.count()).where(sessions.c.appliance_id == appliance_id, sessions.c.state.in_(live))
    if t.connection.execute(query).scalar_one() >= limits.live_per_appliance:
        raise ConflictError(f"Appliance {appliance_id} has {limits.live_per_appliance} sessions: end one first.")


def _digest(salt: bytes, code: str) -> bytes:
    return hashlib.scrypt(code[:CODE_LENGTH_MAX].encode("utf-8", "replace"), salt=salt, n=2**12, r=8, p=1, dklen=32)
