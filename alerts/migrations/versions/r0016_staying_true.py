"""What a ticket said when it was raised, and since when its finding is no longer seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what older tickets said at first is not known any more."""
    op.add_column("tickets", sa.Column("raised", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("tickets", sa.Column("followed_ms", sa.BigInteger, nullable=True))
    op.add_column("tickets", sa.Column("cleared_ms", sa.BigInteger, nullable=True))
