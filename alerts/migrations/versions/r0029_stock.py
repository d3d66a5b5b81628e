"""Stock: places, parts, levels that never go below zero, the ledger, reservations and orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_RESERVED = sa.text("status = 'reserved'")


def _n() -> sa.Column[int]:
    return sa.Column("n", _BIG, primary_key=True, autoincrement=True)


def _word(name: str, *, unique: bool = False, index: bool = False, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), unique=unique or None, index=index or None, nullable=nullable)


def _ms(name: str, *, index: bool = False, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, index=index or None, nullable=nullable)


def _number(name: str, default: int = 0) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=str(default))


def upgrade() -> None:
    """Make the tables."""
    _places_and_parts()
    _levels()
    _reservations()


def _places_and_parts() -> None:
    op.create_table(
        "stock_places",
        _n(),
        _word("id", unique=True),
        sa.Column("external_id", sa.String(200), nullable=True, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        _word("kind"),
        _word("technician_id", nullable=True, unique=True),
        sa.Column("latitude", sa.Float, nullable=True),
        sa.Column("longitude", sa.Float, nullable=True),
        _ms("created_ms"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "stock_parts",
        _n(),
        _word("sku", unique=True),
        sa.Column("name", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("cost", sa.String(32), nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("supplier", sa.String(200), nullable=True),
        _number("lead_days", 7),
        sa.Column("substitutes", sa.JSON(none_as_null=True), nullable=True),
        _number("version", 1),
        sqlite_autoincrement=True,
    )


def _levels() -> None:
    op.create_table(
        "stock_levels",
        _word("place_id"),
        _word("sku", index=True),
        _number("on_hand"),
        _number("reserved"),
        sa.Index("uq_stock_levels", "place_id", "sku", unique=True),
        sa.CheckConstraint("reserved >= 0 AND on_hand >= reserved", name="never_below_zero"),
    )
    op.create_table(
        "stock_movements",
        _n(),
        _word("id", unique=True),
        _ms("at_ms", index=True),
        _word("place_id"),
        _word("sku", index=True),
        sa.Column("quantity", sa.Integer, nullable=False),
        _word("kind"),
        _word("ticket_id", nullable=True, index=True),
        sa.Column("serial", sa.String(200), nullable=True),
        sa.Column("note", sa.Text, nullable=True),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("external_id", sa.String(200), nullable=True, unique=True),
        sqlite_autoincrement=True,
    )


def _reservations() -> None:
    op.create_table(
        "stock_reservations",
        _n(),
        _word("id", unique=True),
        _word("ticket_id", index=True),
        _word("sku"),
        _word("place_id"),
        _number("quantity", 1),
        sa.Column("probability", sa.Float, nullable=True),
        sa.Column("is_by_hand", sa.Boolean, nullable=False),
        _word("status"),
        _ms("at_ms"),
        _ms("ended_ms", nullable=True),
        sa.Index(
            "one_standing_reservation",
            "ticket_id",
            "sku",
            unique=True,
            sqlite_where=_RESERVED,
            postgresql_where=_RESERVED,
        ),
        sqlite_autoincrement=True,
    )
    op.create_table("stock_followed", sa.Column("ticket_id", sa.String(64), primary_key=True), _number("version"))
    op.create_table(
        "stock_orders",
        _n(),
        _word("id", unique=True),
        _word("sku", index=True),
        _word("place_id"),
        _number("quantity"),
        sa.Column("supplier", sa.String(200), nullable=True),
        _word("status"),
        _ms("ordered_ms"),
        sa.Column("ordered_by", sa.Text, nullable=False),
        _ms("due_ms"),
        _ms("ended_ms", nullable=True),
        sqlite_autoincrement=True,
    )
