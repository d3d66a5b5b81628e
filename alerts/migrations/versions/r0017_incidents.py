"""Incidents and who is part of them; home and batch of appliances."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add columns, tables and indexes."""
    op.add_column("appliances", sa.Column("home", sa.Text, nullable=True))
    op.add_column("appliances", sa.Column("batch", sa.Text, nullable=True))
    op.create_table(
        "incidents",
        sa.Column("number", Big, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("opened_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        sa.Column("closed_ms", sa.BigInteger, nullable=True),
        sa.Column("affected", sa.Integer, nullable=False, server_default="0"),
        sa.Column("peak", sa.Integer, nullable=False, server_default="0"),
        sa.Column("exposed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("low", sa.Float, nullable=False),
        sa.Column("high", sa.Float, nullable=False),
        sa.Column("elsewhere", sa.Float, nullable=True),
        sa.UniqueConstraint("id", name="uq_incidents_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incidents_state", "incidents", ["state"])
    is_open = sa.text("state = 'open'")
    op.create_index(
        "one_open_incident", "incidents", ["kind", "scope"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_table(
        "incident_members",
        sa.Column("n", Big, primary_key=True, autoincrement=True),
        sa.Column(
            "incident_id",
            sa.String(64),
            sa.ForeignKey("incidents.id", name="fk_incident_members_incident_id"),
            nullable=False,
        ),
        sa.Column("appliance_id", sa.String(64), nullable=False),
        sa.Column("alert_id", sa.String(64), nullable=True),
        sa.Column("joined_ms", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("incident_id", "appliance_id", name="once_per_incident"),
    )
    op.create_index("ix_incident_members_appliance_id", "incident_members", ["appliance_id"])
