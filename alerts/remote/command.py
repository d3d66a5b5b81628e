"""Commands: from queued to the appliance's last word, or to *unknown* where there is none.

A command has one id for ever: the appliance answers a repeat of it with its old result, so sending twice is safe.
Nothing is sent after ``not_after``; what was never sent in time can never act (expired), what was sent and stays silent
may have acted (unknown).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, func, insert, select, update

from alerts.audit.chain import record_look
from alerts.audit.tables import audit
from alerts.database import SYSTEM, Transaction
from alerts.errors import ConflictError, InvalidError
from alerts.lifecycle import COMMAND, COMMAND_LIVE, CommandEvent, CommandState, next_state
from alerts.remote.policy import BY_ITSELF, CONSENT_SHOW, DangerClass, SessionLimits
from alerts.remote.standing import touch
from alerts.remote.tables import commands, sessions
from alerts.remote.transcript import add_line
from alerts.tickets.opening import add_history
from ingest.sample import Result, ResultState

STRANGER = "command.stranger"
STRANGERS_AN_HOUR = 20
"""So many refusals of strangers' commands are audited for an appliance; more would say nothing new."""
STRANGERS_LOOKED_AT = 200
HOUR_MS = 3_600_000
UNSENT = (CommandState.QUEUED.value, CommandState.WAITING.value)

log = structlog.get_logger()

_EVENTS = {
    ResultState.ACCEPTED: CommandEvent.ACCEPT,
    ResultState.RUNNING: CommandEvent.RUN,
    ResultState.SUCCEEDED: CommandEvent.SUCCEED,
    ResultState.FAILED: CommandEvent.FAIL,
    ResultState.REJECTED: CommandEvent.REJECT,
}
_LAST_WORDS = frozenset({CommandEvent.SUCCEED, CommandEvent.FAIL, CommandEvent.REJECT})
_PUT = insert(commands)
_MOVE = update(commands).where(commands.c.id == bindparam("moved"))
_FIND = select(commands).where(commands.c.id == bindparam("command_id"))
_OF_SESSION = commands.c.session_id == bindparam("session_id")
_REPEATED = select(commands).where(_OF_SESSION, commands.c.idempotency_key == bindparam("key"))
_COUNT = select(func.count()).where(_OF_SESSION)
_TICKET = select(sessions.c.ticket_id).where(sessions.c.id == bindparam("session_id"))
"""Put together once: a command takes seven of them from its asking to its last word."""


def find_command(t: Transaction, command_id: str) -> Row[Any] | None:
    """The row of a command, where there is one."""
    return t.connection.execute(_FIND, {"command_id": command_id}).one_or_none()


def put_command(
    t: Transaction,
    session: Row[Any],
    name: str,
    args: Mapping[str, Any],
    *,
    danger_class: DangerClass,
    not_after_ms: int,
    idempotency_key: str | None = None,
    state: CommandState = CommandState.QUEUED,
    procedure_id: str | None = None,
    answer_by_ms: int | None = None,
    note: str | None = None,
) -> str:
    """Queue a command, or let it wait for people, and return its id."""
    command_id = t.new_id("cm")
    row = {
        "id": command_id,
        "session_id": session.id,
        "appliance_id": session.appliance_id,
        "kind": session.kind,
        "name": name,
        "danger_class": danger_class.value,
        "args": dict(args),
        "state": state.value,
        "procedure_id": procedure_id,
        "answer_by_ms": answer_by_ms,
        "note": note,
        "issued_by": t.who,
        "issued_ms": t.now_ms,
        "not_after_ms": not_after_ms,
        "idempotency_key": idempotency_key,
    }
    t.connection.execute(_PUT, row)
    shown: dict[str, Any] = {} if name == CONSENT_SHOW else {"args": dict(args)}
    shown |= {"reason": note} if note else {}
    add_line(t, session.id, event="command", command_id=command_id, data={"name": name, **shown})
    if state is CommandState.WAITING:
        add_line(t.by(SYSTEM), session.id, event=state.value, command_id=command_id)
    return command_id


def find_repeated(
    t: Transaction, session_id: str, name: str, args: Mapping[str, Any], *, idempotency_key: str
) -> str | None:
    """The id of the command that this key gave before; :class:`InvalidError` where that was another command."""
    row = t.connection.execute(_REPEATED, {"session_id": session_id, "key": idempotency_key}).one_or_none()
    if row is None:
        return None
    if (row.name, row.args or {}) != (name, dict(args)):
        raise InvalidError(f"Idempotency-Key: it was used for {row.name} before; a new command needs a new key.")
    return str(row.id)


