"""Invoices of other systems, held against receipts and statements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "invoices",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("number", sa.String(200), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.String(32), nullable=False),
        sa.Column("receipt_id", sa.String(64)),
        sa.Column("payer", sa.String(64), nullable=False),
        sa.Column("provider_id", sa.String(64)),
        sa.Column("issued_on", sa.String(10), nullable=False),
        *(sa.Column(name, sa.String(10)) for name in ("start_on", "end_on", "due_on", "paid_on")),
        sa.PrimaryKeyConstraint("n", name="pk_invoices"),
        sa.UniqueConstraint("external_id", name="uq_invoices_external_id"),
        sqlite_autoincrement=True,
    )
    for name in ("receipt_id", "provider_id"):
        op.create_index(f"ix_invoices_{name}", "invoices", [name])
