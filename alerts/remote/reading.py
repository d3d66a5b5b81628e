"""Sessions with their commands and transcript, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.errors import UnknownError
from alerts.lifecycle import CommandState, SessionState
from alerts.page import Page, moment, select_page
from alerts.remote.command import find_command
from alerts.remote.offering import offered, procedures_of
from alerts.remote.policy import DangerClass, Scope, SessionLimits
from alerts.remote.session import Command, DiagnosisSession, TranscriptEntry
from alerts.remote.tables import commands, sessions, transcript
from alerts.tickets.tables import tickets
from ingest.clock import from_ms
from ingest.profiles.definition import Profile


def read_session(
    t: Transaction, session_id: str, limits: SessionLimits, profiles: Mapping[str, Profile]
) -> DiagnosisSession:
    """The session with its commands and transcript, or :class:`UnknownError`."""
    mine = {"session_id": session_id}
    row = t.connection.execute(_ONE, mine).one_or_none()
    if row is None:
        raise UnknownError(f"There is no session {session_id!r}.")
    said = t.connection.execute(_COMMANDS, mine).all()
    lines = t.connection.execute(_LINES, mine)
    whole = _session(row, limits, tuple(map(_command, said)), tuple(map(_line, lines)))
    tests = offered(t, row, limits, profiles.get(row.kind))
    return replace(whole, tests=tests, procedures=procedures_of(t, row, said, limits, profiles))


def list_sessions(
    t: Transaction,
    limits: SessionLimits,
    *,
    ticket_id: str | None,
    appliance_id: str | None,
    state: SessionState | None,
    cursor: str | None,
    limit: int,
) -> Page[DiagnosisSession]:
    """One page of sessions, newest first, without commands and transcript."""
    query = _with_number()
    wanted = ((sessions.c.ticket_id, ticket_id), (sessions.c.appliance_id, appliance_id))
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    if state is not None:
        query = query.where(sessions.c.state == state.value)
    rows, after = select_page(t.connection, query, sessions.c.n, cursor=cursor, limit=limit)
    return Page(tuple(_session(row, limits, (), ()) for row in rows), after)


def read_command(t: Transaction, command_id: str) -> Command:
    """The command with this id, or :class:`UnknownError`."""
    row = find_command(t, command_id)
    if row is None:
        raise UnknownError(f"There is no command {command_id!r}.")
    return _command(row)


def _with_number(*more: Any) -> Select[Any]:
    joined = sessions.join(tickets, tickets.c.id == sessions.c.ticket_id)
    return select(sessions, tickets.c.number.label("ticket_number"), *more).select_from(joined)


_MINE: BindParameter[str] = bindparam("session_id")
_ONE = (
    _with_number(tickets.c.recommended, appliances.c.capabilities)
    .join(appliances, appliances.c.id == sessions.c.appliance_id, isouter=True)
    .where(sessions.c.id == _MINE)
)
_COMMANDS = select(commands).where(commands.c.session_id == _MINE).order_by(commands.c.n)
_LINES = select(transcript).where(transcript.c.session_id == _MINE).order_by(transcript.c.n)
"""Put together once: every open page of a session reads it whenever something happens in it."""


def _expires_ms(row: Row[Any], limits: SessionLimits) -> int | None:
    if row.state == SessionState.REQUESTED:
        return int(row.code_until_ms)
    if row.ended_ms is None and row.ends_by_ms is not None:
        return min(int(row.ends_by_ms), int(row.active_ms) + round(limits.idle_s * 1000))
    return None


def _session(
    row: Row[Any],
    limits: SessionLimits,
    said: tuple[Command, ...],
    lines: tuple[TranscriptEntry, ...],
) -> DiagnosisSession:
    return DiagnosisSession(
        id=row.id,
        ticket_id=row.ticket_id,
        ticket_number=row.ticket_number,
        appliance_id=row.appliance_id,
        kind=row.kind,
        scope=Scope(row.scope),
        state=SessionState(row.state),
        requested_by=row.requested_by,
        requested_at=from_ms(row.requested_ms),
        tries_left=row.tries_left,
        granted_at=moment(row.granted_ms),
        expires_at=moment(_expires_ms(row, limits)),
        ended_at=moment(row.ended_ms),
        end_reason=row.end_reason,
        commands=said,
        transcript=lines,
    )


def _command(row: Row[Any]) -> Command:
    return Command(
        id=row.id,
        session_id=row.session_id,
        appliance_id=row.appliance_id,
        name=row.name,
        danger_class=DangerClass(row.danger_class),
        args={name: value for name, value in (row.args or {}).items() if name != "code"},
        state=CommandState(row.state),
        issued_by=row.issued_by,
        issued_at=from_ms(row.issued_ms),
        not_after=from_ms(row.not_after_ms),
        sent_at=moment(row.sent_ms),
        answered_at=moment(row.answered_ms),
        reason=row.reason,
        data=row.data,
        note=row.note,
        approved_by=row.approved_by,
        procedure_id=row.procedure_id,
        effect=row.effect,
        effect_data=row.effect_data,
    )


def _line(row: Row[Any]) -> TranscriptEntry:
    return TranscriptEntry(from_ms(row.at_ms), row.actor, row.event, row.command_id, row.data or {})
