"""Watching repairs: one begins when a ticket is closed as done, and ends when the readings, or a person, have said whether it held.

It came back where its ticket was opened again, where the fault opened another one, or where its alert fires and nobody has
opened anything: then the ticket is opened again here. It held where nothing stands at the end of its time and the appliance
was heard and could be judged. Where the readings can't know, a person calls the customer. A fault that came back within its
watch opens its old ticket again, however long ago that was closed (:mod:`alerts.tickets.reopening`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, update

from alerts.alerting.decision import Action
from alerts.alerting.tables import alerts
from alerts.appliances.tables import appliances
from alerts.database import SYSTEM, Transaction, upsert
from alerts.fault_modes import UNKNOWN
from alerts.lifecycle import AlertState, TicketState, TicketStep, next_state
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.repairs.crediting import credit_of
from alerts.repairs.lifecycle import REPAIR, RepairEvent, RepairState
from alerts.repairs.tables import repair_parts, repairs
from alerts.tickets.opening import add_history
from alerts.tickets.sla import DAY_MS
from alerts.tickets.steps import WhenOver, take_step
from alerts.tickets.tables import ticket_episodes, ticket_history, tickets
from alerts.tickets.ticket import StepBody, Verdict
from detectors.finding import ConditionState
from ingest.profiles.definition import Profile

BEGUN_WITHIN_MS = 90 * DAY_MS
"""An episode that ended longer ago begins no watch: it was before there were any, or its verdict came too late."""
PATIENCE_MS = 7 * DAY_MS
"""How long the end waits for an alert that is held."""
AT_ONCE = 200
REAL = (Verdict.CONFIRMED.value, Verdict.OTHER_FAULT.value)
_JUDGED = (ConditionState.OK.value, ConditionState.WATCH.value, ConditionState.ALERT.value)
_TOLD = {RepairEvent.COME_BACK: "ticket.repair_came_back", RepairEvent.STAY_OPEN: "ticket.call_owed"}


def has_unsettled(t: Transaction) -> bool:
    """Whether a watch is to begin, or one goes on."""
    return any(t.connection.execute(query.limit(1)).first() is not None for query in (_moved(t), _new(t)))


def settle(t: Transaction, profiles: Mapping[str, Profile], when_over: WhenOver) -> int:
    """Begin watches and end those that are decided; returns how many were decided."""
    t = t.by(SYSTEM)
    for row in t.connection.execute(_new(t).order_by(ticket_episodes.c.n).limit(AT_ONCE)).all():
        _begin(t, row, profiles)
    decided = 0
    for row in t.connection.execute(_moved(t).order_by(repairs.c.n).limit(AT_ONCE)).all():
        found = _verdict_of(t, row, profiles)
        if found is not None:
            decide(t, row, found[0], found[1], when_over)
            decided += 1
    return decided


def decide(t: Transaction, row: Row[Any], event: RepairEvent, proof: Mapping[str, Any], when_over: WhenOver) -> None:
    """Write down whether a repair held, and what follows: the ticket's history, a call, the ticket opened again."""
    state = next_state("repair", REPAIR, RepairState(row.state), event)
    is_owed = event in _TOLD
    values = {"state": state.value, "decided_ms": t.now_ms, "proof": dict(proof), "is_call_owed": is_owed}
    t.connection.execute(update(repairs).where(repairs.c.n == row.n).values(values))
    ticket = t.connection.execute(select(tickets).where(tickets.c.id == row.ticket_id)).one()
    if ticket.episode == row.episode:
        t.connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(watched_until_ms=None))
    if state is RepairState.WITHDRAWN:
        return
    if event is RepairEvent.COME_BACK and ticket.status == TicketState.CLOSED and proof["by"] in {"alert", "customer"}:
        body = StepBody(note="The repair did not hold.")
        take_step(t, ticket.id, TicketStep.REOPEN, body, expected_version=None, when_over=when_over)
    add_history(t, ticket.id, event=f"repair_{state.value}", data=dict(proof))
    record_change(t, Subject.TICKET, ticket.id, {"number": ticket.number, "status": ticket.status})
    if is_owed:
        told = {"id": ticket.id, "number": ticket.number, "version": ticket.version, "status": ticket.status}
        told |= {
            "appliance_id": row.appliance_id,
            "fault_mode": row.fault_mode,
            "repair_id": row.id,
            "proof": dict(proof),
        }
        put_notice(t, _TOLD[event], ticket.id, told, dedupe_key=f"{row.id}:{state.value}")


