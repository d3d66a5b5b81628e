"""What was decided about a fault where its ticket ended: that it will not be fixed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("tickets", sa.Column("resolution", sa.String(64), nullable=True))
    op.create_index("ix_tickets_fault", "tickets", ["appliance_id", "fault_mode"])
