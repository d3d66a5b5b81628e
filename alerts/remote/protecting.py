"""Protect until the visit: a gentle mode of the appliance, consented at it, renewed while it is wanted, ended with the need.

It is begun inside a session of scope *act* as a command of class R2, so somebody presses a key at the appliance for it. It
lasts a few hours at a time: what is not renewed falls back by itself, at the appliance and here. Renewing and ending need no
session; they go out only for a mode that stands, and renewing only while ticket, consent and time allow it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from alerts.appliances.tables import appliances
from alerts.audit.chain import record_audit
from alerts.database import SYSTEM, Transaction
from alerts.errors import ConflictError, InvalidError, RefusedError
from alerts.lifecycle import (
    COMMAND_LIVE,
    OVER,
    PROTECTION,
    CommandState,
    ProtectionEvent,
    ProtectionState,
    TicketState,
    next_state,
)
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.page import moment
from alerts.remote.catalogue import gentle_modes
from alerts.remote.command import put_command
from alerts.remote.consent import find_session
from alerts.remote.ending import EndReason
from alerts.remote.issuing import issue_command
from alerts.remote.policy import PROTECT_BEGIN, PROTECT_END, PROTECT_RENEW, DangerClass, SessionLimits
from alerts.remote.tables import commands, protections
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row
from alerts.tickets.tables import tickets
from ingest.clock import from_ms
from ingest.profiles.definition import Profile, Protection
from ingest.sample import Result, ResultState

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
RENEW_AT = 0.5
"""Of its hours: when so much has passed it is renewed."""
TRY_EVERY = 1 / 24
"""Of its hours: how often a renewal that went wrong is tried again."""
_LIVE = (ProtectionState.ASKED.value, ProtectionState.STANDING.value)
_SERVED = frozenset({*OVER, TicketState.REPAIRED})


@dataclass(frozen=True, slots=True)
class ProtectionRecord:
    """A gentle mode that was asked for on a ticket."""

    id: str
    fault_mode: str
    mode: str
    state: ProtectionState
    asked_by: str
    asked_at: datetime
    begun_at: datetime | None
    lease_until: datetime | None
    """When it falls back by itself, if it is not renewed."""
    until: datetime
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class Protected:
    """What a ticket's appliance can do gently for its fault, whether it is asked for now, and what stood; the newest first."""

    ticket_id: str
    gentle: Protection | None
    is_known: bool
    """Whether the appliance has told that it knows this mode."""
    records: tuple[ProtectionRecord, ...] = ()

    @property
    def standing(self) -> ProtectionRecord | None:
        """What is asked for or stands."""
        return next((one for one in self.records if one.state.value in _LIVE), None)


def read_protection(t: Transaction, ticket_ref: str, profiles: Mapping[str, Profile]) -> Protected:
    """The gentle mode of a ticket's fault, and how it stands."""
    ticket = find_row(t, ticket_ref)
    gentle = gentle_modes(profiles.get(ticket.kind)).get(ticket.fault_mode or "")
    query = select(protections).where(protections.c.ticket_id == ticket.id).order_by(protections.c.n.desc())
    told = select(appliances.c.capabilities).where(appliances.c.id == ticket.appliance_id)
    known = t.connection.execute(told).scalar_one_or_none() or ()
    is_known = gentle is not None and f"protect:{gentle.name}" in known
    return Protected(ticket.id, gentle, is_known, tuple(map(_record, t.connection.execute(query).all())))


def begin_protection(t: Transaction, session_id: str, limits: SessionLimits, profiles: Mapping[str, Profile]) -> None:
    """Ask the appliance for the gentle mode of the ticket's fault; it waits for the key at the appliance."""
    session = find_session(t, session_id)
    found = read_protection(t, session.ticket_id, profiles)
    ticket = find_row(t, session.ticket_id)
    if found.gentle is None:
        raise InvalidError("There is no gentle mode for this fault.")
    if not found.is_known:
        raise RefusedError(f"This appliance does not know the mode {found.gentle.name!r}.", reason="unsupported")
    if found.standing is not None:
        raise ConflictError("The gentle mode is asked for or stands already.")
    args = {"mode": found.gentle.name, "hours": found.gentle.hours}
    command_id = issue_command(t, session_id, PROTECT_BEGIN, args, limits, profiles)
    protection_id = t.new_id("pt")
    t.connection.execute(
        insert(protections).values(
            id=protection_id,
            session_id=session_id,
            ticket_id=ticket.id,
            appliance_id=ticket.appliance_id,
            kind=ticket.kind,
            fault_mode=ticket.fault_mode,
            mode=found.gentle.name,
            state=ProtectionState.ASKED.value,
            asked_by=t.who,
            asked_ms=t.now_ms,
            until_ms=t.now_ms + round(found.gentle.days_most * DAY_MS),
            command_id=command_id,
        )
    )
    add_history(t, ticket.id, event="protection_asked", data={"mode": found.gentle.name, "session_id": session_id})
    now = {"state": ProtectionState.ASKED.value, "ticket": ticket.number, "mode": found.gentle.name}
    record_audit(t, "protection.ask", protection_id, before=None, after=now)