def _new(t: Transaction) -> Any:
    """Episodes that were closed as done and have no watch yet: with a verdict that it was real, or a repair finished."""
    ended, line = ticket_episodes.c, ticket_history.c
    finished = select(line.n).where(line.ticket_id == ended.ticket_id, line.event == TicketStep.FINISH.value)
    finished = finished.where(line.at_ms >= ended.opened_ms, line.at_ms <= ended.ended_ms)
    is_real = or_(ended.verdict.in_(REAL), and_(ended.verdict.is_(None), finished.exists()))
    is_given_up = and_(tickets.c.episode == ended.episode, tickets.c.resolution.is_not(None))
    watched = select(repairs.c.n).where(repairs.c.ticket_id == ended.ticket_id, repairs.c.episode == ended.episode)
    return (
        select(ticket_episodes, tickets.c.appliance_id, tickets.c.kind, tickets.c.fault_mode, tickets.c.assignee)
        .add_columns(appliances.c.model, tickets.c.episode.label("episode_now"))
        .join(tickets, tickets.c.id == ended.ticket_id)
        .outerjoin(appliances, appliances.c.id == tickets.c.appliance_id)
        .where(ended.status == TicketState.CLOSED.value, ended.ended_ms > t.now_ms - BEGUN_WITHIN_MS)
        .where(is_real, ~is_given_up, ~watched.exists())
    )


def _moved(t: Transaction) -> Any:
    """Watched repairs of which something may be said: their time is over, or something happened to ticket or appliance."""
    again, ended = tickets.alias("again"), ticket_episodes.c
    mine = again.c.appliance_id == repairs.c.appliance_id
    news = (
        select(ended.n)
        .where(ended.ticket_id == repairs.c.ticket_id, ended.episode == repairs.c.episode, ended.verdict.not_in(REAL))
        .exists(),
        select(again.c.number).where(again.c.id == repairs.c.ticket_id, again.c.episode > repairs.c.episode).exists(),
        select(again.c.number).where(mine, again.c.opened_ms > repairs.c.closed_ms).exists(),
        select(alerts.c.n)
        .where(alerts.c.appliance_id == repairs.c.appliance_id, alerts.c.state == AlertState.FIRING.value)
        .exists(),
        select(appliances.c.n).where(appliances.c.id == repairs.c.appliance_id, appliances.c.retired).exists(),
    )
    is_watched = repairs.c.state == RepairState.WATCHING.value
    return select(repairs).where(is_watched, or_(repairs.c.until_ms <= t.now_ms, *news))


def _begin(t: Transaction, row: Row[Any], profiles: Mapping[str, Profile]) -> None:
    mode = row.verdict_fault_mode or row.fault_mode or UNKNOWN
    known = profiles[row.kind].fault_modes.get(mode) if row.kind in profiles else None
    days = t.rules.repair_watch.days_of(None if known is None else known.time_scale_days[1])
    credit = credit_of(t, row.ticket_id, row.assignee, start_ms=row.opened_ms, end_ms=row.ended_ms)
    repair_id, until_ms = t.new_id("rp"), row.ended_ms + round(days * DAY_MS)
    values = {
        "id": repair_id,
        "ticket_id": row.ticket_id,
        "episode": row.episode,
        "appliance_id": row.appliance_id,
        "kind": row.kind,
        "model": row.model,
        "fault_mode": mode,
        "state": RepairState.WATCHING.value,
        "closed_ms": row.ended_ms,
        "until_ms": until_ms,
        "technician_id": credit.technician_id,
        "provider_id": credit.provider_id,
        "is_call_owed": False,
    }
    made = upsert(t.connection, repairs).values(values).on_conflict_do_nothing().returning(repairs.c.n)
    if t.connection.execute(made).scalar_one_or_none() is None:
        return
    if credit.parts:
        t.connection.execute(insert(repair_parts), [{"repair_id": repair_id, "sku": sku} for sku in credit.parts])
    if row.episode_now == row.episode:
        t.connection.execute(update(tickets).where(tickets.c.id == row.ticket_id).values(watched_until_ms=until_ms))


