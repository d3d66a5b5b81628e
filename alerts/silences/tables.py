"""The table of silences."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table, Text

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
    Column("from_ms", BigInteger, nullable=False, default=0, server_default="0"),
    ms("until_ms", nullable=False),
    Column("week", String(500)),
    Column("time_zone", String(64)),
    ms("told_ms"),
    sentence("reason"),
    Column("created_by", Text, nullable=False),
    ms("created_ms", nullable=False),
)
