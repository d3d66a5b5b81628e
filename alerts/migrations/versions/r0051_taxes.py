"""Taxes: rates by region and days, the tax of a price, and the tax of an invoice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the columns."""
    op.create_table(
        "tax_rates",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("tax", sa.String(64), nullable=False),
        sa.Column("region", sa.String(200)),
        sa.Column("percent", sa.String(16), nullable=False),
        sa.Column("is_included", sa.Boolean, nullable=False),
        sa.Column("valid_from", sa.String(10), nullable=False),
        sa.Column("valid_to", sa.String(10)),
        sa.PrimaryKeyConstraint("n", name="pk_tax_rates"),
        sa.UniqueConstraint("external_id", name="uq_tax_rates_external_id"),
        sqlite_autoincrement=True,
    )
    op.add_column("price_items", sa.Column("tax", sa.String(64)))
    op.add_column("invoices", sa.Column("tax", sa.String(32)))
