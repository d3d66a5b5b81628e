"""The tables of remote diagnosis: sessions, their procedures, commands and transcript."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, LargeBinary, String, Table, Text, UniqueConstraint

from alerts.columns import identity, json_value, metadata, ms, number, sentence, serial, word

sessions = Table(
    "sessions",
    metadata,
    serial(),
    identity("id", unique=True),
    Column("ticket_id", String(64), ForeignKey("tickets.id"), nullable=False, index=True),
    identity("appliance_id", index=True),
    word("kind"),
    word("scope"),
    word("state", index=True),
    Column("requested_by", Text, nullable=False),
    ms("requested_ms", nullable=False),
    Column("code_salt", LargeBinary, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    ms("code_until_ms", nullable=False),
    number("tries_left", default=5),
    ms("granted_ms"),
    ms("ends_by_ms"),
    ms("active_ms"),
    ms("busy_until_ms"),
    ms("ended_ms"),
    sentence("end_reason"),
    json_value("facts"),
    sqlite_autoincrement=True,
)

procedures = Table(
    "procedures",
    metadata,
    serial(),
    identity("id", unique=True),
    Column("session_id", String(64), ForeignKey("sessions.id"), nullable=False, index=True),
    Column("ticket_id", String(64), ForeignKey("tickets.id"), nullable=False, index=True),
    word("kind", index=True),
    word("test"),
    word("state", index=True),
    Column("started_by", Text, nullable=False),
    ms("started_ms", nullable=False),
    ms("ended_ms"),
    sentence("reason"),
    Column("measured", Float),
    word("verdict", nullable=True),
    Column("likelihood_ratio", Float),
    json_value("before"),
    json_value("after"),
    sqlite_autoincrement=True,
)

commands = Table(
    "commands",
    metadata,
    serial(),
    identity("id", unique=True),
    Column("session_id", String(64), ForeignKey("sessions.id"), nullable=False, index=True),
    identity("appliance_id"),
    word("kind"),
    word("name"),
    word("danger_class"),
    json_value("args"),
    word("state", index=True),
    Column("issued_by", Text, nullable=False),
    ms("issued_ms", nullable=False),
    ms("not_after_ms", nullable=False),
    ms("answer_by_ms"),
    ms("sent_ms"),
    ms("answered_ms"),
    sentence("reason"),
    json_value("data"),
    Column("idempotency_key", Text),
    identity("procedure_id", nullable=True, index=True),
    sentence("note"),
    Column("approved_by", Text),
    ms("approved_ms"),
    word("effect", nullable=True),
    json_value("effect_data"),
    UniqueConstraint("session_id", "idempotency_key", name="once_per_key"),
    sqlite_autoincrement=True,
)

transcript = Table(
    "transcript",
    metadata,
    serial(),
    Column("session_id", String(64), ForeignKey("sessions.id"), nullable=False, index=True),
    ms("at_ms", nullable=False),
    Column("actor", Text, nullable=False),
    word("event"),
    identity("command_id", nullable=True),
    json_value("data"),
)
