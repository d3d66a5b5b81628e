"""Letters: mail that came in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "letters",
        sa.Column("n", number, primary_key=True, autoincrement=True),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(64), nullable=True),
        sa.Column("ticket_id", sa.String(64), nullable=True),
        sa.Column("appliance_id", sa.String(64), nullable=True),
        sa.Column("customer_id", sa.String(64), nullable=True),
        sa.Column("content", sa.LargeBinary, nullable=True),
        sa.UniqueConstraint("identity", name="uq_letters_identity"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_letters_state", "letters", ["state", "n"])
    op.create_index("ix_letters_ticket_id", "letters", ["ticket_id"])
    op.create_index("ix_letters_customer_id", "letters", ["customer_id"])
