"""An index by which the ways of some technicians on some days are found, however many visits there are."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it in place of the one of technicians alone."""
    op.drop_index("ix_visits_technician_id", "visits")
    op.create_index("ix_visits_way", "visits", ["technician_id", "starts_ms"])
