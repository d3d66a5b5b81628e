"""The index of trigrams over appliances holds what is asked for: the id where an appliance has said nothing of itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "DROP INDEX IF EXISTS appliances_search_trigrams",
    "CREATE INDEX appliances_search_trigrams ON appliances USING gin (coalesce(search, lower(id)) gin_trgm_ops)",
)


def upgrade() -> None:
    """Build it anew, where the database has trigrams; elsewhere the same is found, more slowly."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    try:
        with connection.begin_nested():
            for statement in _STATEMENTS:
                connection.exec_driver_sql(statement)
    except sa.exc.DBAPIError:
        return
