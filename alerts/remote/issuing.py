"""Issuing a command inside a session: consent, time and policy are checked here, again at the claim, and by the appliance.

What only people can bring about (a key at the appliance, the service mode, a second person) a command waits for; what
else stands in its way now refuses it, and nothing was changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from alerts.audit.chain import record_audit
from alerts.database import SYSTEM, Transaction
from alerts.errors import ConflictError, IllegalStepError, InvalidError, RefusedError, UnknownError
from alerts.lifecycle import COMMAND_LIVE, SESSION, CommandEvent, CommandState, SessionState
from alerts.remote.catalogue import rule_of
from alerts.remote.command import find_repeated, move_command, put_command, refuse_flood
from alerts.remote.consent import find_session
from alerts.remote.facts import moment_of
from alerts.remote.policy import WAITED_FOR, CommandRule, Obstacle, SessionLimits, obstacles, refuse_final
from alerts.remote.standing import overdue, touch
from alerts.remote.tables import commands, sessions
from alerts.remote.transcript import add_line
from alerts.tickets.tables import tickets
from ingest.profiles.definition import Profile

KEY_LENGTH_MAX = 200
_NUMBER = select(tickets.c.number).where(tickets.c.id == bindparam("ticket_id"))
_WAITING = (
    select(commands)
    .where(commands.c.session_id == bindparam("session_id"), commands.c.state == CommandState.WAITING.value)
    .order_by(commands.c.n)
)
SNAPSHOT = "snapshot.read"
_SENTENCES: Mapping[Obstacle, str] = {
    Obstacle.BUSY: "another test runs",
    Obstacle.STATE_UNKNOWN: "nothing is known of its state yet; read its values first",
    Obstacle.RUNNING: "a programme runs",
    Obstacle.DOOR_OPEN: "the door is open",
    Obstacle.MODE: "it is in another mode",
    Obstacle.LIMIT: "a reading is out of its limits, or not known",
    Obstacle.IDLE: "it has not been idle long enough, or its door is open",
    Obstacle.HOT: "it is hot inside",
}


def issue_command(
    t: Transaction,
    session_id: str,
    name: str,
    args: Mapping[str, Any],
    limits: SessionLimits,
    profiles: Mapping[str, Profile],
    *,
    idempotency_key: str | None = None,
    procedure_id: str | None = None,
) -> str:
    """Queue a command, or let it wait for people, and return its id; fails closed."""
    row = find_session(t, session_id)
    if idempotency_key is not None and not 1 <= len(idempotency_key) <= KEY_LENGTH_MAX:
        raise InvalidError(f"An idempotency key has 1 to {KEY_LENGTH_MAX} characters.")
    if idempotency_key is not None:
        repeated = find_repeated(t, session_id, name, args, idempotency_key=idempotency_key)
        if repeated is not None:
            return repeated
    _refuse_over(t, row, limits)
    rule = rule_of(profiles.get(row.kind), name, args)
    state = _state(t, row, rule, limits)
    refuse_flood(t, session_id, limits)
    life_s = limits.command_life_s if state is CommandState.QUEUED else limits.approval_s
    runs_ms = rule.runs_ms(args)
    not_after_ms = min(t.now_ms + round(life_s * 1000), row.ends_by_ms)
    command_id = put_command(
        t,
        row,
        name,
        args,
        danger_class=rule.danger_class,
        not_after_ms=not_after_ms,
        idempotency_key=idempotency_key,
        state=state,
        procedure_id=procedure_id,
        answer_by_ms=not_after_ms + runs_ms if runs_ms else None,
        note=reason_of(t, row, rule),
    )
    touch(t, session_id)
    if state is CommandState.QUEUED:
        _make_room(t, row, runs_ms, limits)
    about = {"session_id": session_id, "name": name, "args": dict(args)}
    record_audit(t, "command.issue", command_id, before=None, after={"state": state.value}, about=about)
    return command_id


def approve_command(t: Transaction, session_id: str, command_id: str, limits: SessionLimits) -> None:
    """A second person stands for exactly this command with exactly these arguments, for a while."""
    row = find_session(t, session_id)
    _refuse_over(t, row, limits)
    wanted = (commands.c.id == command_id) & (commands.c.session_id == session_id)
    command = t.connection.execute(select(commands).where(wanted)).one_or_none()
    if command is None:
        raise UnknownError(f"There is no command {command_id!r} in this session.")
    if command.state != CommandState.WAITING:
        raise ConflictError(f"The command is {command.state}: only one that waits can be approved.")
    if t.who in {command.issued_by, row.requested_by}:
        raise RefusedError("Four eyes: somebody else than who asked for it must approve.", reason="own_request")
    t.connection.execute(
        update(commands).where(commands.c.id == command_id).values(approved_by=t.who, approved_ms=t.now_ms)
    )
    add_line(t, session_id, event="approved", command_id=command_id)
    seen = {"session_id": session_id, "name": command.name, "args": command.args}
    record_audit(
        t, "command.approve", command_id, before={"approved_by": None}, after={"approved_by": t.who}, about=seen
    )


def release_waiting(t: Transaction, session_id: str, limits: SessionLimits, profiles: Mapping[str, Profile]) -> None:
    """Let go what waited for people, where nothing stands in its way any more; ask for fresh values where only they do."""
    session = find_session(t, session_id)
    for row in t.connection.execute(_WAITING, {"session_id": session_id}).all():
        rule = rule_of(profiles.get(row.kind), row.name, row.args or {})
        found = obstacles(moment_of(t, session, rule, limits, command=row))
        if not found:
            not_after_ms = min(t.now_ms + round(limits.command_life_s * 1000), session.ends_by_ms)
            runs_ms = rule.runs_ms(row.args or {})
            columns = {"not_after_ms": not_after_ms, "answer_by_ms": not_after_ms + runs_ms}
            move_command(t.by(SYSTEM), row, CommandEvent.RELEASE, columns)
            _make_room(t, session, runs_ms, limits)
        elif found == (Obstacle.STATE_OLD,) and not _is_reading(t, session_id):
            issue_command(t.by(SYSTEM), session_id, SNAPSHOT, {}, limits, profiles)


def release_all(
    t: Transaction,
    limits: SessionLimits,
    profiles: Mapping[str, Profile],
    *,
    among: Collection[str] | None = None,
) -> None:
    """The same in every active session (``among`` these) in which something waits."""
    waits = (commands.c.session_id == sessions.c.id) & (commands.c.state == CommandState.WAITING.value)
    active = select(sessions.c.id).join(commands, waits).where(sessions.c.state == SessionState.ACTIVE.value)
    for session_id in sorted(set(t.connection.execute(active).scalars())):
        if among is None or session_id in among:
            release_waiting(t, session_id, limits, profiles)


def reason_of(t: Transaction, session: Row[Any], rule: CommandRule) -> str:
    """Why the command is sent, as it is written down."""
    what = rule.name if rule.test is None else rule.test.label["en"]
    number = t.connection.execute(_NUMBER, {"ticket_id": session.ticket_id}).scalar_one()
    return f"{what}, asked by {t.who} for ticket #{number}"


def _refuse_over(t: Transaction, row: Row[Any], limits: SessionLimits) -> None:
    state = SessionState(row.state)
    if state is not SessionState.ACTIVE:
        raise IllegalStepError("session", state=state, step="command", legal=sorted(SESSION[state]))
    over = overdue(row, t.now_ms, limits)
    if over is not None:
        raise ConflictError(f"The session is over: {over}.")


def _state(t: Transaction, row: Row[Any], rule: CommandRule, limits: SessionLimits) -> CommandState:
    """Whether it can go at once or waits; raises where something else stands in the way."""
    at = moment_of(t, row, rule, limits)
    found = obstacles(at)
    refuse_final(at, found)
    hard = [obstacle for obstacle in found if obstacle not in WAITED_FOR]
    if hard:
        raise ConflictError(f"{rule.name} is not possible now: {_SENTENCES.get(hard[0], hard[0].value)}.")
    return CommandState.WAITING if found else CommandState.QUEUED


def _make_room(t: Transaction, session: Row[Any], runs_ms: int, limits: SessionLimits) -> None:
    """A session lasts as long as what runs in it, and is not idle meanwhile."""
    if runs_ms == 0:
        return
    until_ms = t.now_ms + runs_ms + round(limits.command_life_s * 1000)
    ends_by_ms = max(session.ends_by_ms, until_ms)
    t.connection.execute(
        update(sessions).where(sessions.c.id == session.id).values(busy_until_ms=until_ms, ends_by_ms=ends_by_ms)
    )


def _is_reading(t: Transaction, session_id: str) -> bool:
    live = [state.value for state in COMMAND_LIVE]
    reading = (commands.c.session_id == session_id) & (commands.c.name == SNAPSHOT) & commands.c.state.in_(live)
    return t.connection.execute(select(commands.c.n).where(reading).limit(1)).first() is not None
