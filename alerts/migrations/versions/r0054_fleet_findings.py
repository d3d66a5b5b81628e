"""What the detectors say of many at once, in the incident that it keeps open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add which fleet finding an incident stands for, and what that says."""
    op.add_column("incidents", sa.Column("fleet_key", sa.String(64)))
    op.add_column("incidents", sa.Column("said", sa.JSON))
    op.create_index("ix_incidents_fleet_key", "incidents", ["fleet_key"])
