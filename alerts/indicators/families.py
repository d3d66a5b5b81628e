"""The five families of figures, and the tickets behind each figure.

All of one period [start, end), as known at its end. What can't be said (nothing was counted) has no value and ``n`` 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Subquery, select

from alerts.database import Transaction
from alerts.errors import UnknownError
from alerts.indicators import efficiency, money, product, quality
from alerts.indicators.figure import Cases, FigureOf, KeyFigure, Look, Row, count_figure
from alerts.page import Page, check_limit, decode_cursor, encode_cursor
from alerts.tickets.tables import tickets
from ingest.clock import from_ms

FAMILIES: Mapping[str, tuple[FigureOf, ...]] = {
    "quality": quality.FIGURES,
    "efficiency": efficiency.FIGURES,
    "product": product.FIGURES,
    "cost": money.COST,
    "revenue": money.REVENUE,
}
Families = Mapping[str, Mapping[str, KeyFigure]]


@dataclass(frozen=True, slots=True)
class FigureCase:
    """One case behind a figure; without a ticket where it is none's (a contract, a quality case)."""

    at: datetime
    value: float
    ticket_number: int | None
    title: str | None
    appliance_id: str | None


def count_families(t: Transaction, *, start_ms: int, end_ms: int) -> Families:
    """Every figure of a period, by family."""
    look = Look(t, start_ms, end_ms)
    return {
        family: {figure.name: count_figure(look, figure) for figure in figures} for family, figures in FAMILIES.items()
    }


def page_of_cases(
    t: Transaction, family: str, name: str, *, start_ms: int, end_ms: int, cursor: str | None, limit: int
) -> Page[FigureCase]:
    """The cases that a figure was counted from, newest first."""
    check_limit(limit)
    figure = next((one for one in FAMILIES.get(family, ()) if one.name == name), None)
    if figure is None:
        raise UnknownError(f"There is no figure {family}/{name}.")
    of = f"cases:{family}:{name}"
    start = 0 if cursor is None else decode_cursor(cursor, of=of)[0]
    rows = _sliced(t, figure.cases(Look(t, start_ms, end_ms)), start, limit + 1)
    after = encode_cursor(start + limit, of=of) if len(rows) > limit else None
    return Page(_cases(t, rows[:limit]), after)


def _sliced(t: Transaction, cases: Cases, start: int, limit: int) -> Sequence[Any]:
    if not isinstance(cases, Subquery):
        return sorted(cases, key=_newest)[start : start + limit]
    column = cases.c
    query = select(column.ticket_id, column.at_ms, column.value).order_by(column.at_ms.desc(), column.ticket_id)
    return t.connection.execute(query.offset(start).limit(limit)).all()


def _newest(row: Row) -> tuple[int, str]:
    return -row[1], row[0] or ""


def _cases(t: Transaction, rows: Sequence[Any]) -> tuple[FigureCase, ...]:
    ids = {row[0] for row in rows if row[0] is not None}
    query = select(tickets.c.id, tickets.c.number, tickets.c.title, tickets.c.appliance_id).where(tickets.c.id.in_(ids))
    found = {row.id: row for row in t.connection.execute(query)}
    return tuple(
        FigureCase(
            at=from_ms(row[1]),
            value=round(float(row[2]), 4),
            ticket_number=found[row[0]].number if row[0] in found else None,
            title=found[row[0]].title if row[0] in found else None,
            appliance_id=found[row[0]].appliance_id if row[0] in found else None,
        )
        for row in rows
    )
