"""What customers tried themselves, and what the readings said of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    big = sa.BigInteger
    op.create_table(
        "fix_first",
        sa.Column("n", big().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("ticket_id", sa.String(64), nullable=False),
        sa.Column("appliance_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("fault_mode", sa.String(64), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("told_by", sa.Text, nullable=False),
        sa.Column("told_ms", big, nullable=False),
        sa.Column("settle_by_ms", big),
        sa.Column("decided_ms", big),
        sa.Column("relapsed_ms", big),
        sa.Column("proof", sa.JSON(none_as_null=True)),
        sa.Column("note", sa.Text),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_fix_first_ticket_id"),
        sa.PrimaryKeyConstraint("n", name="pk_fix_first"),
        sa.UniqueConstraint("id", name="uq_fix_first_id"),
    )
    for name in ("ticket_id", "appliance_id", "fault_mode", "state"):
        op.create_index(f"ix_fix_first_{name}", "fix_first", [name])
