"""The table of requests that carry a key, and of what was answered."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text, UniqueConstraint

from alerts.columns import json_value, metadata, ms, serial

repeats = Table(
    "repeats",
    metadata,
    serial(),
    Column("account", Text, nullable=False),
    Column("key", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    ms("begun_ms", nullable=False, index=True),
    Column("status", Integer),
    json_value("headers"),
    Column("body", Text),
    UniqueConstraint("account", "key", name="once_per_account_and_key"),
)
