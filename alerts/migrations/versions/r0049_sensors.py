"""An alert of the data is of one sensor: its metric is a part of its identity."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_STANDING = sa.text("state != 'resolved'")


def upgrade() -> None:
    """Add the metric, empty for all that is no single sensor's, to what makes alerts and episodes one."""
    op.add_column("alerts", sa.Column("metric", sa.String(64), nullable=False, server_default=""))
    op.drop_index("one_standing_alert", "alerts")
    op.create_index(
        "one_standing_alert",
        "alerts",
        ["appliance_id", "fault_mode", "metric"],
        unique=True,
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    )
    with op.batch_alter_table("episodes") as batch:
        batch.add_column(sa.Column("metric", sa.String(64), nullable=False, server_default=""))
        batch.drop_constraint("once_per_episode", type_="unique")
        batch.create_unique_constraint("once_per_episode", ["appliance_id", "fault_mode", "metric", "raised_ms"])
