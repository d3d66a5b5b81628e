"""A database of the desk with nothing in it yet."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from alerts.database import migrate, open_database
from alerts.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def empty_database(url: str) -> Iterator[Engine]:
    """The database at an address, migrated and empty whatever was in it, until the end of the block."""
    engine = open_database(url)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    migrate(engine)
    yield engine
    engine.dispose()
