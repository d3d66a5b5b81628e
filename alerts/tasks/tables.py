"""The table of tasks."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from alerts.columns import identity, metadata, ms, sentence, serial, word

tasks = Table(
    "tasks",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("ticket_id", index=True),
    Column("department", String(64), nullable=False),
    Column("text", Text, nullable=False),
    word("state", index=True),
    Column("asked_by", Text, nullable=False),
    ms("asked_ms", nullable=False),
    ms("due_ms"),
    Column("answered_by", Text),
    ms("answered_ms"),
    sentence("answer"),
    sqlite_autoincrement=True,
)
