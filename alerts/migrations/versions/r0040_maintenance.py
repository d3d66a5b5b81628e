"""Silences begin at a time, may hold only within hours of the week, and say once that they are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add all three; what is over already is not told of."""
    op.add_column("silences", sa.Column("from_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("silences", sa.Column("week", sa.String(500), nullable=True))
    op.add_column("silences", sa.Column("time_zone", sa.String(64), nullable=True))
    op.add_column("silences", sa.Column("told_ms", sa.BigInteger, nullable=True))
    op.execute("UPDATE silences SET told_ms = until_ms, from_ms = created_ms")
