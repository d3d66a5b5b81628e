"""Whose journal the cursors belong to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty: the first installation that comes claims the cursors as they are."""
    op.create_table(
        "claims",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("journal", sa.String(200), nullable=False),
        sa.Column("place", sa.Text, nullable=True),
        sa.Column("seen_ms", sa.BigInteger, nullable=True),
    )
