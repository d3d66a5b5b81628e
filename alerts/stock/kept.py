"""What is kept for tickets now, over all of them: which part, where, for whom, by what probability."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from alerts.database import Transaction
from alerts.page import Page, select_page
from alerts.stock.stock import ReservationStatus
from alerts.stock.tables import stock_places, stock_reservations
from alerts.tickets.tables import tickets
from ingest.clock import from_ms


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A standing reservation, with the ticket's number and the place's name."""

    id: str
    number: int
    appliance_id: str
    sku: str
    place_id: str
    place: str
    quantity: int
    probability: float | None
    is_by_hand: bool
    at: datetime


def list_kept(
    t: Transaction, *, sku: str | None, place_id: str | None, cursor: str | None, limit: int
) -> Page[KeptPart]:
    """One page of standing reservations, the last made first."""
    kept = stock_reservations.c
    joined = stock_reservations.join(tickets, tickets.c.id == kept.ticket_id)
    joined = joined.join(stock_places, stock_places.c.id == kept.place_id)
    query = (
        select(stock_reservations, tickets.c.number, tickets.c.appliance_id, stock_places.c.name)
        .select_from(joined)
        .where(kept.status == ReservationStatus.RESERVED.value)
    )
    for column, value in ((kept.sku, sku), (kept.place_id, place_id)):
        if value is not None:
            query = query.where(column == value)
    rows, after = select_page(t.connection, query, kept.n, cursor=cursor, limit=limit)
    found = tuple(
        KeptPart(
            id=row.id,
            number=row.number,
            appliance_id=row.appliance_id,
            sku=row.sku,
            place_id=row.place_id,
            place=row.name,
            quantity=row.quantity,
            probability=row.probability,
            is_by_hand=row.is_by_hand,
            at=from_ms(row.at_ms),
        )
        for row in rows
    )
    return Page(found, after)
