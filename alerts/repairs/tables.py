"""The tables of repairs: one row per episode that was closed as done, held by the database, and the parts put in."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, String, Table, Text, UniqueConstraint

from alerts.columns import identity, json_value, metadata, ms, number, sentence, serial, word

repairs = Table(
    "repairs",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("ticket_id"),
    number("episode", default=1),
    identity("appliance_id", index=True),
    word("kind"),
    Column("model", Text),
    word("fault_mode"),
    word("state", index=True),
    ms("closed_ms", nullable=False, index=True),
    ms("until_ms", nullable=False),
    ms("decided_ms"),
    json_value("proof"),
    identity("technician_id", nullable=True),
    identity("provider_id", nullable=True),
    Column("is_call_owed", Boolean, nullable=False),
    ms("called_ms"),
    Column("called_by", Text),
    word("call_answer", nullable=True),
    sentence("call_note"),
    UniqueConstraint("ticket_id", "episode", name="once_per_ticket_and_repair"),
    sqlite_autoincrement=True,
)

repair_parts = Table(
    "repair_parts",
    metadata,
    identity("repair_id"),
    Column("sku", String(64), nullable=False, index=True),
    Index("uq_repair_parts", "repair_id", "sku", unique=True),
)
