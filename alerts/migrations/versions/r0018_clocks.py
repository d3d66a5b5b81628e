"""What was told of a ticket's clocks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "clock_tellings",
        sa.Column("n", Big, primary_key=True, autoincrement=True),
        sa.Column(
            "ticket_id",
            sa.String(64),
            sa.ForeignKey("tickets.id", name="fk_clock_tellings_ticket_id"),
            nullable=False,
        ),
        sa.Column("episode", sa.Integer, nullable=False, server_default="1"),
        sa.Column("clock", sa.String(64), nullable=False),
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.Column("told_ms", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("ticket_id", "episode", "clock", "what", name="once_per_clock"),
    )