def take_protect_answer(t: Transaction, command: Row[Any], result: Result, profiles: Mapping[str, Profile]) -> None:
    """What the appliance answered to beginning or renewing; a last word that says no to a renewal ends the mode."""
    row = t.connection.execute(select(protections).where(protections.c.command_id == command.id)).one_or_none()
    if row is None or row.state not in _LIVE:
        return
    gentle = gentle_modes(profiles.get(row.kind)).get(row.fault_mode)
    if result.state is ResultState.SUCCEEDED and gentle is not None:
        # From when it was sent: the appliance's own hours end later, never earlier, than ours.
        lease_ms = (command.sent_ms or t.now_ms) + round(gentle.hours * HOUR_MS)
        columns: dict[str, Any] = {"lease_until_ms": lease_ms}
        if row.state == ProtectionState.ASKED:
            columns |= {"state": _after(row, ProtectionEvent.BEGIN), "begun_ms": t.now_ms}
            _tell(t, row, "protection_standing", {"mode": row.mode})
        _write(t, row, columns)
    elif result.state in {ResultState.REJECTED, ResultState.FAILED}:
        _finish(t, row, EndReason.SAID_NO)


def hear_fallback(t: Transaction, appliance_id: str) -> None:
    """Somebody ended the gentle mode at the appliance."""
    for row in _live(t, protections.c.appliance_id == appliance_id):
        _finish(t, row, EndReason.AT_APPLIANCE)


def end_protections(t: Transaction, ticket_id: str, reason: EndReason) -> int:
    """End what stands on a ticket, and tell the appliance; how many that were."""
    found = _live(t, protections.c.ticket_id == ticket_id)
    for row in found:
        _finish(t, row, reason, is_told=True)
    return len(found)


def has_standing(t: Transaction) -> bool:
    """Whether any gentle mode is asked for or stands."""
    return (
        t.connection.execute(select(protections.c.n).where(protections.c.state.in_(_LIVE)).limit(1)).first() is not None
    )


def settle_protections(t: Transaction, limits: SessionLimits, profiles: Mapping[str, Profile]) -> int:
    """End what is over, renew what is wanted; returns how many have ended."""
    t = t.by(SYSTEM)
    ended = 0
    for row in _live(t):
        reason = why_over(t, row)
        if reason is not None:
            _finish(t, row, reason, is_told=True)
            ended += 1
        elif row.state == ProtectionState.STANDING:
            _renew(t, row, limits, profiles)
        else:
            ended += _give_up(t, row)
    return ended


def why_over(t: Transaction, row: Row[Any]) -> EndReason | None:
    """Why a gentle mode is over by now, or nothing."""
    ticket = t.connection.execute(select(tickets).where(tickets.c.id == row.ticket_id)).one()
    visit_ms = ticket.visit_to_ms or ticket.visit_from_ms
    if TicketState(ticket.status) in _SERVED:
        return EndReason(f"ticket_{ticket.status}")
    if visit_ms is not None and row.asked_ms < visit_ms <= t.now_ms:
        return EndReason.VISITED
    if t.now_ms >= row.until_ms:
        return EndReason.TIME_OVER
    if row.lease_until_ms is not None and t.now_ms >= row.lease_until_ms:
        return EndReason.NOT_RENEWED
    return None


def may_renew(t: Transaction, command_id: str) -> bool:
    """Whether a renewal may go out now: its mode stands and is wanted."""
    row = t.connection.execute(select(protections).where(protections.c.command_id == command_id)).one_or_none()
    return row is not None and row.state == ProtectionState.STANDING and why_over(t, row) is None


