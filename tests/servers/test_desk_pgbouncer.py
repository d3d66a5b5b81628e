"""The desk behind PgBouncer in transaction mode: each transaction may run on another connection of PostgreSQL."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from alerts.cursors.claim import claim, hold, let_go
from alerts.database import UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.errors import DatabaseError, UnavailableError
from alerts.notices.tables import changes
from ingest.clock import ManualClock
from tests.alerts.made import FINDING, NOW_MS, PROFILES, step_of
from tests.contract.desk_guard_suite import DeskGuardSuite
from tests.contract.desk_suite import DeskSuite
from tests.contract.finding_sink_suite import FindingSinkSuite, OpenSink
from tests.servers.conftest import PostgresServer
from tests.servers.empty_database import empty_database
from tests.servers.pgbouncer import BEHIND, pooler
from tests.servers.running import find_program, free_port, missing

pytestmark = pytest.mark.servers

CLIENTS = 24


@pytest.fixture(scope="module")
def program() -> Path:
    """Where PgBouncer is."""
    found = find_program("pgbouncer", Path("/usr/sbin"))
    if found is None:
        missing("PgBouncer is missing: run 'bash deploy/servers.sh get pgbouncer'.")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def server(postgres: PostgresServer, program: Path) -> Iterator[PostgresServer]:
    """PostgreSQL as it is seen through a PgBouncer."""
    postgres.create("pooled")
    with pooler(program, port=free_port(), behind=postgres.port) as port:
        yield PostgresServer(port)


@pytest.fixture
def engine(server: PostgresServer) -> Iterator[Engine]:
    """A migrated, empty database behind it."""
    with empty_database(server.url("pooled")) as engine:
        yield engine


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the tests' now."""
    return ManualClock(NOW_MS)


@pytest.fixture
def desk(engine: Engine, clock: ManualClock) -> Desk:
    """A desk over the database."""
    return Desk(UnitOfWork(engine, clock, random.Random(7)), PROFILES)


class TestDeskBehindPgBouncer(DeskSuite):
    """A pooler in between changes none of the desk's promises."""


class TestGuardsBehindPgBouncer(DeskGuardSuite):
    """Nor its guards, among them the turn of writers."""


class TestSinkBehindPgBouncer(FindingSinkSuite):
    """Nor what the detectors rely on."""

    @pytest.fixture
    def open_sink(self, desk: Desk) -> OpenSink:
        """A new desk over the same database each time."""
        return lambda: Desk(desk.unit, desk.profiles).findings


def test_many_clients_write_over_few_connections_in_one_order(postgres: PostgresServer, desk: Desk) -> None:
    """Writers take turns although each transaction runs where it may: no number is missed, nothing is left locked behind."""
    barrier = threading.Barrier(CLIENTS)

    def write(number: int) -> None:
        barrier.wait()
        for step in range(5):
            desk.appliances.register((f"WM-{number}-{step}", "washing_machine"))
            desk.tickets.page()

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(write, range(CLIENTS)))
    desk.findings.commit(step_of(1, *(replace(FINDING, appliance_id=f"WM-{n}-0") for n in range(CLIENTS))))

    with desk.unit.engine.connect() as connection:
        seen = connection.execute(changes.select().order_by(changes.c.id)).all()
    numbers = [row.id for row in seen]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert sum(desk.tickets.counts().values()) == CLIENTS
    with psycopg.connect(postgres.url("pooled").replace("+psycopg", "")) as direct:
        held = direct.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
        open_for = direct.execute(
            "SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in transaction%%') FROM pg_stat_activity"
            " WHERE datname = 'pooled' AND pid <> pg_backend_pid()"
        ).fetchone()
    assert held == (0,)
    assert open_for is not None
    assert (open_for[0] <= BEHIND, open_for[1]) == (True, 0)


def test_a_claim_holds_over_any_connection(desk: Desk) -> None:
    """Whose journal the cursors belong to is a row and no lock of a session, so another installation is refused."""
    unit = desk.unit
    unit.write(lambda t: claim(t, "one", "here"))
    for _ in range(2 * BEHIND):
        unit.write(lambda t: hold(t, "one"))
        with pytest.raises(DatabaseError, match="belongs to another installation"):
            unit.write(lambda t: claim(t, "two", "there"))

    unit.write(lambda t: let_go(t, "one"))
    unit.write(lambda t: claim(t, "two", "there"))


def test_a_setting_that_belongs_to_a_session_is_refused_in_one_sentence(server: PostgresServer) -> None:
    """``options`` in the address can't work behind a pooler, and that is said; nothing else of the address is lost."""
    engine = open_database(server.url("pooled") + "?options=-csearch_path%3Dpublic")

    with pytest.raises(UnavailableError, match="PgBouncer"):
        migrate(engine)
    engine.dispose()


def test_a_pooler_that_starts_anew_is_waited_for(postgres: PostgresServer, program: Path) -> None:
    """While it is away that is one sentence; when it is back everything goes on, over the connections of before."""
    port = free_port()
    engine = open_database(PostgresServer(port).url())
    unit = UnitOfWork(engine, ManualClock(NOW_MS), random.Random(1))
    with pooler(program, port=port, behind=postgres.port):
        unit.check()
    with pytest.raises(UnavailableError):
        unit.check()
    with pooler(program, port=port, behind=postgres.port):
        unit.check()
    engine.dispose()
