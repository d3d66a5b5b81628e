"""What a ticket has for its customer to do, and what came of it, read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, func, select

from alerts.database import Transaction
from alerts.fix_first.attempt import Attempt, FixFirst, WhyNot
from alerts.fix_first.tables import fix_first
from alerts.lifecycle import OVER, FixFirstState
from alerts.page import moment
from alerts.tickets.reading import find_row
from ingest.clock import from_ms
from ingest.profiles.definition import Profile, SelfHelp

PRIOR_WEIGHT = 20.0
"""The profile's share counts as much as so many outcomes."""
RELAPSE_MS = 90 * 86_400_000
"""A fault that comes back within this time was not mended."""

_HELPED = (FixFirstState.HELPED.value, FixFirstState.RELAPSED.value)
_BY_STATE = {
    FixFirstState.WATCHING: WhyNot.WATCHING,
    FixFirstState.DECLINED: WhyNot.DECLINED,
    FixFirstState.DID_NOT_HELP: WhyNot.DID_NOT_HELP,
}


def read_fix_first(t: Transaction, ticket_ref: str, profiles: Mapping[str, Profile]) -> FixFirst:
    """What the ticket offers and what was tried on it, the newest first."""
    return fix_first_of(t, find_row(t, ticket_ref), profiles)


def fix_first_of(t: Transaction, ticket: Row[Any], profiles: Mapping[str, Profile]) -> FixFirst:
    """The same of a ticket's row."""
    steps = steps_of(profiles, ticket.kind, ticket.fault_mode)
    query = select(fix_first).where(fix_first.c.ticket_id == ticket.id).order_by(fix_first.c.n.desc())
    tried = tuple(map(_attempt, t.connection.execute(query).all()))
    helps, outcomes = _learned(t, ticket, steps)
    why_not = _why_not(t, ticket, steps, tried)
    return FixFirst(ticket.id, ticket.fault_mode, steps, helps, outcomes, why_not, tried)


def steps_of(profiles: Mapping[str, Profile], kind: str, fault_mode: str | None) -> SelfHelp | None:
    """What a customer can do against a fault mode."""
    known = profiles[kind].fault_modes.get(fault_mode or "") if kind in profiles else None
    return None if known is None else known.self_help


def _why_not(t: Transaction, ticket: Row[Any], steps: SelfHelp | None, tried: tuple[Attempt, ...]) -> WhyNot | None:
    if steps is None:
        return WhyNot.NO_STEPS
    if tried and (found := _BY_STATE.get(tried[0].state)) is not None and tried[0].told_at >= _begun(ticket):
        return found
    if ticket.status in OVER:
        return WhyNot.OVER
    mine = (fix_first.c.appliance_id == ticket.appliance_id) & (fix_first.c.fault_mode == ticket.fault_mode)
    came_back = mine & fix_first.c.state.in_(_HELPED) & (fix_first.c.decided_ms > t.now_ms - RELAPSE_MS)
    relapsed = t.connection.execute(select(fix_first.c.n).where(came_back).limit(1)).first()
    return None if relapsed is None else WhyNot.RELAPSED


def _begun(ticket: Row[Any]) -> Any:
    return from_ms(ticket.episode_ms or ticket.opened_ms)


def _learned(t: Transaction, ticket: Row[Any], steps: SelfHelp | None) -> tuple[float | None, int]:
    """The share of such faults that it mends for good, and how many outcomes it rests on beside the profile's."""
    if steps is None:
        return None, 0
    mine = (fix_first.c.kind == ticket.kind) & (fix_first.c.fault_mode == ticket.fault_mode)
    query = select(fix_first.c.state, func.count()).where(mine).group_by(fix_first.c.state)
    counts = {state: int(count) for state, count in t.connection.execute(query)}
    helped = counts.get(FixFirstState.HELPED.value, 0)
    failed = counts.get(FixFirstState.DID_NOT_HELP.value, 0) + counts.get(FixFirstState.RELAPSED.value, 0)
    outcomes = helped + failed
    return (PRIOR_WEIGHT * steps.helps + helped) / (PRIOR_WEIGHT + outcomes), outcomes


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        id=row.id,
        ticket_id=row.ticket_id,
        state=FixFirstState(row.state),
        told_by=row.told_by,
        told_at=from_ms(row.told_ms),
        settle_by=moment(row.settle_by_ms),
        decided_at=moment(row.decided_ms),
        relapsed_at=moment(row.relapsed_ms),
        proof=row.proof,
    )
