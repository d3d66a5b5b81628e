"""Indexes in the orders of the queue, so that a page of it is read and not sorted out of everything."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

COVERED = ("status", "paused_ms", "stopped", "opened_ms", "kind", "appliance_id", "assignee", "fault_mode", "source")
OPEN = sa.text("status NOT IN ('closed', 'cancelled')")
HELD = sa.text("paused_ms IS NOT NULL")


def upgrade() -> None:
    """Add one by urgency, one by due time, and one of what is held."""
    for name, columns, which in (
        ("ix_tickets_urgency", ("priority", "resolve_by_ms", "number", *COVERED), OPEN),
        ("ix_tickets_due", ("resolve_by_ms", "number", "priority", *COVERED), OPEN),
        ("ix_tickets_held", ("paused_ms",), HELD),
    ):
        op.create_index(name, "tickets", list(columns), sqlite_where=which, postgresql_where=which)
