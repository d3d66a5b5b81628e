"""Reservations: a part is kept for a ticket as long as its diagnosis makes it likely, and freed when it moves.

A part is reserved from a probability of 30 % on and released below 15 %; between them it stays as it is, so that a
diagnosis that wavers moves nothing. What somebody reserved by hand is theirs to release. A ticket that is over frees all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, insert, or_, select, update

from alerts.audit.chain import record_audit
from alerts.database import SYSTEM, Transaction, upsert
from alerts.errors import ConflictError, UnknownError
from alerts.lifecycle import OVER, TicketState
from alerts.page import moment
from alerts.stock.ledger import NewMovement, change_level, move
from alerts.stock.levels import holders, read_part
from alerts.stock.stock import MovementKind, Reservation, ReservationStatus, check_quantity
from alerts.stock.tables import stock_followed, stock_reservations
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row
from alerts.tickets.tables import tickets
from ingest.clock import from_ms

RESERVE_FROM = 0.3
RELEASE_BELOW = 0.15
FOLLOWED_AT_ONCE = 100
FOLLOWED_STATES = [state.value for state in (TicketState.TRIAGED, TicketState.SCHEDULED, TicketState.IN_PROGRESS)]


def reserve(
    t: Transaction,
    ref: str,
    sku: str,
    *,
    quantity: int = 1,
    place_id: str | None = None,
    probability: float | None = None,
) -> str:
    """Keep a part for a ticket, from a place or from the nearest that has it free (a substitute where none has); the id."""
    check_quantity(quantity)
    ticket = find_row(t, ref)
    if ticket.status in OVER:
        raise ConflictError(f"Ticket {ticket.number} is {ticket.status}.")
    if _standing(t, ticket.id, sku) is not None:
        raise ConflictError(f"{sku} is reserved for ticket {ticket.number} already.")
    place_id, sku = (place_id, sku) if place_id is not None else _find(t, ticket, sku, quantity)
    change_level(t, place_id, sku, on_hand=0, reserved=quantity)
    reservation_id = t.new_id("rs")
    values = {"id": reservation_id, "ticket_id": ticket.id, "sku": sku, "place_id": place_id, "quantity": quantity}
    state = {"status": ReservationStatus.RESERVED.value, "is_by_hand": probability is None, "at_ms": t.now_ms}
    t.connection.execute(insert(stock_reservations).values(**values, **state, probability=probability))
    told = {"sku": sku, "place_id": place_id, "quantity": quantity}
    _tell(t, ticket.id, "part_reserved", told, was=None)
    return reservation_id


def release(t: Transaction, reservation_id: str) -> None:
    """Free what was kept."""
    row = t.connection.execute(
        select(stock_reservations).where(stock_reservations.c.id == reservation_id)
    ).one_or_none()
    if row is None:
        raise UnknownError(f"There is no reservation {reservation_id!r}.")
    if row.status != ReservationStatus.RESERVED:
        raise ConflictError(f"This reservation is {row.status}.")
    _release(t, row)


def release_all(t: Transaction, ticket_id: str) -> None:
    """Free all that is kept for a ticket."""
    for row in _rows(t, ticket_id, ReservationStatus.RESERVED):
        _release(t, row)


def use(t: Transaction, ticket_id: str, sku: str, quantity: int, *, van_id: str | None, serial: str | None) -> None:
    """A part was put in: it goes from where it was kept for the ticket, else from the van; else only the ticket says so."""
    kept = _standing(t, ticket_id, sku)
    place_id, of_reserved = (kept.place_id, min(kept.quantity, quantity)) if kept is not None else (van_id, 0)
    new = None if place_id is None else NewMovement(place_id, sku, quantity, MovementKind.USED, ticket_id, serial)
    if new is None or not _taken(t, new, of_reserved):
        _tell(t, ticket_id, "part_unaccounted", {"sku": sku, "quantity": quantity}, was=None)
        return
    if kept is not None:
        if kept.quantity > quantity:
            change_level(t, kept.place_id, sku, on_hand=0, reserved=quantity - kept.quantity)
        _end(t, kept, ReservationStatus.USED)


def _taken(t: Transaction, new: NewMovement, of_reserved: int) -> bool:
    """Whether so many were there to be taken."""
    try:
        with t.connection.begin_nested():
            move(t, new, -new.quantity, of_reserved=of_reserved)
    except ConflictError:
        return False
    return True


def is_kept(t: Transaction, ticket_id: str, sku: str) -> bool:
    """Whether a part is kept for a ticket."""
    return _standing(t, ticket_id, sku) is not None


def follow(t: Transaction) -> int:
    """Let reservations follow the diagnosis of some tickets that changed; returns how many were looked at."""
    found = t.connection.execute(_to_follow().limit(FOLLOWED_AT_ONCE)).all()
    for row in found:
        _follow_one(t.by(SYSTEM), row)
    return len(found)


def has_to_follow(t: Transaction) -> bool:
    """Whether any ticket changed since its reservations were looked at."""
    return t.connection.execute(_to_follow().limit(1)).first() is not None


def list_reservations(t: Transaction, ref: str) -> Sequence[Reservation]:
    """What is and was kept for a ticket, the newest first."""
    ticket = find_row(t, ref)
    query = select(stock_reservations).where(stock_reservations.c.ticket_id == ticket.id)
    return [_reservation(row) for row in t.connection.execute(query.order_by(stock_reservations.c.n.desc()))]


def _to_follow() -> Select[Any]:
    joined = tickets.outerjoin(stock_followed, stock_followed.c.ticket_id == tickets.c.id)
    changed = or_(stock_followed.c.version.is_(None), stock_followed.c.version != tickets.c.version)
    wanted = (tickets.c.status.in_(FOLLOWED_STATES), changed)
    return select(tickets).select_from(joined).where(*wanted).order_by(tickets.c.priority, tickets.c.number)


def _follow_one(t: Transaction, row: Any) -> None:
    likely = {part["sku"]: part["probability"] for part in (row.recommended or {}).get("parts") or ()}
    instead = {sku: _substitutes(t, sku) for sku in likely}
    for kept in _rows(t, row.id, ReservationStatus.RESERVED):
        share = max((likely[sku] for sku in likely if kept.sku in {sku, *instead[sku]}), default=0.0)
        if not kept.is_by_hand and share < RELEASE_BELOW:
            _release(t, kept)
    had = {one.sku for one in _rows(t, row.id)}
    for sku, probability in likely.items():
        if probability >= RESERVE_FROM and not had.intersection((sku, *instead[sku])):
            try:
                with t.connection.begin_nested():
                    reserve(t, row.id, sku, probability=probability)
            except ConflictError:
                _tell(t, row.id, "part_missing", {"sku": sku, "probability": probability}, was=None)
    seen = {"version": row.version}
    statement = upsert(t.connection, stock_followed).values(ticket_id=row.id, **seen)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["ticket_id"], set_=seen))


def _substitutes(t: Transaction, sku: str) -> Sequence[str]:
    part = read_part(t, sku)
    return () if part is None else part.substitutes


def _find(t: Transaction, ticket: Any, sku: str, quantity: int) -> tuple[str, str]:
    for one in (sku, *_substitutes(t, sku)):
        for level in holders(t, one, appliance_id=ticket.appliance_id):
            if level.free >= quantity:
                return level.place_id, one
    raise ConflictError(f"Nobody has {quantity} of {sku} free, nor of what does in its place.")


def _release(t: Transaction, row: Any) -> None:
    change_level(t, row.place_id, row.sku, on_hand=0, reserved=-row.quantity)
    _end(t, row, ReservationStatus.RELEASED)
    _tell(t, row.ticket_id, "part_released", {"sku": row.sku, "place_id": row.place_id}, was=row.status)


def _end(t: Transaction, row: Any, status: ReservationStatus) -> None:
    one = stock_reservations.c.id == row.id
    t.connection.execute(update(stock_reservations).where(one).values(status=status.value, ended_ms=t.now_ms))


def _standing(t: Transaction, ticket_id: str, sku: str) -> Any:
    return next((row for row in _rows(t, ticket_id, ReservationStatus.RESERVED) if row.sku == sku), None)


def _rows(t: Transaction, ticket_id: str, status: ReservationStatus | None = None) -> Sequence[Any]:
    query = select(stock_reservations).where(stock_reservations.c.ticket_id == ticket_id)
    if status is not None:
        query = query.where(stock_reservations.c.status == status.value)
    return t.connection.execute(query.order_by(stock_reservations.c.n)).all()


def _tell(t: Transaction, ticket_id: str, event: str, data: dict[str, Any], *, was: str | None) -> None:
    status = t.connection.execute(select(tickets.c.status).where(tickets.c.id == ticket_id)).scalar_one()
    add_history(t, ticket_id, event=event, from_status=status, to_status=status, note=None, data=data)
    before, after = None if was is None else {**data, "status": was}, {**data, "status": event}
    record_audit(t, f"stock.{event}", ticket_id, before=before, after=after)


def _reservation(row: Any) -> Reservation:
    return Reservation(
        id=row.id,
        ticket_id=row.ticket_id,
        sku=row.sku,
        place_id=row.place_id,
        quantity=row.quantity,
        probability=row.probability,
        is_by_hand=row.is_by_hand,
        status=ReservationStatus(row.status),
        at=from_ms(row.at_ms),
        ended_at=moment(row.ended_ms),
    )
