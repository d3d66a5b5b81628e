"""Saved views of the queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "saved_views",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("shared_with", sa.String(64)),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_saved_views"),
        sa.UniqueConstraint("id", name="uq_saved_views_id"),
        sa.UniqueConstraint("owner", "name", name="one_view_of_a_name"),
        sqlite_autoincrement=True,
    )
