"""The reasons of conditions as codes with what stands in them, beside their sentences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; each is filled when the condition is next said."""
    op.add_column("appliances", sa.Column("condition_because", sa.JSON(none_as_null=True), nullable=True))
