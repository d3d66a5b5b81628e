"""Repairs, read: lists, and how those of one technician, part, provider, fault mode or model held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select

from alerts.database import Transaction
from alerts.errors import UnknownError
from alerts.incidents.incident import interval_of
from alerts.page import Page, moment, select_page
from alerts.people.tables import providers, technicians
from alerts.repairs.lifecycle import RepairState
from alerts.repairs.repair import CallAnswer, Repair, RepairGroup, RepairRate
from alerts.repairs.tables import repair_parts, repairs
from alerts.tickets.tables import tickets
from ingest.clock import from_ms

RATES_MAX = 1000


@dataclass(frozen=True, slots=True)
class RepairFilter:
    """Which repairs are wanted."""

    state: RepairState | None = None
    is_call_owed: bool | None = None
    ticket_id: str | None = None
    technician_id: str | None = None
    provider_id: str | None = None
    sku: str | None = None
    fault_mode: str | None = None


def list_repairs(t: Transaction, wanted: RepairFilter, *, cursor: str | None, limit: int) -> Page[Repair]:
    """One page of repairs, the last begun first."""
    rows, after = select_page(t.connection, _filtered(wanted), repairs.c.n, cursor=cursor, limit=limit)
    return Page(_repairs(t, rows), after)


def read_repair(t: Transaction, repair_id: str) -> Repair:
    """One repair."""
    return _repairs(t, [repair_row(t, repair_id)])[0]


def repair_row(t: Transaction, repair_id: str) -> Row[Any]:
    """The row of a repair."""
    row = t.connection.execute(_with_names().where(repairs.c.id == repair_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no repair {repair_id!r}.")
    return row


def rates(t: Transaction, by: RepairGroup, *, start_ms: int, end_ms: int) -> tuple[RepairRate, ...]:
    """How repairs closed in [start, end) had held by its end, the worst lower end first; what came later changes nothing."""
    key, name, source = _grouped(by)
    known = repairs.c.decided_ms < end_ms
    counts = [
        func.sum(case((known & (repairs.c.state == state.value), 1), else_=0))
        for state in (RepairState.HELD, RepairState.CAME_BACK)
    ]
    gone = known & (repairs.c.state == RepairState.WITHDRAWN.value)
    within = (repairs.c.closed_ms >= start_ms, repairs.c.closed_ms < end_ms)
    query = (
        select(key, func.max(name), func.count(), *counts)
        .select_from(source)
        .where(*within, key.is_not(None), func.coalesce(gone, False).is_(False))
        .group_by(key)
    )
    found = [_rate(*row) for row in t.connection.execute(query)]
    return tuple(sorted(found, key=lambda one: (-one.low, -one.came_back, one.name))[:RATES_MAX])


def _rate(key: str, name: str | None, number: int, held: int, came_back: int) -> RepairRate:
    decided = held + came_back
    low, high = interval_of(came_back, decided)
    share = round(came_back / decided, 4) if decided else None
    undecided = number - decided
    return RepairRate(key, name or key, number, held, came_back, undecided, share, round(low, 4), round(high, 4))


def _grouped(by: RepairGroup) -> tuple[ColumnElement[Any], ColumnElement[Any], Any]:
    columns = repairs.c
    if by is RepairGroup.TECHNICIAN:
        source = repairs.outerjoin(technicians, technicians.c.id == columns.technician_id)
        return columns.technician_id, technicians.c.name, source
    if by is RepairGroup.PROVIDER:
        source = repairs.outerjoin(providers, providers.c.id == columns.provider_id)
        return columns.provider_id, providers.c.name, source
    if by is RepairGroup.PART:
        source = repairs.join(repair_parts, repair_parts.c.repair_id == columns.id)
        return repair_parts.c.sku, repair_parts.c.sku, source
    column = columns.fault_mode if by is RepairGroup.FAULT_MODE else columns.model
    return column, column, repairs


def _filtered(wanted: RepairFilter) -> Select[Any]:
    query = _with_names()
    asked = {
        repairs.c.state: None if wanted.state is None else wanted.state.value,
        repairs.c.is_call_owed: wanted.is_call_owed,
        repairs.c.ticket_id: wanted.ticket_id,
        repairs.c.technician_id: wanted.technician_id,
        repairs.c.provider_id: wanted.provider_id,
        repairs.c.fault_mode: wanted.fault_mode,
    }
    for column, value in asked.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.sku is None:
        return query
    with_part = select(repair_parts.c.repair_id).where(repair_parts.c.sku == wanted.sku)
    return query.where(repairs.c.id.in_(with_part))


def _with_names() -> Select[Any]:
    joined = repairs.join(tickets, tickets.c.id == repairs.c.ticket_id)
    joined = joined.outerjoin(technicians, technicians.c.id == repairs.c.technician_id)
    return select(repairs, tickets.c.number, technicians.c.name.label("technician")).select_from(joined)


def _repairs(t: Transaction, rows: Sequence[Row[Any]]) -> tuple[Repair, ...]:
    query = select(repair_parts).where(repair_parts.c.repair_id.in_([row.id for row in rows]))
    parts: dict[str, list[str]] = {}
    for part in t.connection.execute(query.order_by(repair_parts.c.sku)):
        parts.setdefault(part.repair_id, []).append(part.sku)
    return tuple(_repair(row, parts) for row in rows)


def _repair(row: Row[Any], parts: Mapping[str, Sequence[str]]) -> Repair:
    return Repair(
        id=row.id,
        ticket_id=row.ticket_id,
        number=row.number,
        episode=row.episode,
        appliance_id=row.appliance_id,
        kind=row.kind,
        model=row.model,
        fault_mode=row.fault_mode,
        state=RepairState(row.state),
        closed_at=from_ms(row.closed_ms),
        watched_until=from_ms(row.until_ms),
        decided_at=moment(row.decided_ms),
        proof=row.proof,
        technician_id=row.technician_id,
        technician=row.technician,
        provider_id=row.provider_id,
        parts=tuple(parts.get(row.id, ())),
        is_call_owed=row.is_call_owed,
        called_at=moment(row.called_ms),
        called_by=row.called_by,
        call_answer=CallAnswer(row.call_answer) if row.call_answer else None,
        call_note=row.call_note,
    )
