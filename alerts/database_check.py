"""How the desk's database is, for whoever looks after it: its version, its revision, what we may do, what time it has.

Changes nothing, also where the database is not set up yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from alerts.database_errors import translate

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class DatabaseCheck:
    """What was found."""

    server: str
    revision: str | None
    """None where there are no tables yet."""
    newest: str
    """The revision of this version of the code."""
    is_newer: bool
    """Whether a later version of the code has changed the tables."""
    may_create: bool
    clock_ms: int


def check_database(engine: Engine) -> DatabaseCheck:
    """Look at the database; raises :class:`~alerts.errors.DeskError` where it can't be used now."""
    scripts = ScriptDirectory(str(Path(__file__).parent / "migrations"))
    known = {script.revision for script in scripts.walk_revisions()}
    try:
        with engine.connect() as connection, connection.begin():
            revision = MigrationContext.configure(connection).get_current_revision()
            is_postgres = connection.dialect.name == "postgresql"
            version = connection.execute(text("SHOW server_version" if is_postgres else "SELECT sqlite_version()"))
            server = f"{'PostgreSQL' if is_postgres else 'SQLite'} {version.scalar_one()}"
            may = "SELECT has_schema_privilege(current_schema(), 'CREATE')" if is_postgres else "SELECT 1"
            now = "extract(epoch from clock_timestamp())" if is_postgres else "(julianday('now') - 2440587.5) * 86400"
            may_create = bool(connection.execute(text(may)).scalar_one())
            clock_ms = round(float(connection.execute(text(f"SELECT {now}")).scalar_one()) * 1000)
    except SQLAlchemyError as error:
        raise (translate(error, verb="look for") or error) from error
    newest = scripts.get_current_head() or ""
    return DatabaseCheck(server, revision, newest, revision is not None and revision not in known, may_create, clock_ms)
