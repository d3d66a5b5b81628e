"""What the readings say of what customers did: it helped, it did not, or the fault came back.

It helped where the finding was cleared by calm readings after it was done, or a remote test cleared the fault mode after it;
a test that confirms it, or a finding that still stands when its time is over, says that it did not. With that proof the
ticket is closed as a confirmed fault where its state allows; a planned visit or a ticket on hold is left to a person, who
is told. Where the finding says nothing any more because the appliance started over, nothing is proved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select, update

from alerts.database import SYSTEM, Transaction
from alerts.fix_first.reading import RELAPSE_MS
from alerts.fix_first.tables import fix_first
from alerts.lifecycle import (
    FIX_FIRST,
    OVER,
    TICKET,
    FixFirstEvent,
    FixFirstState,
    ProcedureState,
    TicketState,
    TicketStep,
    next_state,
)
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.remote.inference import Indication
from alerts.remote.tables import procedures
from alerts.tickets.opening import add_history
from alerts.tickets.steps import WhenOver, record_verdict, take_step
from alerts.tickets.tables import ticket_history, tickets
from alerts.tickets.ticket import StepBody, Verdict, VerdictRecord
from ingest.profiles.definition import Profile

SETTLED_AT_ONCE = 200


def has_open(t: Transaction) -> bool:
    """Whether anything is watched, or may come back."""
    return t.connection.execute(select(fix_first.c.n).where(_is_open(t)).limit(1)).first() is not None


def settle(t: Transaction, profiles: Mapping[str, Profile], when_over: WhenOver) -> int:
    """Look at what is watched and at what may have come back; returns how many were decided."""
    t = t.by(SYSTEM)
    decided = 0
    query = select(fix_first).where(_is_open(t)).order_by(fix_first.c.n).limit(SETTLED_AT_ONCE)
    for row in t.connection.execute(query).all():
        if row.state == FixFirstState.HELPED:
            decided += _look_for_relapse(t, row)
        else:
            decided += _look_for_proof(t, row, profiles, when_over)
    return decided


def _is_open(t: Transaction) -> Any:
    held = (fix_first.c.state == FixFirstState.HELPED.value) & (fix_first.c.decided_ms > t.now_ms - RELAPSE_MS)
    return (fix_first.c.state == FixFirstState.WATCHING.value) | held


def _look_for_proof(t: Transaction, row: Row[Any], profiles: Mapping[str, Profile], when_over: WhenOver) -> bool:
    ticket = t.connection.execute(select(tickets).where(tickets.c.id == row.ticket_id)).one()
    tested = _tested_since(t, row, profiles)
    if tested is not None and tested["verdict"] == Indication.CONFIRMED:
        return _decide(t, row, ticket, FixFirstEvent.FAIL, tested)
    proof = tested or _cleared_since(t, row, ticket)
    if proof is not None:
        _decide(t, row, ticket, FixFirstEvent.HELP, proof)
        _close(t, ticket, profiles, when_over)
        return True
    if t.now_ms < row.settle_by_ms:
        return False
    return _decide(t, row, ticket, FixFirstEvent.FAIL, {"by": "time"})


def _cleared_since(t: Transaction, row: Row[Any], ticket: Row[Any]) -> dict[str, Any] | None:
    """What the readings prove: the finding was cleared, because it was calm, of a time after it was done."""
    if ticket.cleared_ms is None or ticket.cleared_ms <= row.told_ms:
        return None
    line = ticket_history.c
    newest = select(line.data).where(line.ticket_id == ticket.id, line.event == "finding_cleared")
    data = t.connection.execute(newest.order_by(line.n.desc()).limit(1)).scalar_one_or_none() or {}
    if data.get("because") != "calm":
        return None
    raised = ticket.raised or {}
    seen = {name: raised[name] for name in ("metric", "observed", "unit") if name in raised}
    return {"by": "readings", "cleared_ms": ticket.cleared_ms, **seen}


def _tested_since(t: Transaction, row: Row[Any], profiles: Mapping[str, Profile]) -> dict[str, Any] | None:
    """What the newest remote test that speaks for this fault mode said after it was done."""
    profile = profiles.get(row.kind)
    mode = None if profile is None else profile.fault_modes.get(row.fault_mode)
    if mode is None or mode.test is None:
        return None
    done = procedures.c
    query = (
        select(procedures)
        .where(done.ticket_id == row.ticket_id, done.test == mode.test, done.state == ProcedureState.DONE.value)
        .where(done.started_ms > row.told_ms, done.verdict.in_([Indication.CONFIRMED.value, Indication.CLEARED.value]))
    )
    found = t.connection.execute(query.order_by(done.n.desc()).limit(1)).one_or_none()
    if found is None:
        return None
    return {"by": "test", "test": found.test, "measured": found.measured, "verdict": found.verdict}


def _decide(t: Transaction, row: Row[Any], ticket: Row[Any], event: FixFirstEvent, proof: Mapping[str, Any]) -> bool:
    state = next_state("fix_first", FIX_FIRST, FixFirstState(row.state), event)
    t.connection.execute(
        update(fix_first).where(fix_first.c.n == row.n).values(state=state.value, decided_ms=t.now_ms, proof=proof)
    )
    add_history(t, ticket.id, event=f"fix_first_{state.value}", data=dict(proof))
    told = {"id": ticket.id, "number": ticket.number, "version": ticket.version, "status": ticket.status}
    told |= {"appliance_id": ticket.appliance_id, "fault_mode": row.fault_mode, "proof": dict(proof)}
    put_notice(t, f"ticket.fix_first_{state.value}", ticket.id, told, dedupe_key=f"{row.id}:{state.value}")
    record_change(t, Subject.TICKET, ticket.id, {"number": ticket.number, "status": ticket.status})
    return True


def _close(t: Transaction, ticket: Row[Any], profiles: Mapping[str, Profile], when_over: WhenOver) -> None:
    """Close with the proof; the fault was real, so the verdict is that it was."""
    state = TicketState(ticket.status)
    if state in OVER or TicketStep.CLOSE not in TICKET[state]:
        return
    note = "The customer mended it; the readings prove it."
    take_step(t, ticket.id, TicketStep.CLOSE, StepBody(note=note), expected_version=None, when_over=when_over)
    if ticket.verdict is None:
        record_verdict(t, ticket.id, VerdictRecord(Verdict.CONFIRMED, None, note), profiles, expected_version=None)


def _look_for_relapse(t: Transaction, row: Row[Any]) -> bool:
    """A ticket for the same fault of the same appliance, begun after it had helped: it did not last."""
    mine = (tickets.c.appliance_id == row.appliance_id) & (tickets.c.fault_mode == row.fault_mode)
    query = select(tickets).where(mine, tickets.c.episode_ms > row.decided_ms)
    again = t.connection.execute(query.order_by(tickets.c.number.desc()).limit(1)).one_or_none()
    if again is None:
        return False
    state = next_state("fix_first", FIX_FIRST, FixFirstState.HELPED, FixFirstEvent.RELAPSE)
    t.connection.execute(
        update(fix_first).where(fix_first.c.n == row.n).values(state=state.value, relapsed_ms=again.episode_ms)
    )
    add_history(t, again.id, event="fix_first_relapsed", data={"helped_ms": row.decided_ms, "ticket_id": row.ticket_id})
    record_change(t, Subject.TICKET, again.id, {"number": again.number, "status": again.status})
    return True
