"""Terms of a ticket's clocks, and which of them stand still; the clock of the next word."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add tables and columns; what is on hold now stands still as a whole, as it did."""
    op.create_table(
        "clock_terms", sa.Column("id", sa.String(64), primary_key=True), sa.Column("content", sa.Text, nullable=False)
    )
    op.create_table(
        "ticket_terms",
        sa.Column("n", Big, primary_key=True, autoincrement=True),
        sa.Column(
            "ticket_id", sa.String(64), sa.ForeignKey("tickets.id", name="fk_ticket_terms_ticket_id"), nullable=False
        ),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column(
            "terms_id", sa.String(64), sa.ForeignKey("clock_terms.id", name="fk_ticket_terms_terms_id"), nullable=False
        ),
    )
    op.create_index("ix_ticket_terms_ticket_id", "ticket_terms", ["ticket_id"])
    op.add_column("tickets", sa.Column("contract", sa.Text, nullable=True))
    op.add_column("tickets", sa.Column("terms_id", sa.String(64), nullable=True))
    op.add_column("tickets", sa.Column("stopped", sa.String(64), nullable=False, server_default=""))
    op.add_column("tickets", sa.Column("update_by_ms", sa.BigInteger, nullable=True))
    op.add_column("tickets", sa.Column("said_ms", sa.BigInteger, nullable=True))
    op.execute("UPDATE tickets SET stopped = 'respond resolve' WHERE paused_ms IS NOT NULL")
    with op.batch_alter_table("clock_tellings") as batch:
        batch.add_column(sa.Column("since_ms", sa.BigInteger, nullable=False, server_default="0"))
        batch.drop_constraint("once_per_clock", type_="unique")
        batch.create_unique_constraint("once_per_clock", ["ticket_id", "episode", "clock", "what", "since_ms"])
