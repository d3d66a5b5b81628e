"""The tables of tickets.

The index ``one_open_ticket`` carries the promise: one ticket neither closed nor cancelled per appliance and fault mode.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    not_,
    text,
)

from alerts.columns import Big, identity, json_value, metadata, ms, number, sentence, serial, word
from alerts.lifecycle import OVER

_COVERED = ("status", "paused_ms", "stopped", "opened_ms", "kind", "appliance_id", "assignee", "fault_mode", "source")
"""What the indexes of an order hold beside it, so that a rare filter reads nothing but them."""
_OPEN = text("status NOT IN ('closed', 'cancelled')")

tickets = Table(
    "tickets",
    metadata,
    serial("number"),
    identity("id", unique=True),
    identity("appliance_id", index=True),
    word("kind"),
    word("component", nullable=True),
    word("fault_mode", nullable=True),
    Column("title", Text, nullable=False),
    json_value("summary"),
    sentence("description"),
    word("status", index=True),
    word("before_hold", nullable=True),
    number("priority", default=3),
    Column("priority_by", Text),
    Column("severity", Float),
    Column("type", String(64), nullable=False, index=True, default="repair", server_default="repair"),
    json_value("work"),
    word("source"),
    word("channel", nullable=True),
    ms("opened_ms", nullable=False),
    ms("onset_ms"),
    Column("probability", Float),
    json_value("failure_window"),
    json_value("evidence"),
    json_value("symptoms"),
    json_value("alternatives"),
    json_value("recommended"),
    json_value("tested"),
    Column("contract", Text),
    Column("contract_by", Text),
    identity("terms_id", nullable=True),
    ms("respond_by_ms", nullable=False),
    ms("resolve_by_ms", nullable=False),
    ms("update_by_ms"),
    ms("said_ms"),
    Column("stopped", String(64), nullable=False, default="", server_default=""),
    word("pause", nullable=True),
    sentence("paused_reason"),
    ms("paused_ms"),
    ms("responded_ms"),
    ms("closed_ms"),
    number("episode", default=1),
    ms("episode_ms"),
    Column("assignee", Text),
    ms("visit_from_ms"),
    ms("visit_to_ms"),
    word("verdict", nullable=True),
    word("verdict_fault_mode", nullable=True),
    sentence("verdict_note"),
    word("resolution", nullable=True),
    identity("alert_id", nullable=True, index=True),
    json_value("raised"),
    ms("followed_ms"),
    ms("cleared_ms"),
    ms("watched_until_ms"),
    json_value("gate"),
    ms("test_again_ms"),
    Column("remote_first", Boolean, nullable=False, default=False, server_default=text("false")),
    number("version", default=1),
    Index("ix_tickets_fault", "appliance_id", "fault_mode"),
    Index(
        "ix_tickets_queue",
        *("status", "priority", "resolve_by_ms", "paused_ms", "stopped", "opened_ms", "kind", "appliance_id", "number"),
    ),
    Index(
        "ix_tickets_urgency",
        *("priority", "resolve_by_ms", "number", *_COVERED),
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
    Index(
        "ix_tickets_due",
        *("resolve_by_ms", "number", "priority", *_COVERED),
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
    Index(
        "ix_tickets_held",
        "paused_ms",
        sqlite_where=text("paused_ms IS NOT NULL"),
        postgresql_where=text("paused_ms IS NOT NULL"),
    ),
    Index(
        "ix_tickets_test_again",
        "test_again_ms",
        sqlite_where=text("test_again_ms IS NOT NULL"),
        postgresql_where=text("test_again_ms IS NOT NULL"),
    ),
    Index("one_open_ticket", "appliance_id", "fault_mode", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    sqlite_autoincrement=True,
)

IS_OVER: ColumnElement[bool] = tickets.c.status.in_(
    [literal_column(f"'{state}'") for state in sorted(OVER, reverse=True)]
)
"""Whether a ticket is over: written as the indexes write it, without which SQLite would not know that it may use them."""
IS_OPEN: ColumnElement[bool] = not_(IS_OVER)

ticket_history = Table(
    "ticket_history",
    metadata,
    serial(),
    Column("ticket_id", String(64), ForeignKey("tickets.id"), nullable=False, index=True),
    ms("at_ms", nullable=False),
    Column("actor", Text, nullable=False),
    word("event"),
    word("from_status", nullable=True),
    word("to_status", nullable=True),
    sentence("note"),
    json_value("data"),
    Index(
        "ix_ticket_history_verdicts",
        "n",
        sqlite_where=text("event = 'verdict'"),
        postgresql_where=text("event = 'verdict'"),
    ),
)

ticket_episodes = Table(
    "ticket_episodes",
    metadata,
    serial(),
    Column("ticket_id", String(64), ForeignKey("tickets.id")),
    number("episode", default=1),
    word("source"),
    word("status"),
    ms("opened_ms", nullable=False),
    ms("respond_by_ms", nullable=False),
    ms("resolve_by_ms", nullable=False),
    ms("responded_ms"),
    ms("ended_ms", nullable=False, index=True),
    word("verdict", nullable=True),
    word("verdict_fault_mode", nullable=True),
    number("visited"),
    UniqueConstraint("ticket_id", "episode", name="once_per_ticket_and_episode"),
)
"""How each episode of a ticket ended: one row for each time that it was closed or cancelled."""

clock_terms = Table(
    "clock_terms",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("content", Text, nullable=False),
)
"""What clocks go by, by the digest of it: kept as it was, whatever becomes of the rules."""

ticket_terms = Table(
    "ticket_terms",
    metadata,
    serial(),
    Column("ticket_id", String(64), ForeignKey("tickets.id"), nullable=False, index=True),
    ms("at_ms", nullable=False),
    Column("terms_id", String(64), ForeignKey("clock_terms.id"), nullable=False),
)
"""Which terms a ticket's clocks went by since when."""

ticket_search = Table(
    "ticket_search",
    metadata,
    Column("number", Big, ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
)
"""What each ticket is found by; indexed by trigrams where the database has them (:mod:`alerts.tickets.searching`)."""
