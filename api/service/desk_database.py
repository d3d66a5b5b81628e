"""Opens the desk's database as the settings say, and brings it up to this version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.database import migrate, open_database

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from api.settings.settings import Settings


def open_desk_database(settings: Settings) -> Engine:
    """The database, ready for use; raises :class:`alerts.errors.DeskError` with a sentence otherwise."""
    if settings.database_url is None:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_database(settings.resolved_database_url)
    migrate(engine)
    return engine
