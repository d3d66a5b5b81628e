"""The tables of what others are told: change events for who watches, notices and their deliveries for who must know."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, UniqueConstraint

from alerts.columns import Big, identity, json_value, metadata, ms, number, sentence, serial, word

changes = Table(
    "changes",
    metadata,
    serial("id"),
    ms("at_ms", nullable=False),
    word("event"),
    identity("subject_id"),
    json_value("data"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    serial(),
    identity("id", unique=True),
    ms("at_ms", nullable=False),
    word("type"),
    identity("subject_id"),
    json_value("data"),
    Column("dedupe_key", String(200), unique=True, nullable=False),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    serial(),
    Column("notice_n", Big, ForeignKey("outbox.n", ondelete="CASCADE"), nullable=False),
    Column("target", String(200), nullable=False),
    word("state"),
    number("attempts"),
    ms("due_ms", nullable=False),
    ms("tried_ms"),
    ms("give_up_ms", nullable=False),
    ms("delivered_ms"),
    sentence("last_error"),
    Column("rule", String(200)),
    UniqueConstraint("notice_n", "target", name="once_per_target"),
    Index("ix_deliveries_due", "state", "due_ms"),
)

receivers = Table(
    "receivers",
    metadata,
    Column("name", String(200), primary_key=True),
    ms("begun_ms", nullable=False),
    number("misses"),
    ms("waits_from_ms"),
    ms("waits_until_ms"),
    ms("off_ms"),
    sentence("said"),
)