def _verdict_of(
    t: Transaction, row: Row[Any], profiles: Mapping[str, Profile]
) -> tuple[RepairEvent, dict[str, Any]] | None:
    """What can be said of a repair now, and why; nothing while it is watched."""
    ended = ticket_episodes.c
    query = select(tickets, ended.verdict.label("ended_as")).join(ticket_episodes, ended.ticket_id == tickets.c.id)
    ticket = t.connection.execute(query.where(tickets.c.id == row.ticket_id, ended.episode == row.episode)).one()
    if ticket.ended_as is not None and ticket.ended_as not in REAL:
        return RepairEvent.WITHDRAW, {"by": "verdict", "verdict": ticket.ended_as}
    modes = {row.fault_mode, ticket.fault_mode or row.fault_mode}
    standing = _standing(t, row, modes)
    back = _back(t, row, ticket, modes, standing)
    if back is not None:
        return RepairEvent.COME_BACK, back
    appliance = t.connection.execute(select(appliances).where(appliances.c.id == row.appliance_id)).one_or_none()
    if appliance is not None and appliance.retired:
        return RepairEvent.WITHDRAW, {"by": "retired"}
    if t.now_ms < row.until_ms or (standing is not None and t.now_ms < row.until_ms + PATIENCE_MS):
        return None
    why = "alert_held" if standing is not None else _why_unknown(t, row, appliance, profiles)
    if why is not None:
        return RepairEvent.STAY_OPEN, {"by": why}
    return RepairEvent.HOLD_OUT, {"by": "readings", "heard_ms": appliance.last_seen_ms if appliance else None}


def _back(
    t: Transaction, row: Row[Any], ticket: Row[Any], modes: set[str], standing: Row[Any] | None
) -> dict[str, Any] | None:
    """What says that the fault came back, if anything does."""
    if ticket.episode > row.episode:
        return {"by": "reopened", "at_ms": ticket.episode_ms}
    again = _ticket_again(t, row, modes)
    if again is not None:
        return {"by": "ticket", "ticket_id": again.id, "number": again.number}
    if standing is not None and standing.state == AlertState.FIRING and standing.decision != Action.NEVER.value:
        return {"by": "alert", "alert_id": standing.id}
    return None


def _ticket_again(t: Transaction, row: Row[Any], modes: set[str]) -> Any:
    """Another ticket for the same fault of the same appliance, begun within the watch."""
    query = select(tickets.c.id, tickets.c.number).where(
        tickets.c.appliance_id == row.appliance_id,
        tickets.c.fault_mode.in_(modes),
        tickets.c.id != row.ticket_id,
        tickets.c.opened_ms > row.closed_ms,
        tickets.c.opened_ms <= row.until_ms,
    )
    return t.connection.execute(query.order_by(tickets.c.number).limit(1)).first()


def _standing(t: Transaction, row: Row[Any], modes: set[str]) -> Row[Any] | None:
    """The alert of this fault that stands, where it belongs to no other ticket; the one that fires first."""
    is_own: ColumnElement[bool] = or_(alerts.c.ticket_id.is_(None), alerts.c.ticket_id == row.ticket_id)
    query = select(alerts).where(
        alerts.c.appliance_id == row.appliance_id,
        alerts.c.fault_mode.in_(modes),
        alerts.c.state != AlertState.RESOLVED.value,
        is_own,
        func.coalesce(alerts.c.fired_ms, t.now_ms) > row.closed_ms,
    )
    return t.connection.execute(query.order_by(alerts.c.fired_ms.is_(None), alerts.c.n).limit(1)).first()


def _why_unknown(
    t: Transaction, row: Row[Any], appliance: Row[Any] | None, profiles: Mapping[str, Profile]
) -> str | None:
    """Why the readings can't know, or nothing where they do."""
    if row.kind not in profiles or row.fault_mode not in profiles[row.kind].fault_modes:
        return "no_signature"
    heard_since_ms = row.until_ms - round(t.rules.repair_watch.heard_within_days * DAY_MS)
    if appliance is None or (appliance.last_seen_ms or 0) < heard_since_ms:
        return "not_heard"
    return None if appliance.condition in _JUDGED else "cannot_say"
