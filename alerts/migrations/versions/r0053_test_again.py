"""When a ticket's test is to be done again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the day, and find those that are due without reading all."""
    op.add_column("tickets", sa.Column("test_again_ms", sa.BigInteger))
    only = sa.text("test_again_ms IS NOT NULL")
    op.create_index("ix_tickets_test_again", "tickets", ["test_again_ms"], sqlite_where=only, postgresql_where=only)
