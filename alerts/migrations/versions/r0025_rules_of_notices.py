"""By which rule somebody is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; receivers of the settings are told everything, and by no rule."""
    op.add_column("deliveries", sa.Column("rule", sa.String(200), nullable=True))
