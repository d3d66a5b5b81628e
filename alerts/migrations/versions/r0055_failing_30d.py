"""How probably an appliance fails within thirty days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and what lists go by."""
    op.add_column("appliances", sa.Column("failing_30d", sa.Float))
    op.create_index("ix_appliances_failing_30d", "appliances", ["failing_30d", "n"])
