"""People who go to homes: technicians, absences, customers' wishes, providers and what they were offered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_STANDING = sa.text("status IN ('offered', 'accepted')")


def _identity(name: str, *, unique: bool = False, index: bool = False, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), unique=unique or None, index=index or None, nullable=nullable)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=True)


def upgrade() -> None:
    """Make the tables."""
    _technicians()
    _absences()
    _providers()


def _technicians() -> None:
    op.create_table(
        "technicians",
        sa.Column("n", _BIG, primary_key=True, autoincrement=True),
        _identity("id", unique=True),
        sa.Column("external_id", sa.String(200), nullable=True, unique=True),
        sa.Column("account", sa.String(200), nullable=True, unique=True),
        _identity("provider_id", nullable=True, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("latitude", sa.Float, nullable=True),
        sa.Column("longitude", sa.Float, nullable=True),
        *(_json(name) for name in ("areas", "skills", "licences", "shifts")),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("visits_per_day", sa.Integer, nullable=False, server_default="8"),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sqlite_autoincrement=True,
    )


def _absences() -> None:
    op.create_table(
        "absences",
        sa.Column("n", _BIG, primary_key=True, autoincrement=True),
        _identity("id", unique=True),
        _identity("technician_id", index=True),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False, index=True),
        _identity("reason"),
        sa.Column("note", sa.Text, nullable=True),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "technician_preferences",
        _identity("customer_id"),
        _identity("technician_id"),
        _identity("wish"),
        sa.Column("note", sa.Text, nullable=True),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Index("uq_technician_preferences", "customer_id", "technician_id", unique=True),
    )


def _providers() -> None:
    op.create_table(
        "providers",
        sa.Column("n", _BIG, primary_key=True, autoincrement=True),
        _identity("id", unique=True),
        sa.Column("external_id", sa.String(200), nullable=True, unique=True),
        sa.Column("account", sa.String(200), nullable=True, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        *(_json(name) for name in ("areas", "skills")),
        sa.Column("currency", sa.String(3), nullable=False),
        _json("fees"),
        sa.Column("answer_within_h", sa.Integer, nullable=False, server_default="24"),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "provider_offers",
        sa.Column("n", _BIG, primary_key=True, autoincrement=True),
        _identity("id", unique=True),
        _identity("ticket_id", index=True),
        _identity("provider_id", index=True),
        _identity("status"),
        sa.Column("offered_ms", sa.BigInteger, nullable=False),
        sa.Column("offered_by", sa.Text, nullable=False),
        sa.Column("answer_by_ms", sa.BigInteger, nullable=False),
        sa.Column("answered_ms", sa.BigInteger, nullable=True),
        sa.Column("note", sa.Text, nullable=True),
        sa.Index("one_standing_offer", "ticket_id", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
        sqlite_autoincrement=True,
    )
