"""The stage of a ticket in which it is tried from afar."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.columns import Big

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "remote_first",
        sa.Column("n", Big, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", sa.String(64), sa.ForeignKey("tickets.id"), nullable=False),
        sa.Column("episode", sa.Integer, nullable=False, server_default="1"),
        sa.Column("begun_ms", sa.BigInteger, nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.Column("late_ms", sa.BigInteger, nullable=True),
        sa.Column("ended_ms", sa.BigInteger, nullable=True, index=True),
        sa.Column("exit", sa.String(64), nullable=True),
        sa.Column("ended_by", sa.Text, nullable=True),
        sa.Column("note", sa.Text, nullable=True),
        sa.Column("kit", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("relapsed_ms", sa.BigInteger, nullable=True),
        sa.UniqueConstraint("ticket_id", "episode", name="once_per_stage_and_episode"),
    )
