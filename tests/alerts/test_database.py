"""The desk's database: migrations, and what it refuses."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from alerts import database
from alerts.database import UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.errors import DatabaseError, UnavailableError
from alerts.schema import metadata
from ingest.clock import ManualClock
from tests.alerts.made import NOW_MS, PROFILES


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a table is one that the code names; indexes of words are SQLite's own."""
    return kind != "table" or not str(name).startswith(("ticket_words", "article_words"))


def test_migrations_lead_to_the_schema(engine: Engine) -> None:
    """What the migrations make is what the code expects, table by table."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})

        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    """A database that is up to date stays as it is."""
    migrate(engine)
    migrate(engine)

    newest = ScriptDirectory(str(Path(database.__file__).parent / "migrations")).get_heads()
    assert len(newest) == 1
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == newest


def test_two_processes_migrating_at_once_both_succeed(tmp_path: Path) -> None:
    """Whoever comes second waits and finds the work done."""
    engines = [open_database(f"sqlite:///{tmp_path / 'desk.db'}") for _ in range(4)]
    errors: list[BaseException] = []

    def run(engine: Engine) -> None:
        try:
            migrate(engine)
        except (DatabaseError, UnavailableError) as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for engine in engines:
        engine.dispose()
    assert errors == []


def test_database_of_a_newer_version_is_refused_with_a_sentence(engine: Engine) -> None:
    """A database that a newer version has changed is left alone, and the sentence says what to do."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseError, match=r"newer version of Fettle \(revision 9999\); install that version"):
        migrate(engine)


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense", ""])
def test_unusable_url_is_refused_with_a_sentence(url: str) -> None:
    """Only a SQLite file or PostgreSQL will do, and the sentence says so."""
    with pytest.raises(DatabaseError):
        open_database(url)


def test_unreachable_database_is_an_operating_error(tmp_path: Path) -> None:
    """A database that can't be reached is said in words, so that readiness can show it."""
    engine = open_database(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    desk = Desk(UnitOfWork(engine, ManualClock(NOW_MS), random.Random(1)), PROFILES)

    with pytest.raises(
        UnavailableError, match=r"can't be used now \(.+\): check that it runs, and FETTLE_DATABASE_URL"
    ):
        desk.unit.check()
    with pytest.raises(UnavailableError):
        desk.sessions.expire()
    with pytest.raises(UnavailableError):
        migrate(engine)


def test_locked_database_is_busy_and_nothing_else(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that stays locked by another ends in the operating error, not in a broken program."""
    monkeypatch.setattr("alerts.database.CONFLICT_ATTEMPTS", 2)
    monkeypatch.setattr("alerts.turns.PATIENCE_S", 0.05)
    with engine.connect().execution_options(immediate=True) as holder, holder.begin():
        other = open_database(str(engine.url))
        with other.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=10")
        with pytest.raises(UnavailableError, match="locked"):
            UnitOfWork(other, ManualClock(NOW_MS), random.Random(1)).write(lambda _t: None)
        other.dispose()
