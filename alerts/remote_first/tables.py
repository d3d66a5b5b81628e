"""The table of the stage *remote first*: one row for each episode of a ticket that has something to try from afar."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text, UniqueConstraint

from alerts.columns import json_value, metadata, ms, number, sentence, serial, word

remote_first = Table(
    "remote_first",
    metadata,
    serial(),
    Column("ticket_id", String(64), ForeignKey("tickets.id"), nullable=False),
    number("episode", default=1),
    ms("begun_ms", nullable=False),
    ms("due_ms", nullable=False),
    ms("late_ms"),
    ms("ended_ms", index=True),
    word("exit", nullable=True),
    Column("ended_by", Text),
    sentence("note"),
    json_value("kit"),
    ms("relapsed_ms"),
    UniqueConstraint("ticket_id", "episode", name="once_per_stage_and_episode"),
)
