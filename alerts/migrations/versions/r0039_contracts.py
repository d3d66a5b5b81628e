"""Contracts have a plan, by which rules know them; a ticket says whether a person named its contract."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both."""
    op.add_column("coverages", sa.Column("plan", sa.String(200), nullable=True))
    op.add_column("tickets", sa.Column("contract_by", sa.Text, nullable=True))
    op.execute("UPDATE tickets SET contract_by = 'somebody' WHERE contract IS NOT NULL")