def refuse_flood(t: Transaction, session_id: str, limits: SessionLimits) -> None:
    """Raise where a session has had all its commands."""
    if t.connection.execute(_COUNT, {"session_id": session_id}).scalar_one() > limits.commands_per_session:
        raise ConflictError(f"A session takes {limits.commands_per_session} commands: request a new one.")


def take_result(t: Transaction, result: Result) -> Row[Any] | None:
    """Take in an appliance's answer; the command as it was, where the answer has moved it.

    A repeat, a stranger's or an impossible one changes nothing and is logged.
    """
    row = find_command(t, result.command_id)
    if row is None or row.appliance_id != result.appliance_id:
        log.warning("result_without_command", appliance_id=result.appliance_id, command_id=result.command_id)
        if result.state is ResultState.REJECTED:
            _note_stranger(t.by(result.appliance_id), result)
        return None
    event = _EVENTS[result.state]
    if event not in COMMAND[CommandState(row.state)]:
        log.info("result_ignored", command_id=row.id, state=row.state, result=result.state.value)
        return None
    data = dict(result.data)
    columns = {"answered_ms": t.now_ms, "reason": result.reason, "data": data or row.data}
    told = {"reason": result.reason, "data": data, "appliance_ts_ms": result.ts_ms}
    answering = t.by(row.appliance_id)
    move_command(answering, row, event, columns, data={key: value for key, value in told.items() if value})
    touch(t, row.session_id)
    if event in _LAST_WORDS and row.name not in BY_ITSELF:
        _tell_ticket(answering, row, result)
    return row


def _note_stranger(t: Transaction, result: Result) -> None:
    """An appliance refused a command that is none of ours for it: somebody else tries to command it. A flood is cut off."""
    newest = select(audit).order_by(audit.c.n.desc()).limit(STRANGERS_LOOKED_AT).subquery()
    mine = (newest.c.action == STRANGER) & (newest.c.subject_id == result.appliance_id)
    lately = select(func.count()).select_from(newest).where(mine, newest.c.at_ms > t.now_ms - HOUR_MS)
    if t.connection.execute(lately).scalar_one() < STRANGERS_AN_HOUR:
        record_look(t, STRANGER, result.appliance_id, {"command_id": result.command_id, "reason": result.reason})


def expire_commands(t: Transaction, limits: SessionLimits) -> int:
    """Give up what was not sent in time, and call unknown what was sent and stays silent; returns how many."""
    live = [state.value for state in COMMAND_LIVE]
    query = select(commands).where(commands.c.state.in_(live), commands.c.not_after_ms <= t.now_ms)
    moved = 0
    for row in t.connection.execute(query).all():
        if row.state in UNSENT:
            why = "not sent in time" if row.state == CommandState.QUEUED else "nobody came in time"
            move_command(t.by(SYSTEM), row, CommandEvent.EXPIRE, {"reason": why})
            moved += 1
        elif t.now_ms >= max(row.not_after_ms, row.answer_by_ms or 0) + round(limits.last_word_s * 1000):
            move_command(t.by(SYSTEM), row, CommandEvent.LOSE, {"reason": "no last word from the appliance"})
            moved += 1
    return moved


def drop_commands(t: Transaction, session_id: str, *, name: str | None = None) -> None:
    """Give up what has not been sent in a session (with one name, where given)."""
    query = select(commands).where(commands.c.session_id == session_id, commands.c.state.in_(UNSENT))
    if name is not None:
        query = query.where(commands.c.name == name)
    for row in t.connection.execute(query).all():
        move_command(t.by(SYSTEM), row, CommandEvent.EXPIRE, {"reason": "no longer wanted"})


def _tell_ticket(t: Transaction, row: Row[Any], result: Result) -> None:
    # What a session found belongs to the ticket: whoever reads it later need not know that there was a session.
    found = {"session_id": row.session_id, "command_id": row.id, "name": row.name, "data": dict(result.data)}
    ticket_id = t.connection.execute(_TICKET, {"session_id": row.session_id}).scalar_one()
    add_history(t, ticket_id, event=f"command_{result.state.value}", data=found)


def move_command(
    t: Transaction,
    row: Row[Any],
    event: CommandEvent,
    columns: dict[str, Any],
    *,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Move a command along its life cycle, with a line of the transcript; a consent code is struck out on the way."""
    after = next_state("command", COMMAND, CommandState(row.state), event)
    if row.name == CONSENT_SHOW:
        columns = columns | {"args": {name: value for name, value in (row.args or {}).items() if name != "code"}}
    t.connection.execute(_MOVE, {"moved": row.id, "state": after.value, **columns})
    add_line(t, row.session_id, event=after.value, command_id=row.id, data=data)
