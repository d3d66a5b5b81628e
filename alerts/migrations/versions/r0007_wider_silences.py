"""A silence may cover a region or a model too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; silences of before cover every region and model."""
    op.add_column("silences", sa.Column("region", sa.Text, nullable=True))
    op.add_column("silences", sa.Column("model", sa.Text, nullable=True))
