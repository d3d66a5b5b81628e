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
    t.connection.execute(update(sessions).where(sessions.c.id == session.id).values(facts=dataclasses.asdict(facts)))
    return facts


def keep_facts(t: Transaction, learned: Mapping[str, Facts]) -> None:
    """Keep what has become known in many sessions at once."""
    if learned:
        mine = update(sessions).where(sessions.c.id == bindparam("session"))
        told = [{"session": session_id, "told": dataclasses.asdict(facts)} for session_id, facts in learned.items()]
        t.connection.execute(mine.values(facts=bindparam("told")), told)


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


def _is_busy(t: Transaction, appliance_id: str, but_for: str | None) -> bool:
    """Whether another command of the appliance may be moving something."""
    query = select(commands.c.n).where(
        commands.c.appliance_id == appliance_id,
        commands.c.state.in_([state.value for state in COMMAND_MAY_ACT]),
        commands.c.danger_class.not_in(_STILL),
        commands.c.id != (but_for or ""),
    )
    return t.connection.execute(query.limit(1)).first() is not None
