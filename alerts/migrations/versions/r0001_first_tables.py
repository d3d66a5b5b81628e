"""The first tables of the desk."""

from __future__ import annotations

from alembic import op

from alerts.migrations.first_tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    metadata.create_all(op.get_bind(), checkfirst=False)
