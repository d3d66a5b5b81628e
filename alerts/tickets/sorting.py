"""A page of tickets by urgency or by due time, read from an index that stands in that order.

What is held is due later by as long as it has been held, so its place moves with time: it is little, and is sorted at each
look. All else that is open stands in ``ix_tickets_urgency`` and ``ix_tickets_due``; the two are merged. What is over comes
last, and is sorted only when somebody pages so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import merge
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    tuple_,
)

from alerts.tickets.tables import IS_OPEN, IS_OVER, tickets

Place = tuple[int, int, int, int]
"""Where a ticket stands in an order: 1 where it is over, its priority where that counts, when it is due, its number."""

_IS_HELD = and_(tickets.c.paused_ms > 0, tickets.c.stopped.like("%resolve%"))
_IS_RUNNING = or_(tickets.c.paused_ms.is_(None), tickets.c.stopped.not_like("%resolve%"))


def due_ms(now_ms: int) -> ColumnElement[int]:
    """When a ticket is to be solved; what is held is due later by as long as it has been held."""
    held_ms = case((and_(_IS_HELD, tickets.c.paused_ms <= now_ms), now_ms - tickets.c.paused_ms), else_=0)
    return tickets.c.resolve_by_ms + held_ms


def status_in(statuses: Sequence[str]) -> ColumnElement[bool]:
    """Whether a ticket stands in one of these; SQLite, which keeps no statistics, takes no index for it in place of an order's."""
    return func.substr(tickets.c.status, 1).in_(list(statuses))


def places(
    connection: Connection, query: Select[Any], *, by_priority: bool, at_ms: int, behind: Place | None, limit: int
) -> list[Place]:
    """Where the first tickets of a query behind a place stand, in their order; ``limit`` and one more, as far as there are so many."""
    found: list[Place] = []
    for is_over, group in ((0, IS_OPEN), (1, IS_OVER)):
        if len(found) > limit or (behind is not None and behind[0] > is_over):
            continue
        after = behind if behind is not None and behind[0] == is_over else None
        inside = query.where(group)
        if is_over:
            parts = [_moving(connection, inside, by_priority, at_ms, after, limit)]
        else:
            parts = [
                _standing(connection, inside.where(_IS_RUNNING), by_priority, after, limit),
                _moving(connection, inside.where(_IS_HELD), by_priority, at_ms, after, limit),
            ]
        found += [(is_over, *row) for row in merge(*(map(tuple, part) for part in parts))]
    return found[: limit + 1]


def _standing(
    connection: Connection, query: Select[Any], by_priority: bool, behind: Place | None, limit: int
) -> Sequence[Sequence[Any]]:
    """In the order of an index."""
    columns = tickets.c
    order = [*([columns.priority] if by_priority else []), columns.resolve_by_ms, columns.number]
    if behind is not None:
        query = query.where(tuple_(*order) > tuple_(*map(literal, behind[-len(order) :])))
    urgency = columns.priority if by_priority else literal(0)
    chosen: Select[Any] = query.with_only_columns(urgency, columns.resolve_by_ms, columns.number)
    return connection.execute(chosen.order_by(*order).limit(limit + 1)).all()


def _moving(
    connection: Connection, query: Select[Any], by_priority: bool, at_ms: int, behind: Place | None, limit: int
) -> Sequence[Sequence[Any]]:
    """Sorted by what it comes to at one moment; by a sum, for which SQLite does not go through the index of all that is open."""
    keys = (tickets.c.priority + literal(0) if by_priority else literal(0), due_ms(at_ms), tickets.c.number)
    if behind is not None:
        query = query.where(tuple_(*keys) > tuple_(*map(literal, behind[1:])))
    chosen = query.with_only_columns(*[key.label(f"key_{n}") for n, key in enumerate(keys)])
    return connection.execute(chosen.order_by(*keys).limit(limit + 1)).all()
