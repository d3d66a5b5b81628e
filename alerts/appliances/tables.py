"""The tables of appliances: the directory, what happened to each, and when the service listened."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, Table, Text, text

from alerts.columns import identity, json_value, metadata, ms, sentence, serial, word

appliances = Table(
    "appliances",
    metadata,
    serial(),
    identity("id", unique=True),
    word("kind"),
    Column("model", Text),
    Column("serial", Text),
    Column("firmware", Text),
    Column("region", Text),
    Column("home", Text),
    Column("batch", Text),
    json_value("capabilities"),
    word("status", nullable=True),
    ms("status_ms"),
    ms("status_until_ms"),
    ms("last_seen_ms"),
    Column("interval_s", Float),
    ms("registered_ms", nullable=False),
    word("condition", nullable=True),
    sentence("condition_reason"),
    json_value("condition_because"),
    ms("condition_ms"),
    json_value("health"),
    Column("failing_30d", Float),
    sentence("search"),
    Column("retired", Boolean, nullable=False, default=False, server_default=text("false")),
    ms("retired_ms"),
    Index("ix_appliances_failing_30d", "failing_30d", "n"),
    sqlite_autoincrement=True,
)

appliance_history = Table(
    "appliance_history",
    metadata,
    serial(),
    identity("appliance_id"),
    ms("at_ms", nullable=False),
    word("type"),
    Column("code", Text),
    json_value("data"),
    Index("ix_appliance_history_newest", "appliance_id", "n"),
)

listening = Table(
    "listening",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    ms("until_ms", nullable=False),
    ms("away_from_ms", nullable=False),
    ms("away_until_ms", nullable=False),
)
"""One row: when the service last heard the broker, and its last absence."""
