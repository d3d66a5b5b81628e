"""Repairs, watched until they have held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; a ticket says until when its repair is watched."""
    big = sa.BigInteger
    op.add_column("tickets", sa.Column("watched_until_ms", big))
    op.create_table(
        "repairs",
        sa.Column("n", big().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("ticket_id", sa.String(64), nullable=False),
        sa.Column("episode", sa.Integer, nullable=False, server_default="1"),
        sa.Column("appliance_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("model", sa.Text),
        sa.Column("fault_mode", sa.String(64), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("closed_ms", big, nullable=False),
        sa.Column("until_ms", big, nullable=False),
        sa.Column("decided_ms", big),
        sa.Column("proof", sa.JSON(none_as_null=True)),
        sa.Column("technician_id", sa.String(64)),
        sa.Column("provider_id", sa.String(64)),
        sa.Column("is_call_owed", sa.Boolean, nullable=False),
        sa.Column("called_ms", big),
        sa.Column("called_by", sa.Text),
        sa.Column("call_answer", sa.String(64)),
        sa.Column("call_note", sa.Text),
        sa.PrimaryKeyConstraint("n", name="pk_repairs"),
        sa.UniqueConstraint("id", name="uq_repairs_id"),
        sa.UniqueConstraint("ticket_id", "episode", name="once_per_ticket_and_repair"),
        sqlite_autoincrement=True,
    )
    for name in ("appliance_id", "state", "closed_ms"):
        op.create_index(f"ix_repairs_{name}", "repairs", [name])
    op.create_table(
        "repair_parts",
        sa.Column("repair_id", sa.String(64), nullable=False),
        sa.Column("sku", sa.String(64), nullable=False),
    )
    op.create_index("uq_repair_parts", "repair_parts", ["repair_id", "sku"], unique=True)
    op.create_index("ix_repair_parts_sku", "repair_parts", ["sku"])
