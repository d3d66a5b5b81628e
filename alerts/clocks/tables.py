"""The table of what was told of a ticket's clocks: each thing once."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table, UniqueConstraint

from alerts.columns import metadata, ms, number, serial, word

clock_tellings = Table(
    "clock_tellings",
    metadata,
    serial(),
    Column("ticket_id", String(64), ForeignKey("tickets.id"), nullable=False),
    number("episode", default=1),
    word("clock"),
    word("what"),
    Column("since_ms", BigInteger, nullable=False, default=0, server_default="0"),
    ms("due_ms", nullable=False),
    ms("told_ms", nullable=False),
    UniqueConstraint("ticket_id", "episode", "clock", "what", "since_ms", name="once_per_clock"),
)