def _renew(t: Transaction, row: Row[Any], limits: SessionLimits, profiles: Mapping[str, Profile]) -> None:
    gentle = gentle_modes(profiles.get(row.kind)).get(row.fault_mode)
    if gentle is None:
        _finish(t, row, EndReason.NOT_IN_PROFILE, is_told=True)
        return
    hours_ms = gentle.hours * HOUR_MS
    is_early = t.now_ms < row.lease_until_ms - hours_ms * (1 - RENEW_AT)
    is_tried = row.tried_ms is not None and t.now_ms - row.tried_ms < hours_ms * TRY_EVERY
    last = t.connection.execute(select(commands.c.state).where(commands.c.id == row.command_id)).scalar_one()
    if is_early or is_tried or CommandState(last) in COMMAND_LIVE:
        return
    command_id = _put(t, row, PROTECT_RENEW, limits, {"mode": row.mode, "hours": gentle.hours})
    _write(t, row, {"command_id": command_id, "tried_ms": t.now_ms})


def _give_up(t: Transaction, row: Row[Any]) -> bool:
    """What never began because its command came to nothing."""
    state = t.connection.execute(select(commands.c.state).where(commands.c.id == row.command_id)).scalar_one()
    if CommandState(state) in COMMAND_LIVE or state == CommandState.SUCCEEDED:
        return False
    _finish(t, row, EndReason.NOT_DONE, is_told=state == CommandState.UNKNOWN)
    return True


def _finish(t: Transaction, row: Row[Any], reason: EndReason, *, is_told: bool = False) -> None:
    never_began = row.state == ProtectionState.ASKED and not is_told
    state = _after(row, ProtectionEvent.FAIL if never_began else ProtectionEvent.END)
    columns = {"state": state, "ended_ms": t.now_ms, "end_reason": reason}
    if is_told:
        _put(t.by(SYSTEM), row, PROTECT_END, SessionLimits(), {"mode": row.mode})
    _write(t, row, columns)
    _tell(t, row, f"protection_{state}", {"mode": row.mode, "reason": reason})
    was, now = {"state": row.state}, {"state": state, "reason": reason}
    record_audit(t, f"protection.{state}", row.id, before=was, after=now, about={"reason": reason})
    told = {"id": row.ticket_id, "appliance_id": row.appliance_id, "mode": row.mode, "reason": reason}
    put_notice(t, "ticket.protection_ended", row.ticket_id, told, dedupe_key=f"{row.id}:{state}")


def _put(t: Transaction, row: Row[Any], name: str, limits: SessionLimits, args: Mapping[str, Any]) -> str:
    not_after_ms = t.now_ms + round(limits.command_life_s * 1000)
    session = find_session(t, row.session_id)
    return put_command(t.by(SYSTEM), session, name, args, danger_class=DangerClass.R1, not_after_ms=not_after_ms)


def _after(row: Row[Any], event: ProtectionEvent) -> str:
    return next_state("protection", PROTECTION, ProtectionState(row.state), event).value


def _write(t: Transaction, row: Row[Any], columns: Mapping[str, Any]) -> None:
    t.connection.execute(update(protections).where(protections.c.id == row.id).values(**columns))


def _tell(t: Transaction, row: Row[Any], event: str, data: Mapping[str, Any]) -> None:
    add_history(t, row.ticket_id, event=event, data=dict(data))
    record_change(t, Subject.TICKET, row.ticket_id, {"event": event})


def _live(t: Transaction, *which: Any) -> list[Row[Any]]:
    query = select(protections).where(protections.c.state.in_(_LIVE), *which).order_by(protections.c.n)
    return list(t.connection.execute(query).all())


def _record(row: Row[Any]) -> ProtectionRecord:
    return ProtectionRecord(
        id=row.id,
        fault_mode=row.fault_mode,
        mode=row.mode,
        state=ProtectionState(row.state),
        asked_by=row.asked_by,
        asked_at=from_ms(row.asked_ms),
        begun_at=moment(row.begun_ms),
        lease_until=moment(row.lease_until_ms),
        until=from_ms(row.until_ms),
        ended_at=moment(row.ended_ms),
        end_reason=row.end_reason,
    )
