"""Consequences that joined the ticket of their cause."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("tickets", sa.Column("symptoms", sa.JSON(none_as_null=True), nullable=True))
