"""The table of saved views."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text, UniqueConstraint

from alerts.columns import identity, metadata, ms, serial, word

saved_views = Table(
    "saved_views",
    metadata,
    serial(),
    identity("id", unique=True),
    Column("owner", Text, nullable=False),
    Column("name", String(60), nullable=False),
    Column("address", Text, nullable=False),
    word("shared_with", nullable=True),
    ms("changed_ms", nullable=False),
    UniqueConstraint("owner", "name", name="one_view_of_a_name"),
    sqlite_autoincrement=True,
)
