"""An index that holds all that the queue is filtered and sorted by."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

HELD = ("status", "priority", "resolve_by_ms", "paused_ms", "stopped", "opened_ms", "kind", "appliance_id", "number")


def upgrade() -> None:
    """Add it in place of the one of times alone."""
    op.drop_index("ix_tickets_opened_ms", "tickets")
    op.create_index("ix_tickets_queue", "tickets", list(HELD))
