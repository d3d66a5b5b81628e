"""Verdicts are found in the history of tickets without looking through all of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    is_verdict = sa.text("event = 'verdict'")
    op.create_index(
        "ix_ticket_history_verdicts", "ticket_history", ["n"], sqlite_where=is_verdict, postgresql_where=is_verdict
    )
