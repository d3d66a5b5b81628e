"""Whose work a repair was: who was last at the door, the company behind them, and the parts that were put in."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from alerts.database import Transaction
from alerts.people.provider import OfferStatus
from alerts.people.tables import offers, technicians
from alerts.stock.stock import MovementKind
from alerts.stock.tables import stock_movements
from alerts.visits.lifecycle import VisitState
from alerts.visits.tables import visit_tickets, visits


@dataclass(frozen=True, slots=True)
class Credit:
    """Whose work it was; nobody's where it was done from afar."""

    technician_id: str | None
    provider_id: str | None
    parts: tuple[str, ...]


def credit_of(t: Transaction, ticket_id: str, assignee: str | None, *, start_ms: int, end_ms: int) -> Credit:
    """Of an episode of a ticket: by its visits, else by the technician whose account the ticket was assigned to."""
    query = (
        select(visits.c.technician_id, visits.c.record)
        .join(visit_tickets, visit_tickets.c.visit_id == visits.c.id)
        .where(visit_tickets.c.ticket_id == ticket_id, visits.c.status == VisitState.DONE.value)
        .where(visits.c.ended_ms >= start_ms, visits.c.ended_ms <= end_ms)
        .order_by(visits.c.ended_ms)
    )
    made = t.connection.execute(query).all()
    who = technicians.c.id == made[-1].technician_id if made else technicians.c.account == assignee
    person = t.connection.execute(select(technicians.c.id, technicians.c.provider_id).where(who)).one_or_none()
    provider_id = None if person is None else person.provider_id
    parts = {part["sku"] for visit in made for part in (visit.record or {}).get("parts", ())}
    moved = stock_movements.c
    used = select(moved.sku).where(moved.ticket_id == ticket_id, moved.kind == MovementKind.USED.value)
    used = used.where(moved.at_ms >= start_ms, moved.at_ms <= end_ms)
    parts |= set(t.connection.execute(used).scalars())
    return Credit(
        None if person is None else person.id, provider_id or _taken_by(t, ticket_id, end_ms), tuple(sorted(parts))
    )


def _taken_by(t: Transaction, ticket_id: str, end_ms: int) -> str | None:
    """The provider who had taken the ticket."""
    taken = (offers.c.ticket_id == ticket_id) & (offers.c.status == OfferStatus.ACCEPTED.value)
    query = select(offers.c.provider_id).where(taken, offers.c.answered_ms <= end_ms).order_by(offers.c.n.desc())
    return t.connection.execute(query.limit(1)).scalar_one_or_none()
