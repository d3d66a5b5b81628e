"""Credit notes, claims to makers, and outcomes of tickets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _make(
        "credit_notes",
        sa.Column("receipt_id", sa.String(64), nullable=False),
        *_words("payer", "reason"),
        *_amounts("net", "tax", "total"),
        sa.Column("paid_on", sa.String(10)),
    )
    op.create_index("ix_credit_notes_receipt_id", "credit_notes", ["receipt_id"])
    op.create_index("ix_credit_notes_at_ms", "credit_notes", ["at_ms"])
    _make(
        "maker_claims",
        sa.Column("episode", sa.Integer, nullable=False, server_default="1"),
        sa.Column("maker", sa.String(200), nullable=False),
        *_words("sku"),
        sa.Column("serial", sa.String(200)),
        *_words("status"),
        *_amounts("claimed"),
        sa.Column("accepted", sa.String(32)),
        sa.Column("paid_on", sa.String(10)),
    )
    op.create_index("ix_maker_claims_status", "maker_claims", ["status"])
    _make(
        "outcomes",
        sa.Column("episode", sa.Integer, nullable=False, server_default="1"),
        *_words("kind"),
        *_amounts("value", "fee"),
        sa.Column("record", sa.String(200)),
        sa.Column("carrier", sa.String(200)),
        sa.Column("done_on", sa.String(10), nullable=False),
    )
    op.create_index("one_outcome", "outcomes", ["ticket_id", "episode"], unique=True)


def _make(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("ticket_id", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        *columns,
        sa.PrimaryKeyConstraint("n", name=f"pk_{name}"),
        sa.UniqueConstraint("external_id", name=f"uq_{name}_external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{name}_ticket_id", name, ["ticket_id"])


def _words(*names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, sa.String(64), nullable=False) for name in names)


def _amounts(*names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, sa.String(32), nullable=False) for name in names)
