"""The table of how fault modes of models stand."""

from __future__ import annotations

from sqlalchemy import Column, Float, String, Table, UniqueConstraint

from alerts.columns import metadata, ms, number, serial, word

mode_standings = Table(
    "mode_standings",
    metadata,
    serial(),
    word("kind"),
    Column("model", String(200), nullable=False, default="", server_default=""),
    word("fault_mode"),
    word("state"),
    ms("since_ms"),
    number("visits"),
    number("in_vain"),
    Column("low", Float, nullable=False),
    Column("high", Float, nullable=False),
    number("remote_tried"),
    number("remote_solved"),
    UniqueConstraint("kind", "model", "fault_mode", name="once_per_mode"),
)
