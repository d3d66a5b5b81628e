"""Visits and the tickets that they are for; of homes a kilometre of their place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_STANDING = sa.text("is_standing")


def _word(name: str, *, unique: bool = False, index: bool = False, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), unique=unique or None, index=index or None, nullable=nullable)


def _ms(name: str, *, index: bool = False, nullable: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, index=index or None, nullable=nullable)


def upgrade() -> None:
    """Make the tables, and the columns of homes."""
    for name in ("latitude", "longitude"):
        op.add_column("sites", sa.Column(name, sa.Float, nullable=True))
    op.create_table(
        "visits",
        sa.Column("n", _BIG, primary_key=True, autoincrement=True),
        _word("id", unique=True),
        _word("technician_id", index=True),
        _word("site_id", nullable=True),
        _word("customer_id", nullable=True, index=True),
        sa.Column("region", sa.Text, nullable=True),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("latitude", sa.Float, nullable=True),
        sa.Column("longitude", sa.Float, nullable=True),
        _word("status", index=True),
        _ms("starts_ms", nullable=False, index=True),
        _ms("ends_ms", nullable=False),
        _ms("promised_from_ms"),
        _ms("promised_to_ms"),
        sa.Column("travel_min", sa.Integer, nullable=False, server_default="0"),
        sa.Column("is_locked", sa.Boolean, nullable=False),
        sa.Column("override_reason", sa.Text, nullable=True),
        sa.Column("record", sa.JSON(none_as_null=True), nullable=True),
        *(_ms(name) for name in ("departed_ms", "arrived_ms", "ended_ms")),
        sa.Column("created_by", sa.Text, nullable=False),
        _ms("created_ms", nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "visit_tickets",
        _word("visit_id", index=True),
        _word("ticket_id", index=True),
        sa.Column("is_standing", sa.Boolean, nullable=False),
        sa.Index("one_standing_visit", "ticket_id", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
        sa.Index("uq_visit_tickets", "visit_id", "ticket_id", unique=True),
    )
