"""The tables of people who go to homes."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, String, Table, Text, text

from alerts.columns import identity, json_value, metadata, ms, number, sentence, serial, word

technicians = Table(
    "technicians",
    metadata,
    serial(),
    identity("id", unique=True),
    Column("external_id", String(200), nullable=True, unique=True),
    Column("account", String(200), nullable=True, unique=True),
    identity("provider_id", nullable=True, index=True),
    Column("name", Text, nullable=False),
    Column("latitude", Float, nullable=True),
    Column("longitude", Float, nullable=True),
    json_value("areas"),
    json_value("skills"),
    json_value("licences"),
    json_value("shifts"),
    Column("time_zone", String(64), nullable=False),
    number("visits_per_day", default=8),
    Column("is_active", Boolean, nullable=False),
    ms("created_ms", nullable=False),
    number("version", default=1),
    sqlite_autoincrement=True,
)

absences = Table(
    "absences",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("technician_id", index=True),
    ms("from_ms", nullable=False),
    ms("until_ms", nullable=False, index=True),
    word("reason"),
    sentence("note"),
    Column("recorded_by", Text, nullable=False),
    ms("at_ms", nullable=False),
    sqlite_autoincrement=True,
)
"""When a technician is not there, though the shifts say so."""

preferences = Table(
    "technician_preferences",
    metadata,
    identity("customer_id"),
    identity("technician_id"),
    word("wish"),
    sentence("note"),
    Column("recorded_by", Text, nullable=False),
    ms("at_ms", nullable=False),
    Index("uq_technician_preferences", "customer_id", "technician_id", unique=True),
)
"""Whom a customer wants at the door, and whom not."""

providers = Table(
    "providers",
    metadata,
    serial(),
    identity("id", unique=True),
    Column("external_id", String(200), nullable=True, unique=True),
    Column("account", String(200), nullable=True, unique=True),
    Column("name", Text, nullable=False),
    json_value("areas"),
    json_value("skills"),
    Column("currency", String(3), nullable=False),
    json_value("fees"),
    number("answer_within_h", default=24),
    Column("is_active", Boolean, nullable=False),
    ms("created_ms", nullable=False),
    number("version", default=1),
    sqlite_autoincrement=True,
)

offers = Table(
    "provider_offers",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("ticket_id", index=True),
    identity("provider_id", index=True),
    word("status"),
    ms("offered_ms", nullable=False),
    Column("offered_by", Text, nullable=False),
    ms("answer_by_ms", nullable=False),
    ms("answered_ms"),
    sentence("note"),
    Index(
        "one_standing_offer",
        "ticket_id",
        unique=True,
        sqlite_where=text("status IN ('offered', 'accepted')"),
        postgresql_where=text("status IN ('offered', 'accepted')"),
    ),
    sqlite_autoincrement=True,
)
"""Tickets that providers were asked to take; one standing offer per ticket, held by the database."""
