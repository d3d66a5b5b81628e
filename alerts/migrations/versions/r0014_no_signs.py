"""What the service said of itself while it listened: a column that nothing ever wrote goes."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the column."""
    op.drop_column("listening", "signs")
