"""The appliance's word in a session, and time's: answers, readings, what people do to it, and what lapses.

Whatever is learned here may let go a command that waited, take a procedure further, or end the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import Row, select

from alerts.database import SYSTEM, Transaction
from alerts.lifecycle import COMMAND_LIVE, SESSION, SESSION_LIVE, ProcedureState, SessionEvent, SessionState
from alerts.notices.changes import Subject, record_change
from alerts.remote.command import expire_commands, take_result
from alerts.remote.consent import CUSTOMER, end_session, expire_sessions, find_session
from alerts.remote.effects import settle_effects
from alerts.remote.ending import EndReason
from alerts.remote.facts import facts_of, from_reading, keep_facts, learn
from alerts.remote.issuing import SNAPSHOT, release_all, release_waiting
from alerts.remote.policy import PROTECT_BEGIN, PROTECT_RENEW, Facts, Scope, SessionLimits
from alerts.remote.protecting import hear_fallback, take_protect_answer
from alerts.remote.running import go_on
from alerts.remote.tables import commands, procedures, sessions
from ingest.profiles.definition import Profile
from ingest.sample import Event, EventType, Result, ResultState

ENDS = {
    EventType.LOCAL_STOP: (SessionEvent.END, EndReason.STOPPED),
    EventType.CONSENT_REFUSED: (SessionEvent.REFUSE, EndReason.REFUSED),
}
HEARD = frozenset({*ENDS, EventType.PRESENCE_CONFIRMED, EventType.SERVICE_MODE, EventType.DOOR})
"""What can't wait to be heard."""
_SEEN = ("mode", "is_running", "is_door_open")
"""What readings change in what may be done now; whoever watches is told."""
CLOSED_DOOR = frozenset({Scope.ACT})
"""Scopes that need a closed door: opening it ends the session."""


@dataclass(frozen=True, slots=True)
class NewestReading:
    """The newest sample of an appliance with a live session."""

    appliance_id: str
    heard_ms: int
    mode: str | None
    is_running: bool
    metrics: Mapping[str, float]
    boot: str | None
    lag_ms: int | None = None
    """By how much it came after it was dated."""


def live_session(t: Transaction, appliance_id: str) -> Row[Any] | None:
    """The live session on an appliance; there is one at most, of older days perhaps more: the newest."""
    live = [state.value for state in SESSION_LIVE]
    query = select(sessions).where(sessions.c.appliance_id == appliance_id, sessions.c.state.in_(live))
    return t.connection.execute(query.order_by(sessions.c.n.desc()).limit(1)).one_or_none()


_WATCHED = select(sessions.c.appliance_id).where(sessions.c.state == SessionState.ACTIVE.value)


def watched_appliances(t: Transaction) -> frozenset[str]:
    """Appliances whose readings somebody in a session needs to know."""
    return frozenset(t.connection.execute(_WATCHED).scalars())


def take_answer(t: Transaction, result: Result, limits: SessionLimits, profiles: Mapping[str, Profile]) -> None:
    """Take in an answer; with a last word the procedure goes on, and a snapshot tells how the appliance is."""
    row = take_result(t, result)
    if row is None:
        return
    session = find_session(t, row.session_id)
    if row.name == SNAPSHOT and result.state is ResultState.SUCCEEDED:
        metrics = result.data.get("metrics")
        mode = result.data.get("mode")
        told = (
            {name: float(value) for name, value in metrics.items() if isinstance(value, int | float)}
            if isinstance(metrics, dict)
            else {}
        )
        facts = facts_of(session)
        news = from_reading(
            facts,
            heard_ms=t.now_ms,
            mode=mode if isinstance(mode, str) else None,
            is_running=is_running(profiles.get(session.kind), mode, cycle=result.data.get("cycle")),
            metrics=told,
            lag_ms=result.received_ms - result.ts_ms,
        )
        learn(t, session, **news)
    if row.name in {PROTECT_BEGIN, PROTECT_RENEW}:
        take_protect_answer(t.by(row.appliance_id), row, result, profiles)
    if row.procedure_id is not None:
        settle_effects(t, limits, profiles)
        go_on(t, row.procedure_id, limits, profiles)
    if session.state == SessionState.ACTIVE:
        release_waiting(t, session.id, limits, profiles)


