"""The tables of incidents; the index ``one_open_incident`` lets one cause have one incident at a time."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, String, Table, Text, UniqueConstraint, text

from alerts.columns import identity, json_value, metadata, ms, number, serial, word

incidents = Table(
    "incidents",
    metadata,
    serial("number"),
    identity("id", unique=True),
    word("kind"),
    Column("scope", Text, nullable=False),
    word("state", index=True),
    ms("since_ms", nullable=False),
    ms("opened_ms", nullable=False),
    ms("seen_ms", nullable=False),
    ms("closed_ms"),
    number("affected"),
    number("peak"),
    number("exposed"),
    Column("low", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("elsewhere", Float),
    identity("fleet_key", nullable=True, index=True),
    json_value("said"),
    Index(
        "one_open_incident",
        "kind",
        "scope",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    sqlite_autoincrement=True,
)

incident_members = Table(
    "incident_members",
    metadata,
    serial(),
    Column("incident_id", String(64), ForeignKey("incidents.id"), nullable=False),
    identity("appliance_id", index=True),
    identity("alert_id", nullable=True),
    ms("joined_ms", nullable=False),
    UniqueConstraint("incident_id", "appliance_id", name="once_per_incident"),
)
