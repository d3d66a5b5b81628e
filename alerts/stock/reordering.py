"""What must be ordered: what a part will be needed for until an order would come, against what there is.

    expected = Σ over open tickets of the probability of the part, where none is reserved for it
             + Σ over fault modes of appliances × hazard a year × share of the part × (lead time + a month) / year
    reorder point = expected + 1.65 √expected,   which is enough in 19 of 20 such times (Poisson, normal tail)

Classes by value used in a year: A are the parts that make 80 % of it, B the next 15 %, C the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import func, insert, select, update

from alerts.appliances.tables import appliances
from alerts.audit.chain import record_audit
from alerts.database import Transaction
from alerts.errors import ConflictError, UnknownError
from alerts.page import moment
from alerts.stock.ledger import NewMovement, move
from alerts.stock.levels import list_parts, read_part, read_place
from alerts.stock.stock import MovementKind, Need, Order, OrderStatus, ReservationStatus, StockPart, check_quantity
from alerts.stock.tables import stock_levels, stock_movements, stock_orders, stock_reservations
from alerts.tickets.tables import IS_OPEN, tickets
from ingest.clock import from_ms
from ingest.profiles.definition import Profile

DAY_MS = 24 * 3_600_000
COVER_DAYS = 30
SAFE = 1.65
CLASSES = ((0.80, "A"), (0.95, "B"))


def needs(t: Transaction, profiles: Mapping[str, Profile]) -> Sequence[Need]:
    """Every part that is likely to be needed or lies in stock, what is missing most first."""
    bought = {part.sku: part for part in list_parts(t)}
    by_tickets, by_hazard = _by_tickets(t), _by_hazard(t, profiles)
    free, on_order, classes = _free(t), _on_order(t), _classes(t, bought)
    found = []
    for sku in sorted({*bought, *by_tickets, *by_hazard, *free}):
        lead_days = bought[sku].lead_days if sku in bought else 7
        expected = by_tickets.get(sku, 0.0) + by_hazard.get(sku, 0.0) * (lead_days + COVER_DAYS) / 365
        point = math.ceil(expected + SAFE * math.sqrt(expected))
        there, coming = free.get(sku, 0), on_order.get(sku, 0)
        missing = max(0, point - there - coming)
        abc = classes.get(sku, "C")
        found.append(Need(sku, abc, lead_days, round(expected, 3), point, there, coming, missing))
    return sorted(found, key=lambda one: (-one.order, one.sku))


def place_order(t: Transaction, sku: str, place_id: str, quantity: int) -> str:
    """Order a part to a place; returns the order's id. It is due after the part's lead time."""
    check_quantity(quantity)
    read_place(t, place_id)
    part = read_part(t, sku)
    if part is None:
        raise UnknownError(f"Nobody has written down how {sku!r} is bought.")
    order_id = t.new_id("or")
    values = {"id": order_id, "sku": sku, "place_id": place_id, "quantity": quantity, "supplier": part.supplier}
    times = {"ordered_ms": t.now_ms, "ordered_by": t.who, "due_ms": t.now_ms + part.lead_days * DAY_MS}
    t.connection.execute(insert(stock_orders).values(**values, **times, status=OrderStatus.ORDERED.value))
    record_audit(
        t, "stock.order", order_id, before=None, after={"sku": sku, "place_id": place_id, "quantity": quantity}
    )
    return order_id


def end_order(t: Transaction, order_id: str, status: OrderStatus) -> None:
    """An order has come (and lies in stock), or was called off; once."""
    row = t.connection.execute(select(stock_orders).where(stock_orders.c.id == order_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no order {order_id!r}.")
    if row.status != OrderStatus.ORDERED:
        raise ConflictError(f"This order is {row.status}.")
    one = stock_orders.c.id == order_id
    t.connection.execute(update(stock_orders).where(one).values(status=status.value, ended_ms=t.now_ms))
    if status is OrderStatus.RECEIVED:
        move(t, NewMovement(row.place_id, row.sku, row.quantity, MovementKind.RECEIVED, note=order_id), row.quantity)
    was, now = {"status": row.status}, {"status": status.value}
    record_audit(t, f"stock.order_{status.value}", order_id, before=was, after=now, about={"sku": row.sku})


def list_orders(t: Transaction, *, order_id: str | None = None) -> Sequence[Order]:
    """Orders, newest first; at most 500."""
    query = select(stock_orders).order_by(stock_orders.c.n.desc()).limit(500)
    if order_id is not None:
        query = query.where(stock_orders.c.id == order_id)
    return [
        Order(
            id=row.id,
            sku=row.sku,
            place_id=row.place_id,
            quantity=row.quantity,
            supplier=row.supplier,
            status=OrderStatus(row.status),
            ordered_at=from_ms(row.ordered_ms),
            ordered_by=row.ordered_by,
            due_at=from_ms(row.due_ms),
            ended_at=moment(row.ended_ms),
        )
        for row in t.connection.execute(query)
    ]


def _by_tickets(t: Transaction) -> dict[str, float]:
    """What open tickets will need by their diagnosis; what is reserved for them is provided for."""
    kept = select(stock_reservations.c.ticket_id, stock_reservations.c.sku)
    reserved = {
        (row.ticket_id, row.sku)
        for row in t.connection.execute(kept.where(stock_reservations.c.status == ReservationStatus.RESERVED.value))
    }
    found: dict[str, float] = {}
    is_open = IS_OPEN
    for row in t.connection.execute(select(tickets.c.id, tickets.c.recommended).where(is_open)):
        for part in (row.recommended or {}).get("parts") or ():
            if (row.id, part["sku"]) not in reserved:
                found[part["sku"]] = found.get(part["sku"], 0.0) + part["probability"]
    return found


def _by_hazard(t: Transaction, profiles: Mapping[str, Profile]) -> dict[str, float]:
    """What the fleet will need in a year, as its kinds fail."""
    query = select(appliances.c.kind, func.count()).group_by(appliances.c.kind)
    found: dict[str, float] = {}
    for kind, count in t.connection.execute(query):
        profile = profiles.get(kind)
        for mode in () if profile is None else profile.fault_modes.values():
            for part in mode.parts:
                found[part.sku] = found.get(part.sku, 0.0) + count * mode.hazard_per_year * part.share
    return found


def _free(t: Transaction) -> dict[str, int]:
    total = func.sum(stock_levels.c.on_hand - stock_levels.c.reserved)
    rows = t.connection.execute(select(stock_levels.c.sku, total).group_by(stock_levels.c.sku))
    return {sku: int(n) for sku, n in rows}


def _on_order(t: Transaction) -> dict[str, int]:
    query = select(stock_orders.c.sku, func.sum(stock_orders.c.quantity)).group_by(stock_orders.c.sku)
    rows = t.connection.execute(query.where(stock_orders.c.status == OrderStatus.ORDERED.value))
    return {sku: int(n) for sku, n in rows}


def _classes(t: Transaction, bought: Mapping[str, StockPart]) -> dict[str, str]:
    """A, B or C by what was used in a year, times what it costs (1 where nobody says)."""
    used = select(stock_movements.c.sku, func.sum(-stock_movements.c.quantity)).where(
        stock_movements.c.kind == MovementKind.USED.value, stock_movements.c.at_ms >= t.now_ms - 365 * DAY_MS
    )
    worth: dict[str, Decimal] = {}
    for sku, n in t.connection.execute(used.group_by(stock_movements.c.sku)):
        cost = bought[sku].cost if sku in bought else None
        worth[sku] = Decimal(int(n)) * Decimal(cost or 1)
    total, so_far, classes = sum(worth.values(), Decimal(0)), Decimal(0), {}
    for sku, value in sorted(worth.items(), key=lambda item: (-item[1], item[0])):
        share = float(so_far / total) if total else 1.0
        classes[sku] = next((name for limit, name in CLASSES if share < limit), "C")
        so_far += value
    return classes
