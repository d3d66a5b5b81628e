"""What PostgreSQL does to a desk on bad days: each is a wait with a sentence, or one sentence at the start."""

from __future__ import annotations

import random
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text

from alerts import database
from alerts.database import UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.errors import DatabaseError, UnavailableError
from ingest.clock import ManualClock
from tests.alerts.made import FINDING, NOW_MS, PROFILES, step_of
from tests.servers.conftest import PostgresServer

pytestmark = pytest.mark.servers


def admin(postgres: PostgresServer, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    """The owner's own connection."""
    return psycopg.connect(postgres.url(database).replace("+psycopg", ""), autocommit=True)


@pytest.fixture
def bad_days(postgres: PostgresServer) -> Iterator[str]:
    """An empty database of its own, dropped afterwards."""
    url = postgres.create("bad_days")
    yield url
    with admin(postgres) as connection:
        connection.execute("DROP DATABASE bad_days WITH (FORCE)")


@pytest.fixture
def desk(bad_days: str) -> Iterator[Desk]:
    """A desk over it."""
    engine = open_database(bad_days)
    migrate(engine)
    yield Desk(UnitOfWork(engine, ManualClock(NOW_MS), random.Random(7)), PROFILES)
    engine.dispose()


def test_a_read_only_standby_is_waited_for(postgres: PostgresServer, desk: Desk) -> None:
    """After a failover to a server that takes no writes each write waits with a sentence, and works when it is over."""
    with admin(postgres, "bad_days") as connection:
        connection.execute("ALTER DATABASE bad_days SET default_transaction_read_only = on")
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'bad_days' AND pid != pg_backend_pid()"
        connection.execute(end)
        with pytest.raises(UnavailableError, match="read-only, as a standby is"):
            desk.findings.commit(step_of(1, FINDING))
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("ALTER DATABASE bad_days RESET default_transaction_read_only")
        connection.execute(end)

    desk.findings.commit(step_of(1, FINDING))

    assert len(desk.tickets.page().items) == 1


@pytest.mark.parametrize(
    "lock", [f"SELECT pg_advisory_lock({database._WRITERS_LOCK})", "LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE"]
)
def test_a_lock_that_is_never_let_go_is_a_wait_with_a_sentence(
    postgres: PostgresServer, desk: Desk, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    """Neither writers nor readers hang behind somebody who holds a lock and does nothing."""
    monkeypatch.setattr(database, "LOCK_TIMEOUT_MS", 50)
    holder = admin(postgres, "bad_days")
    holder.autocommit = False
    holder.execute(lock)

    with pytest.raises(UnavailableError, match="held a lock for too long"):
        desk.findings.commit(step_of(1, FINDING))
    if "tickets" in lock:
        with pytest.raises(UnavailableError, match="held a lock for too long"):
            desk.tickets.page()
    holder.rollback()
    holder.close()

    desk.findings.commit(step_of(1, FINDING))
    assert len(desk.tickets.page().items) == 1


def test_connections_may_be_handed_around_by_a_pooler(postgres: PostgresServer, desk: Desk) -> None:
    """As behind PgBouncer in transaction mode no statement stays prepared, and no setting outlives its transaction."""
    for _ in range(20):
        desk.tickets.page()
    with desk.unit.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() == 0
    with desk.unit.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "0"
    del postgres


def test_a_database_without_an_encoding_is_refused_in_one_sentence(postgres: PostgresServer) -> None:
    """SQL_ASCII, as Debian makes it with LANG=C, is named with the way out."""
    with admin(postgres) as connection:
        connection.execute(
            "CREATE DATABASE no_encoding ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
    engine = open_database(postgres.url("no_encoding"))

    with pytest.raises(DatabaseError, match=r"SQL_ASCII.+ENCODING 'UTF8'"):
        migrate(engine)
    engine.dispose()
    with admin(postgres) as connection:
        connection.execute("DROP DATABASE no_encoding WITH (FORCE)")


def test_a_role_without_rights_is_told_what_it_lacks(postgres: PostgresServer, bad_days: str) -> None:
    """A role that may make no tables, and one whose search_path leads nowhere, are one sentence each."""
    with admin(postgres, "bad_days") as connection:
        connection.execute("CREATE ROLE guest LOGIN")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    guest = open_database(bad_days.replace("fettle@", "guest@"))
    nowhere = open_database(bad_days + "?options=-csearch_path%3Dnowhere")

    with pytest.raises(UnavailableError, match="GRANT CREATE"):
        migrate(guest)
    with pytest.raises(UnavailableError, match="search_path"):
        migrate(nowhere)
    for engine in (guest, nowhere):
        engine.dispose()
    with admin(postgres, "bad_days") as connection:
        connection.execute("DROP OWNED BY guest")
        connection.execute("DROP ROLE guest")
