"""The tables as revision 0001 creates them: a frozen copy of what they were then, never to be edited after a release."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    },
)

Big = BigInteger().with_variant(Integer, "sqlite")
"""64-bit on both; SQLite counts up only in a column called INTEGER."""


def _serial(name: str = "n") -> Column[int]:
    return Column(name, Big, primary_key=True, autoincrement=True)


def _id(name: str, *, unique: bool = False, index: bool = False, nullable: bool = False) -> Column[str]:
    return Column(name, String(64), unique=unique, index=index, nullable=nullable)


def _ms(name: str, *, nullable: bool = True, index: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable, index=index)


def _word(name: str, *, nullable: bool = False, index: bool = False) -> Column[str]:
    return Column(name, String(64), nullable=nullable, index=index)


def _sentence(name: str) -> Column[str]:
    return Column(name, Text, nullable=True)


def _json(name: str) -> Column[object]:
    return Column(name, JSON(none_as_null=True), nullable=True)


def _count(name: str, *, default: int = 0) -> Column[int]:
    return Column(name, Integer, nullable=False, default=default, server_default=str(default))


appliances = Table(
    "appliances",
    metadata,
    _serial(),
    _id("id", unique=True),
    _word("kind"),
    Column("model", Text),
    Column("serial", Text),
    Column("firmware", Text),
    Column("region", Text),
    _json("capabilities"),
    _word("status", nullable=True),
    _ms("status_ms"),
    _ms("status_until_ms"),
    _ms("last_seen_ms"),
    Column("interval_s", Float),
    _ms("registered_ms", nullable=False),
    _word("condition", nullable=True),
    _sentence("condition_reason"),
    _ms("condition_ms"),
    _json("health"),
    Column("retired", Boolean, nullable=False, default=False, server_default=text("false")),
    sqlite_autoincrement=True,
)

appliance_history = Table(
    "appliance_history",
    metadata,
    _serial(),
    _id("appliance_id"),
    _ms("at_ms", nullable=False),
    _word("type"),
    Column("code", Text),
    _json("data"),
    Index("ix_appliance_history_newest", "appliance_id", "n"),
)

alerts = Table(
    "alerts",
    metadata,
    _serial(),
    _id("id", unique=True),
    _id("appliance_id", index=True),
    _word("kind"),
    _word("fault_mode"),
    _word("component"),
    _word("channel"),
    _word("state", index=True),
    _word("reason"),
    Column("severity", Float, nullable=False),
    Column("probability", Float, nullable=False),
    Column("score", Float, nullable=False),
    _ms("onset_ms", nullable=False),
    _ms("raised_ms", nullable=False),
    _ms("created_ms", nullable=False),
    _ms("fired_ms"),
    _ms("resolved_ms"),
    _json("evidence"),
    _json("alternatives"),
    _json("failure_window"),
    Column("error_code", Text),
    _id("ticket_id", nullable=True, index=True),
    _json("history"),
    Index(
        "one_standing_alert",
        "appliance_id",
        "fault_mode",
        unique=True,
        sqlite_where=text("state != 'resolved'"),
        postgresql_where=text("state != 'resolved'"),
    ),
    sqlite_autoincrement=True,
)

episodes = Table(
    "episodes",
    metadata,
    _serial(),
    _id("appliance_id"),
    _word("fault_mode"),
    _ms("raised_ms", nullable=False),
    _ms("cleared_ms"),
    _id("alert_id", index=True),
    UniqueConstraint("appliance_id", "fault_mode", "raised_ms", name="once_per_episode"),
)

tickets = Table(
    "tickets",
    metadata,
    _serial("number"),
    _id("id", unique=True),
    _id("appliance_id", index=True),
    _word("kind"),
    _word("component", nullable=True),
    _word("fault_mode", nullable=True),
    Column("title", Text, nullable=False),
    _json("summary"),
    _sentence("description"),
    _word("status", index=True),
    _word("before_hold", nullable=True),
    _count("priority", default=3),
    Column("severity", Float),
    _word("source"),
    _word("channel", nullable=True),
    _ms("opened_ms", nullable=False),
    _ms("onset_ms"),
    Column("probability", Float),
    _json("failure_window"),
    _json("evidence"),
    _json("alternatives"),
    _json("recommended"),
    _ms("respond_by_ms", nullable=False),
    _ms("resolve_by_ms", nullable=False),
    _sentence("paused_reason"),
    _ms("paused_ms"),
    _ms("responded_ms"),
    _ms("closed_ms"),
    Column("assignee", Text),
    _ms("visit_from_ms"),
    _ms("visit_to_ms"),
    _word("verdict", nullable=True),
    _word("verdict_fault_mode", nullable=True),
    _sentence("verdict_note"),
    _id("alert_id", nullable=True, index=True),
    _count("version", default=1),
    Index(
        "one_open_ticket",
        "appliance_id",
        "fault_mode",
        unique=True,
        sqlite_where=text("status NOT IN ('closed', 'cancelled')"),
        postgresql_where=text("status NOT IN ('closed', 'cancelled')"),
    ),
    sqlite_autoincrement=True,
)

ticket_history = Table(
    "ticket_history",
    metadata,
    _serial(),
    Column("ticket_id", String(64), ForeignKey("tickets.id"), nullable=False, index=True),
    _ms("at_ms", nullable=False),
    Column("actor", Text, nullable=False),
    _word("event"),
    _word("from_status", nullable=True),
    _word("to_status", nullable=True),
    _sentence("note"),
    _json("data"),
)

sessions = Table(
    "sessions",
    metadata,
    _serial(),
    _id("id", unique=True),
    Column("ticket_id", String(64), ForeignKey("tickets.id"), nullable=False, index=True),
    _id("appliance_id", index=True),
    _word("kind"),
    _word("scope"),
    _word("state", index=True),
    Column("requested_by", Text, nullable=False),
    _ms("requested_ms", nullable=False),
    Column("code_salt", LargeBinary, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    _ms("code_until_ms", nullable=False),
    _count("tries_left", default=5),
    _ms("granted_ms"),
    _ms("ends_by_ms"),
    _ms("active_ms"),
    _ms("ended_ms"),
    _sentence("end_reason"),
    sqlite_autoincrement=True,
)

commands = Table(
    "commands",
    metadata,
    _serial(),
    _id("id", unique=True),
    Column("session_id", String(64), ForeignKey("sessions.id"), nullable=False, index=True),
    _id("appliance_id"),
    _word("kind"),
    _word("name"),
    _word("danger_class"),
    _json("args"),
    _word("state", index=True),
    Column("issued_by", Text, nullable=False),
    _ms("issued_ms", nullable=False),
    _ms("not_after_ms", nullable=False),
    _ms("sent_ms"),
    _ms("answered_ms"),
    _sentence("reason"),
    _json("data"),
    Column("idempotency_key", Text),
    UniqueConstraint("session_id", "idempotency_key", name="once_per_key"),
    sqlite_autoincrement=True,
)

transcript = Table(
    "transcript",
    metadata,
    _serial(),
    Column("session_id", String(64), ForeignKey("sessions.id"), nullable=False, index=True),
    _ms("at_ms", nullable=False),
    Column("actor", Text, nullable=False),
    _word("event"),
    _id("command_id", nullable=True),
    _json("data"),
)

changes = Table(
    "changes",
    metadata,
    _serial("id"),
    _ms("at_ms", nullable=False),
    _word("event"),
    _id("subject_id"),
    _json("data"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    _serial(),
    _id("id", unique=True),
    _ms("at_ms", nullable=False),
    _word("type"),
    _id("subject_id"),
    _json("data"),
    Column("dedupe_key", String(200), unique=True, nullable=False),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    _serial(),
    Column("notice_n", Big, ForeignKey("outbox.n", ondelete="CASCADE"), nullable=False),
    Column("target", String(200), nullable=False),
    _word("state"),
    _count("attempts"),
    _ms("due_ms", nullable=False),
    _ms("give_up_ms", nullable=False),
    _ms("delivered_ms"),
    _sentence("last_error"),
    UniqueConstraint("notice_n", "target", name="once_per_target"),
    Index("ix_deliveries_due", "state", "due_ms"),
)

checkpoint_rows = Table(
    "checkpoint_rows",
    metadata,
    Column("appliance_id", String(64), primary_key=True),
    Column("state", LargeBinary, nullable=False),
)

checkpoint_shared = Table(
    "checkpoint_shared",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("state", LargeBinary, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", String(200), primary_key=True),
    _ms("position", nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(200), primary_key=True),
    _word("role"),
    Column("password_hash", Text),
    _ms("created_ms", nullable=False),
    Column("disabled", Boolean, nullable=False, default=False, server_default=text("false")),
)

credentials = Table(
    "credentials",
    metadata,
    Column("digest", String(64), primary_key=True),
    _word("purpose"),
    Column("account", String(200), ForeignKey("accounts.name"), nullable=False, index=True),
    _word("prefix"),
    _ms("created_ms", nullable=False),
    _ms("expires_ms"),
    _ms("revoked_ms"),
)

audit = Table(
    "audit",
    metadata,
    _serial(),
    _ms("at_ms", nullable=False),
    Column("actor", Text, nullable=False),
    _word("action"),
    _id("subject_id"),
    _json("data"),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    sqlite_autoincrement=True,
)

silences = Table(
    "silences",
    metadata,
    _serial(),
    _id("id", unique=True),
    _id("appliance_id", nullable=True),
    _word("fault_mode", nullable=True),
    _ms("until_ms", nullable=False),
    _sentence("reason"),
    Column("created_by", Text, nullable=False),
    _ms("created_ms", nullable=False),
)
