"""What was decided about an alert, beside why: what is asked again follows from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was settled before stays settled, everything else is asked again."""
    op.add_column("alerts", sa.Column("decision", sa.String(64), nullable=False, server_default="hold"))
    op.execute("UPDATE alerts SET decision = 'open' WHERE reason IN ('ticket_opened', 'already_open')")
    op.execute("UPDATE alerts SET decision = 'never' WHERE reason = 'data_fault_no_ticket'")