def take_readings(
    t: Transaction, newest: Mapping[str, NewestReading], limits: SessionLimits, profiles: Mapping[str, Profile]
) -> None:
    """Take in the newest samples, by appliance; another boot than its session began with ends the session."""
    if not newest:
        return
    live = [state.value for state in SESSION_LIVE]
    query = select(sessions).where(sessions.c.appliance_id.in_(list(newest)), sessions.c.state.in_(live))
    rows = t.connection.execute(query.order_by(sessions.c.n)).all()
    learned: dict[str, Facts] = {}
    for session in {row.appliance_id: row for row in rows}.values():  # of several the newest
        if session.state == SessionState.ACTIVE:
            news, before = newest[session.appliance_id], facts_of(session)
            if before.boot is not None and news.boot is not None and news.boot != before.boot:
                end_session(t.by(SYSTEM), session.id, SessionEvent.END, reason=EndReason.RESTARTED)
            elif before.heard_ms is None or news.heard_ms >= before.heard_ms:
                told = {one.name: getattr(news, one.name) for one in fields(news) if one.name != "appliance_id"}
                after = learned[session.id] = replace(before, **from_reading(before, **told))
                if any(getattr(after, name) != getattr(before, name) for name in _SEEN):
                    record_change(t, Subject.SESSION, session.id, {"event": "state"})
    keep_facts(t, learned)
    release_all(t, limits, profiles, among=learned)


def hear(t: Transaction, event: Event, limits: SessionLimits, profiles: Mapping[str, Profile]) -> None:
    """Take in what people do at the appliance; without a session, or repeated, it changes nothing.

    The customer's word comes first: a stop ends the session, a refusal refuses it, whoever is at the desk.
    """
    if event.type is EventType.LOCAL_STOP and event.data.get("protection"):
        hear_fallback(t.by(CUSTOMER), event.appliance_id)
    session = live_session(t, event.appliance_id)
    meant = event.data.get("session")
    if session is None or session.requested_ms > event.received_ms or meant not in (None, session.id):
        return
    ending = ENDS.get(event.type)
    if ending is not None:
        step = ending[0] if ending[0] in SESSION[SessionState(session.state)] else SessionEvent.END
        end_session(t.by(CUSTOMER), session.id, step, reason=ending[1])
        return
    record_change(t, Subject.SESSION, session.id, {"event": event.type.value})
    if event.type is EventType.PRESENCE_CONFIRMED:
        learn(t, session, presence_ms=_when_ms(t, session, event))
    elif event.type is EventType.SERVICE_MODE:
        learn(t, session, service_mode_ms=_when_ms(t, session, event) if event.data.get("on") is True else None)
    elif event.type is EventType.DOOR:
        _hear_door(t, session, is_open=event.data.get("open") is True)
    if session.state == SessionState.ACTIVE and find_session(t, session.id).state == SessionState.ACTIVE:
        release_waiting(t, session.id, limits, profiles)


def hear_offline(t: Transaction, appliance_id: str) -> None:
    """The appliance has gone: its session is over."""
    session = live_session(t, appliance_id)
    if session is not None and session.state == SessionState.ACTIVE:
        end_session(t.by(SYSTEM), session.id, SessionEvent.END, reason=EndReason.OFFLINE)


def let_pass(t: Transaction, limits: SessionLimits, profiles: Mapping[str, Profile]) -> int:
    """Let time pass for sessions, commands and procedures; returns how many have ended by it."""
    ended = expire_commands(t, limits) + expire_sessions(t, limits)
    settle_effects(t, limits, profiles)
    release_all(t, limits, profiles)
    is_at_it = (commands.c.procedure_id == procedures.c.id) & commands.c.state.in_([one.value for one in COMMAND_LIVE])
    stopped = (procedures.c.state == ProcedureState.RUNNING.value) & ~select(commands.c.n).where(is_at_it).exists()
    for procedure_id in t.connection.execute(select(procedures.c.id).where(stopped)).scalars().all():
        go_on(t, procedure_id, limits, profiles)
    return ended


def is_running(profile: Profile | None, mode: object, *, cycle: object) -> bool:
    """Whether a programme runs, by the cycle that a sample names, else by its mode."""
    if isinstance(cycle, str) and cycle:
        return True
    return profile is not None and profile.unit.value == "cycle" and mode in profile.running_modes


def _when_ms(t: Transaction, session: Row[Any], event: Event) -> int:
    """When somebody did that: what an appliance has kept while its line was down, or we were, is as old as it is.

    Its clock may be wrong; by how much its readings tell.
    """
    late_ms = event.received_ms - event.ts_ms - (facts_of(session).lag_ms or 0)
    return min(event.received_ms, t.now_ms) - max(late_ms, 0)


def _hear_door(t: Transaction, session: Row[Any], *, is_open: bool) -> None:
    learn(t, session, is_door_open=is_open, **({"service_mode_ms": None} if is_open else {}))
    if is_open and session.state == SessionState.ACTIVE and Scope(session.scope) in CLOSED_DOOR:
        end_session(t.by(CUSTOMER), session.id, SessionEvent.END, reason=EndReason.DOOR_OPENED)
