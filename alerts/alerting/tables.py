"""The tables of alerts.

Two indexes carry promises: ``one_standing_alert`` (one alert not resolved per appliance and fault mode, of a fault of the data
per sensor as well) and ``once_per_episode`` (the same finding twice is one finding). ``metric`` is empty for what is no single sensor's.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, String, Table, Text, UniqueConstraint, text

from alerts.columns import identity, json_value, metadata, ms, serial, word

alerts = Table(
    "alerts",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("appliance_id", index=True),
    word("kind"),
    word("fault_mode"),
    Column("metric", String(64), nullable=False, server_default=""),
    word("component"),
    word("channel"),
    word("state", index=True),
    Column("decision", String(64), nullable=False, server_default="hold"),
    word("reason"),
    Column("severity", Float, nullable=False),
    Column("probability", Float, nullable=False),
    Column("score", Float, nullable=False),
    ms("onset_ms", nullable=False),
    ms("raised_ms", nullable=False),
    ms("created_ms", nullable=False),
    ms("fired_ms"),
    ms("resolved_ms"),
    json_value("evidence"),
    json_value("alternatives"),
    json_value("failure_window"),
    Column("error_code", Text),
    identity("ticket_id", nullable=True, index=True),
    json_value("history"),
    Index(
        "one_standing_alert",
        "appliance_id",
        "fault_mode",
        "metric",
        unique=True,
        sqlite_where=text("state != 'resolved'"),
        postgresql_where=text("state != 'resolved'"),
    ),
    sqlite_autoincrement=True,
)

episodes = Table(
    "episodes",
    metadata,
    serial(),
    identity("appliance_id"),
    word("fault_mode"),
    Column("metric", String(64), nullable=False, server_default=""),
    ms("raised_ms", nullable=False),
    ms("cleared_ms"),
    identity("alert_id", index=True),
    UniqueConstraint("appliance_id", "fault_mode", "metric", "raised_ms", name="once_per_episode"),
)
