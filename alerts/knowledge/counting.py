"""Counting cases: what closed tickets of a fault mode say, and what has helped against it; asked of the database each time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.fix_first.tables import fix_first
from alerts.incidents.incident import interval_of
from alerts.knowledge.article import Cases, Helped
from alerts.lifecycle import FixFirstState, TicketState
from alerts.repairs.lifecycle import RepairState
from alerts.repairs.tables import repair_parts, repairs
from alerts.tickets.tables import ticket_episodes, tickets
from alerts.tickets.ticket import Verdict

WITHOUT_PART = "without_part"
FIX_FIRST = "fix_first"


def cases_of(t: Transaction, kind: str, fault_mode: str, model: str, *, since_ms: int) -> Cases:
    """The cases of a fault mode; of one model where one is named."""
    closed, nothing = _closed(t, kind, fault_mode, model)
    of_mode = _is_of(repairs, kind, fault_mode, model)
    held, came_back = _outcomes(t, and_(of_mode, repairs.c.decided_ms >= since_ms, repairs.c.closed_ms >= since_ms))
    rule = t.rules.knowledge
    low, _ = interval_of(came_back, held + came_back)
    stopped = held + came_back >= rule.cases_at_least and low > rule.came_back_share
    helped = (*_by_part(t, of_mode), *_by_customers(t, kind, fault_mode, model))
    return Cases(closed, nothing, tuple(sorted(helped, key=lambda one: -one.held)), held, came_back, stopped)


def _closed(t: Transaction, kind: str, fault_mode: str, model: str) -> tuple[int, int]:
    """Episodes closed with a verdict: that it was this fault, and that it was none."""
    ended = ticket_episodes.c
    found = or_(
        and_(ended.verdict == Verdict.CONFIRMED.value, tickets.c.fault_mode == fault_mode),
        and_(ended.verdict == Verdict.OTHER_FAULT.value, ended.verdict_fault_mode == fault_mode),
    )
    nothing = and_(ended.verdict == Verdict.NO_FAULT_FOUND.value, tickets.c.fault_mode == fault_mode)
    joined = ticket_episodes.join(tickets, tickets.c.id == ended.ticket_id)
    query = select(func.sum(case((found, 1), else_=0)), func.sum(case((nothing, 1), else_=0)))
    query = query.where(tickets.c.kind == kind, ended.status == TicketState.CLOSED.value)
    if model:
        joined = joined.join(appliances, appliances.c.id == tickets.c.appliance_id)
        query = query.where(appliances.c.model == model)
    row = t.connection.execute(query.select_from(joined)).one()
    return int(row[0] or 0), int(row[1] or 0)


def _by_part(t: Transaction, of_mode: ColumnElement[bool]) -> list[Helped]:
    what = func.coalesce(repair_parts.c.sku, WITHOUT_PART)
    joined = repairs.outerjoin(repair_parts, repair_parts.c.repair_id == repairs.c.id)
    query = select(what, func.count(), *_counts()).select_from(joined).group_by(what)
    query = query.where(of_mode, repairs.c.state != RepairState.WITHDRAWN.value)
    return [Helped(row[0], int(row[1]), int(row[2] or 0), int(row[3] or 0)) for row in t.connection.execute(query)]


def _by_customers(t: Transaction, kind: str, fault_mode: str, model: str) -> list[Helped]:
    tried = fix_first.c
    query = select(tried.state, func.count()).where(tried.kind == kind, tried.fault_mode == fault_mode)
    if model:
        query = query.join(appliances, appliances.c.id == tried.appliance_id).where(appliances.c.model == model)
    counts = {row[0]: int(row[1]) for row in t.connection.execute(query.group_by(tried.state))}
    held, failed, back = (
        counts.get(state.value, 0)
        for state in (FixFirstState.HELPED, FixFirstState.DID_NOT_HELP, FixFirstState.RELAPSED)
    )
    total = held + failed + back
    return [Helped(FIX_FIRST, total, held, failed + back)] if total else []


def _outcomes(t: Transaction, which: ColumnElement[bool]) -> tuple[int, int]:
    row = t.connection.execute(select(*_counts()).where(which)).one()
    return int(row[0] or 0), int(row[1] or 0)


def _counts() -> list[Any]:
    states = (RepairState.HELD, RepairState.CAME_BACK)
    return [func.sum(case((repairs.c.state == state.value, 1), else_=0)) for state in states]


def _is_of(table: Any, kind: str, fault_mode: str, model: str) -> ColumnElement[bool]:
    which = and_(table.c.kind == kind, table.c.fault_mode == fault_mode)
    return and_(which, table.c.model == model) if model else which
