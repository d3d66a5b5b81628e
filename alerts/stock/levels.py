"""Levels, places, parts and the ledger, read; and who has a part nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import select

from alerts.audit.chain import difference, record_audit
from alerts.customers.tables import ownerships, sites
from alerts.database import Transaction, upsert
from alerts.errors import UnknownError
from alerts.page import Page, select_page
from alerts.place import place_of
from alerts.stock.stock import Movement, MovementKind, PlaceKind, StockLevel, StockPart, StockPlace
from alerts.stock.tables import stock_levels, stock_movements, stock_parts, stock_places
from alerts.travel import travel_min
from ingest.clock import from_ms


def list_places(t: Transaction) -> Sequence[StockPlace]:
    """Every depot and van, first entered first."""
    return [_place(row) for row in t.connection.execute(select(stock_places).order_by(stock_places.c.n))]


def read_place(t: Transaction, place_id: str) -> StockPlace:
    """One place of stock."""
    row = t.connection.execute(select(stock_places).where(stock_places.c.id == place_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no place of stock {place_id!r}.")
    return _place(row)


def find_place(t: Transaction, name: str) -> str | None:
    """A place by its id, or another system's."""
    query = select(stock_places.c.id).where((stock_places.c.id == name) | (stock_places.c.external_id == name))
    return t.connection.execute(query).scalars().first()


def list_levels(t: Transaction, *, sku: str | None = None, place_id: str | None = None) -> Sequence[StockLevel]:
    """What lies where, by part and place."""
    query = select(stock_levels, stock_places.c.name).join(stock_places, stock_places.c.id == stock_levels.c.place_id)
    if sku is not None:
        query = query.where(stock_levels.c.sku == sku)
    if place_id is not None:
        query = query.where(stock_levels.c.place_id == place_id)
    rows = t.connection.execute(query.order_by(stock_levels.c.sku, stock_places.c.n))
    return [StockLevel(row.place_id, row.name, row.sku, row.on_hand, row.reserved) for row in rows]


def holders(t: Transaction, sku: str, *, appliance_id: str | None = None) -> Sequence[StockLevel]:
    """Who has a part free, the nearest to an appliance's home first; depots before vans where nobody is nearer."""
    home = _home_of(t, appliance_id)
    places = {one.id: one for one in list_places(t)}
    found = [
        replace(level, travel_min=round(travel_min(places[level.place_id].place, home)))
        for level in list_levels(t, sku=sku)
        if level.free > 0
    ]
    return sorted(
        found, key=lambda one: (one.travel_min, places[one.place_id].kind is PlaceKind.VAN, -one.free, one.place_id)
    )


def list_movements(
    t: Transaction, *, sku: str | None, place_id: str | None, cursor: str | None, limit: int
) -> Page[Movement]:
    """One page of the ledger, newest first."""
    query = select(stock_movements)
    for column, value in ((stock_movements.c.sku, sku), (stock_movements.c.place_id, place_id)):
        if value is not None:
            query = query.where(column == value)
    rows, after = select_page(t.connection, query, stock_movements.c.n, cursor=cursor, limit=limit)
    return Page(tuple(_movement(row) for row in rows), after)


def put_part(t: Transaction, part: StockPart) -> bool:
    """Write a part as it is bought; whether anything is new."""
    before = read_part(t, part.sku)
    if before == part:
        return False
    values = {
        "name": dict(part.name) or None,
        "cost": part.cost,
        "currency": part.currency,
        "supplier": part.supplier,
        "lead_days": part.lead_days,
        "substitutes": list(part.substitutes) or None,
    }
    statement = upsert(t.connection, stock_parts).values(sku=part.sku, **values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["sku"], set_=values))
    was = None if before is None else asdict(before)
    now = asdict(part)
    told = {"before": None, "after": now} if was is None else difference(was, now)
    record_audit(t, "stock.part", part.sku, **told)
    return True


def read_part(t: Transaction, sku: str) -> StockPart | None:
    """A part as it is bought; None where nobody has written that down."""
    row = t.connection.execute(select(stock_parts).where(stock_parts.c.sku == sku)).one_or_none()
    return None if row is None else _part(row)


def list_parts(t: Transaction) -> Sequence[StockPart]:
    """Every part that is written down."""
    return [_part(row) for row in t.connection.execute(select(stock_parts).order_by(stock_parts.c.sku))]


def _home_of(t: Transaction, appliance_id: str | None) -> Any:
    present = ownerships.c.appliance_id == appliance_id, ownerships.c.until_ms.is_(None)
    query = select(sites.c.latitude, sites.c.longitude).join(ownerships, ownerships.c.site_id == sites.c.id)
    row = t.connection.execute(query.where(*present)).one_or_none()
    return None if row is None else place_of(row.latitude, row.longitude)


def _place(row: Any) -> StockPlace:
    return StockPlace(
        name=row.name,
        kind=PlaceKind(row.kind),
        technician_id=row.technician_id,
        place=place_of(row.latitude, row.longitude),
        external_id=row.external_id,
        id=row.id,
    )


def _part(row: Any) -> StockPart:
    return StockPart(
        row.sku, row.name or {}, row.cost, row.currency, row.supplier, row.lead_days, tuple(row.substitutes or ())
    )


def _movement(row: Any) -> Movement:
    return Movement(
        id=row.id,
        at=from_ms(row.at_ms),
        place_id=row.place_id,
        sku=row.sku,
        quantity=row.quantity,
        kind=MovementKind(row.kind),
        ticket_id=row.ticket_id,
        serial=row.serial,
        note=row.note,
        recorded_by=row.recorded_by,
    )
