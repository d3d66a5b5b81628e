"""The table of silences."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from alerts.columns import identity, metadata, ms, sentence, serial, word

silences = Table(
    "silences",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("appliance_id", nullable=True),
    word("fault_mode", nullable=True),
    Column("region", Text),
    Column("model", Text),
    ms("until_ms", nullable=False),
    sentence("reason"),
    Column("created_by", Text, nullable=False),
    ms("created_ms", nullable=False),
)
