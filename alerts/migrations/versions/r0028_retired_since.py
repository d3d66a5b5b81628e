"""Since when an appliance is retired: until then it was exposed to failures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of those that are retired already it is not known."""
    op.add_column("appliances", sa.Column("retired_ms", sa.BigInteger, nullable=True))
    op.create_index("ix_tickets_opened_ms", "tickets", ["opened_ms"])
