"""The tables of stock. The ledger only grows; a level is what it adds up to, and the database lets none go below zero."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Float, Index, Integer, String, Table, Text, text

from alerts.columns import identity, json_value, metadata, ms, number, sentence, serial, word

stock_places = Table(
    "stock_places",
    metadata,
    serial(),
    identity("id", unique=True),
    Column("external_id", String(200), nullable=True, unique=True),
    Column("name", Text, nullable=False),
    word("kind"),
    identity("technician_id", nullable=True, unique=True),
    Column("latitude", Float, nullable=True),
    Column("longitude", Float, nullable=True),
    ms("created_ms", nullable=False),
    sqlite_autoincrement=True,
)
"""Depots, and the vans of technicians."""

stock_parts = Table(
    "stock_parts",
    metadata,
    serial(),
    Column("sku", String(64), nullable=False, unique=True),
    json_value("name"),
    Column("cost", String(32), nullable=True),
    Column("currency", String(3), nullable=True),
    Column("supplier", String(200), nullable=True),
    number("lead_days", default=7),
    json_value("substitutes"),
    number("version", default=1),
    sqlite_autoincrement=True,
)

stock_levels = Table(
    "stock_levels",
    metadata,
    identity("place_id"),
    Column("sku", String(64), nullable=False, index=True),
    number("on_hand"),
    number("reserved"),
    Index("uq_stock_levels", "place_id", "sku", unique=True),
    CheckConstraint("reserved >= 0 AND on_hand >= reserved", name="never_below_zero"),
)

stock_movements = Table(
    "stock_movements",
    metadata,
    serial(),
    identity("id", unique=True),
    ms("at_ms", nullable=False, index=True),
    identity("place_id"),
    Column("sku", String(64), nullable=False, index=True),
    Column("quantity", Integer, nullable=False),
    word("kind"),
    identity("ticket_id", nullable=True, index=True),
    Column("serial", String(200), nullable=True),
    sentence("note"),
    Column("recorded_by", Text, nullable=False),
    Column("external_id", String(200), nullable=True, unique=True),
    sqlite_autoincrement=True,
)

stock_reservations = Table(
    "stock_reservations",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("ticket_id", index=True),
    Column("sku", String(64), nullable=False),
    identity("place_id"),
    number("quantity", default=1),
    Column("probability", Float, nullable=True),
    Column("is_by_hand", Boolean, nullable=False),
    word("status"),
    ms("at_ms", nullable=False),
    ms("ended_ms"),
    Index(
        "one_standing_reservation",
        "ticket_id",
        "sku",
        unique=True,
        sqlite_where=text("status = 'reserved'"),
        postgresql_where=text("status = 'reserved'"),
    ),
    sqlite_autoincrement=True,
)

stock_followed = Table(
    "stock_followed",
    metadata,
    Column("ticket_id", String(64), primary_key=True),
    number("version"),
)
"""Up to which version of a ticket its reservations follow the diagnosis."""

stock_orders = Table(
    "stock_orders",
    metadata,
    serial(),
    identity("id", unique=True),
    Column("sku", String(64), nullable=False, index=True),
    identity("place_id"),
    number("quantity"),
    Column("supplier", String(200), nullable=True),
    word("status"),
    ms("ordered_ms", nullable=False),
    Column("ordered_by", Text, nullable=False),
    ms("due_ms", nullable=False),
    ms("ended_ms"),
    sqlite_autoincrement=True,
)
"""What was ordered from suppliers, and when it came."""
