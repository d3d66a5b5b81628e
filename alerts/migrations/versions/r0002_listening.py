"""When the service listened, so that its own absence makes no appliance stale."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of one row."""
    op.create_table(
        "listening",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("away_from_ms", sa.BigInteger, nullable=False),
        sa.Column("away_until_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_listening"),
    )
