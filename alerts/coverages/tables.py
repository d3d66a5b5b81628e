"""The table of coverages."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table

from alerts.columns import identity, metadata, serial, word

coverages = Table(
    "coverages",
    metadata,
    serial(),
    Column("external_id", String(200), nullable=False, unique=True),
    word("basis"),
    word("kind", nullable=True),
    word("component", nullable=True),
    identity("appliance_id", nullable=True, index=True),
    Column("months", Integer, nullable=True),
    Column("valid_from", String(10), nullable=False),
    Column("valid_to", String(10), nullable=True),
    Column("covers_parts", Boolean, nullable=False),
    Column("covers_labour", Boolean, nullable=False),
    Column("plan", String(200), nullable=True),
    sqlite_autoincrement=True,
)
"""Who pays until when: recalls, warranties by law and by the maker, contracts. What is law somewhere is a row here."""
