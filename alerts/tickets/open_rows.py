"""The queue: every open ticket in the little that a list shows of it, the most urgent first, so that fifty thousand fit into one answer.

It is read from the rows alone, without history and accounts. Clocks are given by when they end; where they stand still, as they stood.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.tickets.tables import IS_OPEN, tickets

QUEUE_MAX = 100_000
COLUMNS = (
    *("number", "version", "appliance_id", "kind", "fault_mode", "title", "status", "priority", "severity", "source"),
    *("type", "assignee", "cleared_ms", "respond_by_ms", "resolve_by_ms", "pause", "paused_reason", "failure_window"),
    "remote_first",
)
OF_APPLIANCE = ("model", "region")
NAMES = (*COLUMNS, *OF_APPLIANCE)

Row = tuple[int, dict[str, Any] | None]
"""A ticket's number, and what the queue shows of it; nothing where it is over."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Open tickets as columns, and how many there are: more than the columns hold only beyond ``QUEUE_MAX``."""

    total: int
    columns: dict[str, list[object]]


def read_queue(t: Transaction, *, limit: int = QUEUE_MAX) -> Queue:
    """The most urgent open tickets: by priority, then by when they are to be solved."""
    query = _rows().where(IS_OPEN)
    query = query.order_by(tickets.c.priority, tickets.c.resolve_by_ms, tickets.c.number).limit(limit)
    rows = t.connection.execute(query).all()
    total = len(rows)
    if total == limit:
        total = t.connection.execute(select(func.count()).where(IS_OPEN)).scalar_one()
    columns = zip(*rows, strict=True) if rows else ([] for _ in NAMES)
    return Queue(total, {name: list(column) for name, column in zip(NAMES, columns, strict=True)})


def read_rows(t: Transaction, ids: Collection[str]) -> dict[str, Row]:
    """What the queue shows of some tickets, by their ids."""
    query = _rows().add_columns(tickets.c.id, IS_OPEN).where(tickets.c.id.in_(ids))
    return {
        ticket_id: (values[0], dict(zip(NAMES, values, strict=True)) if is_open else None)
        for *values, ticket_id, is_open in t.connection.execute(query)
    }


def _rows() -> Select[Any]:
    """The columns of the queue."""
    joined = tickets.outerjoin(appliances, appliances.c.id == tickets.c.appliance_id)
    wanted = [*(tickets.c[name] for name in COLUMNS), *(appliances.c[name] for name in OF_APPLIANCE)]
    return select(*wanted).select_from(joined)
