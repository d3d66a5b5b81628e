"""Episodes of a ticket: how each ended, kept when the ticket is opened again; and who set a priority by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add columns and table; what has ended already is an episode that began when its ticket was opened."""
    op.add_column("tickets", sa.Column("episode", sa.Integer, nullable=False, server_default="1"))
    op.add_column("tickets", sa.Column("episode_ms", sa.BigInteger, nullable=True))
    op.add_column("tickets", sa.Column("priority_by", sa.Text, nullable=True))
    op.execute("UPDATE tickets SET episode_ms = opened_ms")
    op.create_table(
        "ticket_episodes",
        sa.Column("n", Big, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", sa.String(64), sa.ForeignKey("tickets.id", name="fk_ticket_episodes_ticket_id")),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("opened_ms", sa.BigInteger, nullable=False),
        sa.Column("respond_by_ms", sa.BigInteger, nullable=False),
        sa.Column("resolve_by_ms", sa.BigInteger, nullable=False),
        sa.Column("responded_ms", sa.BigInteger, nullable=True),
        sa.Column("ended_ms", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.String(64), nullable=True),
        sa.Column("verdict_fault_mode", sa.String(64), nullable=True),
        sa.UniqueConstraint("ticket_id", "episode", name="once_per_ticket_and_episode"),
    )
    op.create_index("ix_ticket_episodes_ended_ms", "ticket_episodes", ["ended_ms"])
    op.execute(
        "INSERT INTO ticket_episodes (ticket_id, episode, source, status, opened_ms, respond_by_ms, resolve_by_ms,"
        " responded_ms, ended_ms, verdict, verdict_fault_mode)"
        " SELECT id, 1, source, status, opened_ms, respond_by_ms, resolve_by_ms, responded_ms, closed_ms, verdict,"
        " verdict_fault_mode FROM tickets WHERE status IN ('closed', 'cancelled') AND closed_ms IS NOT NULL"
    )
