"""What the process at the broker says of itself, for the process that people and monitoring ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("listening", sa.Column("signs", sa.JSON, nullable=True))
