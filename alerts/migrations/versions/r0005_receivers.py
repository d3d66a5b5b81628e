"""Receivers of notices: how each stands, so that a wait and a switch-off survive a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; whoever has a cursor in the outbox already goes on from it."""
    op.create_table(
        "receivers",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("begun_ms", sa.BigInteger, nullable=False),
        sa.Column("misses", sa.Integer, nullable=False, server_default="0"),
        sa.Column("waits_from_ms", sa.BigInteger, nullable=True),
        sa.Column("waits_until_ms", sa.BigInteger, nullable=True),
        sa.Column("off_ms", sa.BigInteger, nullable=True),
        sa.Column("said", sa.Text, nullable=True),
    )
    op.add_column("deliveries", sa.Column("tried_ms", sa.BigInteger, nullable=True))
