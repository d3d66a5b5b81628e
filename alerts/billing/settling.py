"""What a provider is owed for a period: a fee for each visit that was done, and for what was done there; to the last decimal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from alerts.billing.bill import Statement, StatementLine
from alerts.database import Transaction
from alerts.errors import InvalidError
from alerts.money import parse_amount, sum_of
from alerts.people.providers import read_provider
from alerts.people.tables import technicians
from alerts.tickets.tables import tickets
from alerts.visits.hours import day_span
from alerts.visits.lifecycle import VisitState
from alerts.visits.tables import visit_tickets, visits
from ingest.clock import from_ms

VISIT = "visit"
DAYS_MAX = 366


def settle(t: Transaction, provider_id: str, start: date, end: date, time_zone: str = "UTC") -> Statement:
    """The statement of a provider for the days from ``start`` to ``end``, both included, by when a visit ended."""
    check_span(start, end)
    provider = read_provider(t, provider_id)
    currency = provider.currency
    fees = {name: parse_amount(fee, currency) for name, fee in provider.fees.items()}
    from_ms_, until_ms = day_span(time_zone, start)[0], day_span(time_zone, end)[1]
    query = (
        select(
            visits.c.id, visits.c.ended_ms, technicians.c.name, tickets.c.number, tickets.c.kind, tickets.c.fault_mode
        )
        .join(technicians, technicians.c.id == visits.c.technician_id)
        .join(visit_tickets, visit_tickets.c.visit_id == visits.c.id)
        .join(tickets, tickets.c.id == visit_tickets.c.ticket_id)
        .where(technicians.c.provider_id == provider_id, visits.c.status == VisitState.DONE.value)
        .where(visits.c.ended_ms >= from_ms_, visits.c.ended_ms < until_ms)
        .order_by(visits.c.ended_ms, visits.c.n, tickets.c.number)
    )
    of_visit: dict[str, list[Any]] = {}
    for row in t.connection.execute(query):
        of_visit.setdefault(row.id, []).append(row)
    lines = tuple(_line(rows, fees, currency) for rows in of_visit.values())
    total = sum_of((Decimal(line.amount) for line in lines), currency)
    return Statement(provider_id, provider.name, start, end, currency, lines, str(total))


def check_span(start: date, end: date) -> None:
    """Raise :class:`InvalidError` where a statement is not for these days."""
    if not start <= end <= start + timedelta(days=DAYS_MAX):
        raise InvalidError("end: a statement is for one day to a year.")


def _line(rows: list[Any], fees: Mapping[str, Decimal], currency: str) -> StatementLine:
    named = [(VISIT, fees[VISIT])] if VISIT in fees else []
    for row in rows:
        name = row.fault_mode if row.fault_mode in fees else row.kind
        if name in fees:
            named.append((name, fees[name]))
    first = rows[0]
    return StatementLine(
        visit_id=first.id,
        ended_at=from_ms(first.ended_ms),
        tickets=tuple(row.number for row in rows),
        technician=first.name,
        fees=tuple((name, str(fee)) for name, fee in named),
        amount=str(sum_of((fee for _, fee in named), currency)),
    )
