"""The tables of money. Amounts are text with the currency's decimals; nothing here is a float."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, String, Table, Text, text

from alerts.columns import identity, json_value, metadata, ms, number, sentence, serial, word

price_items = Table(
    "price_items",
    metadata,
    serial(),
    Column("external_id", String(200), nullable=False, unique=True),
    word("code", index=True),
    Column("region", String(200), nullable=True),
    Column("amount", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("valid_to", String(10), nullable=True),
    word("tax", nullable=True),
    sqlite_autoincrement=True,
)

tax_rates = Table(
    "tax_rates",
    metadata,
    serial(),
    Column("external_id", String(200), nullable=False, unique=True),
    word("tax"),
    Column("region", String(200), nullable=True),
    Column("percent", String(16), nullable=False),
    Column("is_included", Boolean, nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("valid_to", String(10), nullable=True),
    sqlite_autoincrement=True,
)

quotes = Table(
    "quotes",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("ticket_id", index=True),
    word("status"),
    json_value("lines"),
    Column("currency", String(3), nullable=False),
    Column("total", String(32), nullable=False),
    Column("to_pay", String(32), nullable=False),
    word("payer"),
    word("reason"),
    ms("offered_ms", nullable=False),
    Column("offered_by", Text, nullable=False),
    ms("valid_until_ms", nullable=False),
    ms("answered_ms"),
    Column("answered_by", Text, nullable=True),
    sentence("note"),
    Index(
        "one_standing_quote",
        "ticket_id",
        unique=True,
        sqlite_where=text("status IN ('offered', 'approved')"),
        postgresql_where=text("status IN ('offered', 'approved')"),
    ),
    sqlite_autoincrement=True,
)

receipts = Table(
    "receipts",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("ticket_id", index=True),
    identity("quote_id", nullable=True),
    json_value("lines"),
    Column("currency", String(3), nullable=False),
    Column("total", String(32), nullable=False),
    Column("to_pay", String(32), nullable=False),
    word("payer"),
    word("reason"),
    ms("at_ms", nullable=False, index=True),
    Column("recorded_by", Text, nullable=False),
    number("episode", default=1),
    Index("uq_receipts", "ticket_id", "episode", unique=True),
    sqlite_autoincrement=True,
)
"""What was charged at the end of an episode of a ticket; one, held by the database."""

invoices = Table(
    "invoices",
    metadata,
    serial(),
    Column("external_id", String(200), nullable=False, unique=True),
    ms("at_ms", nullable=False),
    Column("number", String(200), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", String(32), nullable=False),
    Column("tax", String(32), nullable=True),
    identity("receipt_id", nullable=True, index=True),
    word("payer"),
    identity("provider_id", nullable=True, index=True),
    Column("issued_on", String(10), nullable=False),
    *(Column(name, String(10), nullable=True) for name in ("start_on", "end_on", "due_on", "paid_on")),
    sqlite_autoincrement=True,
)
"""Invoices of other systems, as they were handed in."""
