"""The table of what customers tried themselves."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text

from alerts.columns import identity, json_value, metadata, ms, sentence, serial, word

fix_first = Table(
    "fix_first",
    metadata,
    serial(),
    identity("id", unique=True),
    Column("ticket_id", String(64), ForeignKey("tickets.id"), nullable=False, index=True),
    identity("appliance_id", index=True),
    word("kind"),
    word("fault_mode", index=True),
    word("state", index=True),
    Column("told_by", Text, nullable=False),
    ms("told_ms", nullable=False),
    ms("settle_by_ms"),
    ms("decided_ms"),
    ms("relapsed_ms"),
    json_value("proof"),
    sentence("note"),
)
