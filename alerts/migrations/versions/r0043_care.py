"""Care: use day by day, what is advised about it, and what is renewed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "use_days",
        sa.Column("appliance_id", sa.String(64), nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
    )
    op.create_index("uq_use_days", "use_days", ["appliance_id", "name", "day"], unique=True)
    op.create_index("ix_use_days_day", "use_days", ["day"])
    op.create_table(
        "use_counted",
        sa.Column("appliance_id", sa.String(64), nullable=False),
        sa.Column("first_day", sa.Integer, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.UniqueConstraint("appliance_id", name="uq_use_counted_appliance_id"),
    )
    op.create_index("ix_use_counted_day", "use_counted", ["day"])
    _advices()
    op.create_table(
        "consumables",
        sa.Column("appliance_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("since_day", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("renewed_by", sa.Text, nullable=False),
    )
    op.create_index("uq_consumables", "consumables", ["appliance_id", "name"], unique=True)


def _advices() -> None:
    big = sa.BigInteger
    op.create_table(
        "advices",
        sa.Column("n", big().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("appliance_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("given_ms", big, nullable=False),
        sa.Column("before", sa.Float, nullable=False),
        sa.Column("told_by", sa.Text),
        sa.Column("told_ms", big),
        sa.Column("settle_ms", big, nullable=False),
        sa.Column("measured_ms", big),
        sa.Column("after", sa.Float),
        sa.Column("change", sa.JSON(none_as_null=True)),
        sa.PrimaryKeyConstraint("n", name="pk_advices"),
        sa.UniqueConstraint("id", name="uq_advices_id"),
        sqlite_autoincrement=True,
    )
    for name in ("appliance_id", "state", "settle_ms"):
        op.create_index(f"ix_advices_{name}", "advices", [name])
