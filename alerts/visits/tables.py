"""The tables of visits; the index ``one_standing_visit`` lets a ticket have one visit to come at a time."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, String, Table, Text, text

from alerts.columns import identity, json_value, metadata, ms, number, sentence, serial, word

visits = Table(
    "visits",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("technician_id"),
    identity("site_id", nullable=True),
    identity("customer_id", nullable=True, index=True),
    Column("region", Text, nullable=True),
    Column("time_zone", String(64), nullable=False),
    Column("latitude", Float, nullable=True),
    Column("longitude", Float, nullable=True),
    word("status", index=True),
    ms("starts_ms", nullable=False, index=True),
    ms("ends_ms", nullable=False),
    ms("promised_from_ms"),
    ms("promised_to_ms"),
    number("travel_min"),
    Column("is_locked", Boolean, nullable=False),
    sentence("override_reason"),
    json_value("record"),
    ms("departed_ms"),
    ms("arrived_ms"),
    ms("ended_ms"),
    Column("created_by", Text, nullable=False),
    ms("created_ms", nullable=False),
    number("version", default=1),
    Index("ix_visits_way", "technician_id", "starts_ms"),
    sqlite_autoincrement=True,
)
"""``promised_*`` is what the customer was told; within it a plan may move the start."""

visit_tickets = Table(
    "visit_tickets",
    metadata,
    identity("visit_id", index=True),
    identity("ticket_id", index=True),
    Column("is_standing", Boolean, nullable=False),
    Index(
        "one_standing_visit",
        "ticket_id",
        unique=True,
        sqlite_where=text("is_standing"),
        postgresql_where=text("is_standing"),
    ),
    Index("uq_visit_tickets", "visit_id", "ticket_id", unique=True),
)
