"""Money: the price list, who pays until when, quotes and receipts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_STANDING = sa.text("status IN ('offered', 'approved')")


def _n() -> sa.Column[int]:
    return sa.Column("n", _BIG, primary_key=True, autoincrement=True)


def _text(
    name: str, length: int = 64, *, unique: bool = False, index: bool = False, nullable: bool = False
) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), unique=unique or None, index=index or None, nullable=nullable)


def _ms(name: str, *, index: bool = False, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, index=index or None, nullable=nullable)


def _money() -> list[sa.Column[Any]]:
    return [
        sa.Column("lines", sa.JSON(none_as_null=True), nullable=True),
        _text("currency", 3),
        _text("total", 32),
        _text("to_pay", 32),
        _text("payer"),
        _text("reason"),
    ]


def upgrade() -> None:
    """Make the tables."""
    _terms()
    _bills()


def _terms() -> None:
    op.create_table(
        "price_items",
        _n(),
        _text("external_id", 200, unique=True),
        _text("code", index=True),
        _text("region", 200, nullable=True),
        _text("amount", 32),
        _text("currency", 3),
        _text("valid_from", 10),
        _text("valid_to", 10, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "coverages",
        _n(),
        _text("external_id", 200, unique=True),
        _text("basis"),
        _text("kind", nullable=True),
        _text("component", nullable=True),
        _text("appliance_id", nullable=True, index=True),
        sa.Column("months", sa.Integer, nullable=True),
        _text("valid_from", 10),
        _text("valid_to", 10, nullable=True),
        sa.Column("covers_parts", sa.Boolean, nullable=False),
        sa.Column("covers_labour", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )


def _bills() -> None:
    op.create_table(
        "quotes",
        _n(),
        _text("id", unique=True),
        _text("ticket_id", index=True),
        _text("status"),
        *_money(),
        _ms("offered_ms"),
        sa.Column("offered_by", sa.Text, nullable=False),
        _ms("valid_until_ms"),
        _ms("answered_ms", nullable=True),
        sa.Column("answered_by", sa.Text, nullable=True),
        sa.Column("note", sa.Text, nullable=True),
        sa.Index("one_standing_quote", "ticket_id", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "receipts",
        _n(),
        _text("id", unique=True),
        _text("ticket_id", index=True),
        _text("quote_id", nullable=True),
        *_money(),
        _ms("at_ms", index=True),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("episode", sa.Integer, nullable=False, server_default="1"),
        sa.Index("uq_receipts", "ticket_id", "episode", unique=True),
        sqlite_autoincrement=True,
    )
