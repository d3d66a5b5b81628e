"""What is known of an appliance while a session on it lives: its newest reading, its door, and who is there.

Facts are kept with the session and go with it: a key that was pressed before it, or for another, counts for nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from alerts.database import Transaction
from alerts.lifecycle import COMMAND_MAY_ACT, SessionState
from alerts.remote.policy import CommandRule, DangerClass, Facts, Moment, Scope, SessionLimits
from alerts.remote.standing import overdue
from alerts.remote.tables import commands, sessions

DOOR_METRIC = "door_open"
_STILL = (DangerClass.R0.value,)
METRICS_KEPT = 64


def facts_of(session: Row[Any]) -> Facts:
    """What is known in a session."""
    return Facts(**(session.facts or {}))


def learn(t: Transaction, session: Row[Any], **news: Any) -> Facts:
    """Take in what has become known, and keep it with the session."""
    facts = dataclasses.replace(facts_of(session), **news)
    keep_facts(t, {session.id: facts})
    return facts


_TOLD = update(sessions).where(sessions.c.id == bindparam("session")).values(facts=bindparam("told"))
_NAMES = tuple(one.name for one in dataclasses.fields(Facts))


def _plain(facts: Facts) -> dict[str, Any]:
    """What is known, to be kept; it is written at once, so nothing of it is copied."""
    return {name: getattr(facts, name) for name in _NAMES}


def keep_facts(t: Transaction, learned: Mapping[str, Facts]) -> None:
    """Keep what has become known in many sessions at once."""
    if learned:
        told = [{"session": session_id, "told": _plain(facts)} for session_id, facts in learned.items()]
        t.connection.execute(_TOLD, told)


def from_reading(
    before: Facts,
    *,
    heard_ms: int,
    mode: str | None,
    is_running: bool,
    metrics: Mapping[str, float],
    boot: str | None = None,
    lag_ms: int | None = None,
) -> dict[str, Any]:
    """What a sample, or the answer to a snapshot, tells."""
    idle_since_ms = None if is_running else (before.idle_since_ms or heard_ms)
    told: dict[str, Any] = {
        "heard_ms": heard_ms,
        "mode": mode,
        "is_running": is_running,
        "metrics": {name: float(value) for name, value in list(metrics.items())[:METRICS_KEPT]},
        "idle_since_ms": idle_since_ms,
    }
    if DOOR_METRIC in metrics:
        told["is_door_open"] = bool(metrics[DOOR_METRIC])
    if boot is not None:
        told["boot"] = boot
    if lag_ms is not None:
        told["lag_ms"] = lag_ms if before.lag_ms is None else min(lag_ms, before.lag_ms)
    return told


def moment_of(
    t: Transaction, session: Row[Any], rule: CommandRule, limits: SessionLimits, *, command: Row[Any] | None = None
) -> Moment:
    """One command at this moment; without a ``command``: one that would be issued now by whoever asks."""
    return Moment(
        rule=rule,
        now_ms=t.now_ms,
        scope=Scope(session.scope),
        is_active=session.state == SessionState.ACTIVE and overdue(session, t.now_ms, limits) is None,
        reason="asked" if command is None else command.note,
        facts=facts_of(session),
        is_busy=_is_busy(t, session.appliance_id, None if command is None else command.id),
        issued_by=t.who if command is None else command.issued_by,
        approved_by=None if command is None else command.approved_by,
        approved_ms=None if command is None else command.approved_ms,
        limits=limits,
    )


_MOVING = (
    select(commands.c.n)
    .where(
        commands.c.appliance_id == bindparam("appliance_id"),
        commands.c.state.in_([state.value for state in COMMAND_MAY_ACT]),
        commands.c.danger_class.not_in(_STILL),
        commands.c.id != bindparam("but_for"),
    )
    .limit(1)
)


def _is_busy(t: Transaction, appliance_id: str, but_for: str | None) -> bool:
    """Whether another command of the appliance may be moving something."""
    asked = {"appliance_id": appliance_id, "but_for": but_for or ""}
    return t.connection.execute(_MOVING, asked).first() is not None
