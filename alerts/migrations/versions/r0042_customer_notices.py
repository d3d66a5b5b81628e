"""What customers were told of their appliances' data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "customer_notices",
        sa.Column("n", number, primary_key=True, autoincrement=True),
        sa.Column("appliance_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("matter", sa.String(64), nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("times", sa.Integer, nullable=False, server_default="0"),
        sa.Column("told_ms", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("appliance_id", "customer_id", name="one_thread"),
        sqlite_autoincrement=True,
    )
