"""The ledger of parts: every change of a level is a line, and no level goes below zero, whoever is quicker.

A level changes by one UPDATE that says what must hold; the table's own constraint holds it once more. What is reserved can't
be taken by others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from alerts.audit.chain import record_audit
from alerts.database import Transaction, upsert
from alerts.errors import ConflictError, InvalidError, UnknownError
from alerts.stock.stock import BY_HAND, MovementKind, NewStockPlace, PlaceKind, check_quantity
from alerts.stock.tables import stock_levels, stock_movements, stock_places
from alerts.words import check_words


@dataclass(frozen=True, slots=True)
class NewMovement:
    """A line to write: ``quantity`` above zero; the kind says whether it adds or takes."""

    place_id: str
    sku: str
    quantity: int
    kind: MovementKind
    ticket_id: str | None = None
    serial: str | None = None
    note: str | None = None
    external_id: str | None = None
    """Another system's id: the same line twice is written once."""


def add_place(t: Transaction, new: NewStockPlace) -> str:
    """Enter a depot or a van and return its id."""
    for column, value in (("external_id", new.external_id), ("technician_id", new.technician_id)):
        taken = select(stock_places.c.id).where(stock_places.c[column] == value)
        if value is not None and t.connection.execute(taken).first() is not None:
            raise ConflictError(f"There is a place of stock with the {column} {value!r} already.")
    place_id = t.new_id("sp")
    at = {"latitude": new.place and new.place.latitude, "longitude": new.place and new.place.longitude}
    values = {"id": place_id, "name": new.name.strip(), "kind": new.kind.value, "technician_id": new.technician_id}
    t.connection.execute(insert(stock_places).values(**values, **at, external_id=new.external_id, created_ms=t.now_ms))
    record_audit(t, "stock.place", place_id, before=None, after={"name": new.name, "kind": new.kind.value})
    return place_id


def write_down(t: Transaction, new: NewMovement) -> str:
    """A movement that somebody writes down; returns its id. One that is known by its external id is not written twice."""
    if new.kind not in BY_HAND:
        raise InvalidError(f"kind: {new.kind} is not written down by hand; there are: {', '.join(BY_HAND)}.")
    check_quantity(new.quantity)
    known = select(stock_movements.c.id).where(stock_movements.c.external_id == new.external_id)
    standing = t.connection.execute(known).scalar_one_or_none() if new.external_id else None
    return standing or move(t, new, BY_HAND[new.kind] * new.quantity)


def transfer(t: Transaction, place_id: str, to_place_id: str, sku: str, quantity: int, note: str | None) -> None:
    """Bring parts from one place to another: both lines, or none."""
    check_quantity(quantity)
    if place_id == to_place_id:
        raise InvalidError("A transfer goes to another place.")
    move(t, NewMovement(place_id, sku, quantity, MovementKind.SENT, note=note), -quantity)
    move(t, NewMovement(to_place_id, sku, quantity, MovementKind.ARRIVED, note=note), quantity)


def count(t: Transaction, place_id: str, sku: str, counted: int) -> int:
    """Write down what was counted; returns by how much the book was wrong. What is reserved must be there."""
    if not 0 <= counted <= 1_000_000:
        raise InvalidError("counted is 0 to 1000000.")
    wrong = counted - level_of(t, place_id, sku)[0]
    if wrong:
        move(t, NewMovement(place_id, sku, abs(wrong), MovementKind.COUNTED), wrong)
    return wrong


def move(t: Transaction, new: NewMovement, change: int, *, of_reserved: int = 0) -> str:
    """Change a level by a line of the ledger; ``of_reserved`` of what goes was reserved. The line's id."""
    check_words("sku", new.sku, longest=64, is_needed=True)
    check_words("note", new.note, longest=1000)
    place = t.connection.execute(select(stock_places).where(stock_places.c.id == new.place_id)).one_or_none()
    if place is None:
        raise UnknownError(f"There is no place of stock {new.place_id!r}.")
    change_level(t, new.place_id, new.sku, on_hand=change, reserved=-of_reserved, name=place.name)
    movement_id = t.new_id("mv")
    told = {"ticket_id": new.ticket_id, "serial": new.serial, "note": new.note, "external_id": new.external_id}
    line = {"id": movement_id, "place_id": new.place_id, "sku": new.sku, "quantity": change, "kind": new.kind.value}
    t.connection.execute(insert(stock_movements).values(**line, **told, at_ms=t.now_ms, recorded_by=t.who))
    return movement_id


def change_level(t: Transaction, place_id: str, sku: str, *, on_hand: int, reserved: int, name: str = "it") -> None:
    """Add to both numbers of a level; :class:`ConflictError` where less would be there than is reserved."""
    key = {"place_id": place_id, "sku": sku}
    t.connection.execute(
        upsert(t.connection, stock_levels).values(**key, on_hand=0, reserved=0).on_conflict_do_nothing()
    )
    level = stock_levels.c
    after = {"on_hand": level.on_hand + on_hand, "reserved": level.reserved + reserved}
    holds = (after["reserved"] >= 0) & (after["on_hand"] >= after["reserved"])
    one = (level.place_id == place_id) & (level.sku == sku)
    done = t.connection.execute(update(stock_levels).where(one, holds).values(**after))
    if done.rowcount != 1:
        there, kept = level_of(t, place_id, sku)
        raise ConflictError(
            f"{name} has {there} of {sku}, {kept} of them reserved: {abs(on_hand) or reserved} are not free."
        )


def level_of(t: Transaction, place_id: str, sku: str) -> tuple[int, int]:
    """How many lie at a place, and how many of them are reserved."""
    query = select(stock_levels).where(stock_levels.c.place_id == place_id, stock_levels.c.sku == sku)
    row: Any = t.connection.execute(query).one_or_none()
    return (0, 0) if row is None else (row.on_hand, row.reserved)


def van_of(t: Transaction, technician_id: str) -> str | None:
    """The van of a technician."""
    query = select(stock_places.c.id).where(
        stock_places.c.technician_id == technician_id, stock_places.c.kind == PlaceKind.VAN.value
    )
    return t.connection.execute(query).scalar_one_or_none()
