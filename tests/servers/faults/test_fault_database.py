"""PostgreSQL killed, stopped and restarted under load: telemetry goes on, tickets are those of a run without faults."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alerts.database import migrate, open_database
from tests.servers.faults.conftest import Tell
from tests.servers.faults.fleet import Fleet
from tests.servers.faults.installation import FEEDER, Installation, Ticket, assert_nothing_lost, wait_for
from tests.servers.faults.load import Load
from tests.servers.running import accepts, find_program, free_port, missing

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

Due = Callable[[Load], list[Ticket]]


class Postgres:
    """A PostgreSQL of its own, whose process is started and ended by the test."""

    def __init__(self, folder: Path) -> None:
        folders = sorted(
            Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
        )
        initdb, server = find_program("initdb", *folders), find_program("postgres", *folders)
        if initdb is None or server is None:
            missing("PostgreSQL is missing: run 'bash deploy/servers.sh get postgresql'.")
        self.port, self._folder = free_port(), folder
        self._as_server: list[str] = []
        folder.mkdir()
        if os.getuid() == 0:
            self._as_server = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
            for parent in (folder, *folder.parents[:4]):
                if parent.stat().st_uid == 0 and parent != Path("/"):
                    parent.chmod(parent.stat().st_mode | 0o055)
            shutil.chown(folder, "postgres")
        data = folder / "data"
        subprocess.run(
            [*self._as_server, str(initdb), "-D", data, "-A", "trust", "-U", "fettle", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        self._command = [*self._as_server, str(server), "-D", str(data), "-p", str(self.port), "-k", str(folder)]
        self._command += ["-c", "listen_addresses=127.0.0.1"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for SQLAlchemy."""
        return f"postgresql+psycopg://fettle@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start; after a kill its former children may hold its memory for a moment, so it is tried again."""

        def is_up() -> bool:
            if self._process is None or self._process.poll() is not None:
                with (self._folder / "log").open("ab") as log:
                    self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=self._folder)
                time.sleep(0.3)
            return accepts(self.port)

        wait_for(is_up, "PostgreSQL accepts connections")

    def kill(self) -> None:
        """End it at once."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order, and whoever is connected with it."""
        self._end(signal.SIGINT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(30)


@pytest.fixture
def postgres_alone(tmp_path: Path) -> Iterator[Postgres]:
    """A PostgreSQL that runs, with the desk's tables."""
    server = Postgres(tmp_path / "postgres")
    server.start()
    engine = open_database(server.url)
    migrate(engine)
    engine.dispose()
    yield server
    server.stop()


def test_killed_every_few_seconds_it_changes_no_ticket(
    folder: Path, postgres_alone: Postgres, start_ms: int, tickets_due: Due, tell: Tell
) -> None:
    """T13: PostgreSQL killed, stopped and away under load: nothing is lost, and each fault has its one ticket."""
    load = Load(start_ms, appliances=40, rounds=100)
    away_s = []

    with (
        Installation(folder, settings={"database_url": postgres_alone.url}) as installation,
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        installation.service.start()
        installation.service.wait_until_connected()
        for number in range(6):
            fleet.release(300, per_s=600)
            time.sleep(1.0)
            (postgres_alone.kill if number % 2 == 0 else postgres_alone.stop)()
            began = time.monotonic()
            fleet.release(300, per_s=600)
            fleet.wait_until_idle()
            wait_for(lambda: "desk database" in installation.service.trouble(), "the alarm")
            postgres_alone.start()
            away_s.append(time.monotonic() - began)
        fleet.release()
        installation.wait_until_settled(load.distinct)
        fleet.wait_until_done()
        installation.service.stop()
        outcome = installation.outcome()

    assert_nothing_lost(outcome, load, tickets_due(load))
    tell("times away", len(away_s))
    tell("away, longest, s", max(away_s))


def test_without_patience_a_fault_has_no_ticket(
    folder: Path, postgres_alone: Postgres, start_ms: int, tickets_due: Due
) -> None:
    """T13, control: a detect loop that gives up what the database doesn't take now forgets findings."""
    load = Load(start_ms, appliances=8, rounds=100, is_clean=True)

    with (
        Installation(folder, settings={"database_url": postgres_alone.url}) as installation,
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        installation.service.start("without=patience")
        installation.service.wait_until_connected()
        fleet.release(8 * 8)
        installation.wait_until_settled(8 * 8)
        postgres_alone.kill()
        fleet.release(8 * 40)
        installation.wait_until_counted(8 * 48)
        wait_for(lambda: installation.service.said("findings_committed"), "findings are given up")
        postgres_alone.start()
        fleet.release()
        installation.wait_until_settled(load.distinct)
        installation.service.stop()
        outcome = installation.outcome()

    assert len(outcome.tickets) < len(tickets_due(load))
