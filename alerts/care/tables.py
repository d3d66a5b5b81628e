"""The tables of care: use day by day, how far it was counted, what was advised, and what was renewed when."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, Table, Text

from alerts.columns import identity, json_value, metadata, ms, serial, word

use_days = Table(
    "use_days",
    metadata,
    identity("appliance_id"),
    Column("day", Integer, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("value", Float, nullable=False),
    Index("uq_use_days", "appliance_id", "name", "day", unique=True),
)
"""``day`` counts days (UTC) since 1970."""

use_counted = Table(
    "use_counted",
    metadata,
    identity("appliance_id", unique=True),
    Column("first_day", Integer, nullable=False),
    Column("day", Integer, nullable=False, index=True),
)
"""Since when use was counted, and up to which day."""

advices = Table(
    "advices",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("appliance_id", index=True),
    identity("customer_id"),
    word("kind"),
    word("name"),
    word("state", index=True),
    ms("given_ms", nullable=False),
    Column("before", Float, nullable=False),
    Column("told_by", Text),
    ms("told_ms"),
    ms("settle_ms", nullable=False, index=True),
    ms("measured_ms"),
    Column("after", Float),
    json_value("change"),
    sqlite_autoincrement=True,
)

consumables = Table(
    "consumables",
    metadata,
    identity("appliance_id"),
    word("name"),
    Column("since_day", Integer, nullable=False),
    ms("at_ms", nullable=False),
    Column("renewed_by", Text, nullable=False),
    Index("uq_consumables", "appliance_id", "name", unique=True),
)
"""When each was renewed last."""
