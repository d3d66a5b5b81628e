"""The table of the audit."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from alerts.columns import identity, json_value, metadata, ms, serial, word

audit = Table(
    "audit",
    metadata,
    serial(),
    ms("at_ms", nullable=False),
    Column("actor", Text, nullable=False),
    word("action"),
    identity("subject_id"),
    json_value("data"),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    sqlite_autoincrement=True,
)
