"""Procedures of remote diagnosis, what is known of the appliance in a session, and approvals of commands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.columns import Big

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns."""
    op.create_table(
        "procedures",
        sa.Column("n", Big, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("session_id", sa.String(64), sa.ForeignKey("sessions.id"), nullable=False, index=True),
        sa.Column("ticket_id", sa.String(64), sa.ForeignKey("tickets.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(64), nullable=False, index=True),
        sa.Column("test", sa.String(64), nullable=False),
        sa.Column("state", sa.String(64), nullable=False, index=True),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger, nullable=True),
        sa.Column("reason", sa.Text, nullable=True),
        sa.Column("measured", sa.Float, nullable=True),
        sa.Column("verdict", sa.String(64), nullable=True),
        sa.Column("likelihood_ratio", sa.Float, nullable=True),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sqlite_autoincrement=True,
    )
    op.add_column("sessions", sa.Column("busy_until_ms", sa.BigInteger, nullable=True))
    op.add_column("sessions", sa.Column("facts", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("tickets", sa.Column("tested", sa.JSON(none_as_null=True), nullable=True))
    for column in (
        sa.Column("procedure_id", sa.String(64), nullable=True, index=True),
        sa.Column("answer_by_ms", sa.BigInteger, nullable=True),
        sa.Column("note", sa.Text, nullable=True),
        sa.Column("approved_by", sa.Text, nullable=True),
        sa.Column("approved_ms", sa.BigInteger, nullable=True),
        sa.Column("effect", sa.String(64), nullable=True),
        sa.Column("effect_data", sa.JSON(none_as_null=True), nullable=True),
    ):
        op.add_column("commands", column)
