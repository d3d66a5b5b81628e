"""Tickets have a type, and what their type asks for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All that there are are repairs."""
    op.add_column("tickets", sa.Column("type", sa.String(64), nullable=False, server_default="repair"))
    op.add_column("tickets", sa.Column("work", sa.JSON(none_as_null=True)))
    op.create_index("ix_tickets_type", "tickets", ["type"])
