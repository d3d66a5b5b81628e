"""The customer file: customers, their words, sites, ownerships, consents, and by which key they are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _n() -> sa.Column[int]:
    return sa.Column("n", _BIG, primary_key=True, autoincrement=True)


def _version() -> sa.Column[int]:
    return sa.Column("version", sa.Integer, nullable=False, server_default="1")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "customers",
        _n(),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("external_id", sa.String(200), nullable=True, unique=True),
        sa.Column("language", sa.String(64), nullable=False),
        sa.Column("contact", sa.LargeBinary, nullable=False),
        sa.Column("merged_into", sa.String(64), nullable=True, index=True),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("erased_ms", sa.BigInteger, nullable=True),
        _version(),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "customer_words",
        sa.Column("word", sa.LargeBinary(16), primary_key=True),
        sa.Column("customer_n", _BIG, primary_key=True, autoincrement=False),
        sa.Index("ix_customer_words_customer_n", "customer_n"),
    )
    op.create_table(
        "sites",
        _n(),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("customer_id", sa.String(64), nullable=False, index=True),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("region", sa.Text, nullable=True, index=True),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("access_hours", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        _version(),
        sa.Index("uq_sites_external_id", "customer_id", "external_id", unique=True),
        sqlite_autoincrement=True,
    )
    _make_ownerships_and_consents()


def _make_ownerships_and_consents() -> None:
    op.create_table(
        "ownerships",
        _n(),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("appliance_id", sa.String(64), nullable=False, index=True),
        sa.Column("customer_id", sa.String(64), nullable=False, index=True),
        sa.Column("site_id", sa.String(64), nullable=True),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=True),
        sa.Column("serial", sa.String(200), nullable=True, index=True),
        sa.Column("batch", sa.String(200), nullable=True),
        sa.Column("purchased_on", sa.String(10), nullable=True),
        sa.Column("installed_on", sa.String(10), nullable=True),
        sa.Column("proof", sa.LargeBinary, nullable=True),
        sa.Index(
            "uq_ownerships_present",
            "appliance_id",
            unique=True,
            sqlite_where=sa.text("until_ms IS NULL"),
            postgresql_where=sa.text("until_ms IS NULL"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "consents",
        _n(),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=True),
        sa.Column("is_given", sa.Boolean, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Index("ix_consents_newest", "customer_id", "purpose", "n"),
    )
    op.create_table(
        "contact_keys",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
    )
