"""The visit gate: what it says on a ticket, how fault modes stand, and which episodes had a visit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add column and table; of episodes that are over it is known whether their ticket had a visit at the end."""
    op.add_column("tickets", sa.Column("gate", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("ticket_episodes", sa.Column("visited", sa.Integer, nullable=False, server_default="0"))
    op.execute(
        "UPDATE ticket_episodes SET visited = 1 WHERE EXISTS (SELECT 1 FROM tickets WHERE tickets.id = ticket_episodes.ticket_id"
        " AND tickets.episode = ticket_episodes.episode AND tickets.visit_from_ms IS NOT NULL)"
    )
    op.create_table(
        "mode_standings",
        sa.Column("n", Big, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("model", sa.String(200), nullable=False, server_default=""),
        sa.Column("fault_mode", sa.String(64), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=True),
        sa.Column("visits", sa.Integer, nullable=False, server_default="0"),
        sa.Column("in_vain", sa.Integer, nullable=False, server_default="0"),
        sa.Column("low", sa.Float, nullable=False),
        sa.Column("high", sa.Float, nullable=False),
        sa.Column("remote_tried", sa.Integer, nullable=False, server_default="0"),
        sa.Column("remote_solved", sa.Integer, nullable=False, server_default="0"),
        sa.UniqueConstraint("kind", "model", "fault_mode", name="once_per_mode"),
    )
