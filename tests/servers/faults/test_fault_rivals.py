"""Two of a kind where one is meant to be: they take turns slowly, lose nothing between them, and open one ticket."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.servers.faults.conftest import Tell
from tests.servers.faults.fleet import Fleet
from tests.servers.faults.installation import FEEDER, Installation, Service, Ticket, assert_nothing_lost, wait_for
from tests.servers.faults.load import Load
from tests.servers.faults.test_fault_broker import journaled

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

Due = Callable[[Load], list[Ticket]]
WATCHED_S = 10.0


@contextmanager
def also(service: Service) -> Iterator[Service]:
    """A further process, killed at the end."""
    service.folder.mkdir(exist_ok=True)
    try:
        yield service
    finally:
        service.kill()
        service.http.clear()


def rivalry(folder: Path, load: Load, *altered: str) -> tuple[int, dict[str, set[int]]]:
    """Two services with one client id under load: how often they connected meanwhile, and what the two journals have."""
    with (
        Installation(folder) as installation,
        also(Service(folder / "second", installation.settings)) as second,
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        first = installation.service
        first.start(*altered)
        first.wait_until_connected()
        second.start(*altered)
        second.wait_until_connected()
        fleet.release(per_s=400)
        time.sleep(WATCHED_S)
        connects = len(first.said("mqtt_connected")) + len(second.said("mqtt_connected"))
        fleet.wait_until_idle()
        wait_for(lambda: has_broker(first) or has_broker(second), "one of them has the broker")
        other = second if has_broker(first) else first
        other.stop()  # what it had not acknowledged goes to the one that stays
        wait_for(lambda: united(folder) == everything(load), "every message in one of the two journals")
    return connects, united(folder)


def has_broker(service: Service) -> bool:
    """Whether it is connected now."""
    return service.figures().get("fettle_broker_connected") == 1


def united(folder: Path) -> dict[str, set[int]]:
    """The seq of each appliance in either journal."""
    one, other = journaled(folder), journaled(folder / "second")
    return {name: one.get(name, set()) | other.get(name, set()) for name in {*one, *other}}


def everything(load: Load) -> dict[str, set[int]]:
    """The seq of each appliance in a load."""
    return {name: set(range(load.rounds)) for name in load.names}


def test_two_services_with_one_client_id_take_turns_slowly(folder: Path, start_ms: int, tell: Tell) -> None:
    """T20: each takes the connection from the other, soon only once in a while, and nothing is lost between them."""
    load = Load(start_ms, appliances=40, rounds=60, is_clean=True)

    connects, found = rivalry(folder, load)

    assert found == everything(load)
    assert connects <= 12
    tell(f"connections within {WATCHED_S:.0f} s", connects)


def test_undamped_they_fight(folder: Path, start_ms: int, tell: Tell) -> None:
    """T20, control: two services that come back at once take the connection from each other all the time."""
    load = Load(start_ms, appliances=40, rounds=10, is_clean=True)

    connects, _ = rivalry(folder, load, "without=damping")

    assert connects > 25
    tell(f"connections within {WATCHED_S:.0f} s", connects)


def test_a_second_worker_of_a_role_is_refused(folder: Path) -> None:
    """T20: a second process of one role on one data folder ends with 1 and names the first."""
    with Installation(folder) as installation, also(Service(folder, installation.settings, name="second")) as second:
        installation.service.start(role="detect")
        wait_for(lambda: (folder / "data").exists() and list((folder / "data").glob("*detect*")), "the role is taken")
        time.sleep(0.5)

        second.start(role="detect")

        assert second.wait() == 1
        assert str(installation.service.pid) in second.last_words()


@pytest.mark.parametrize("guard", ["fencing on", "fencing off"])
def test_a_worker_that_fell_behind_changes_nothing(folder: Path, start_ms: int, tickets_due: Due, guard: str) -> None:
    """T20: of two detect workers that are made to run at once, the one that was held writes no older state over a newer one.

    With the fencing off (control) the cursor goes back.
    """
    load = Load(start_ms, appliances=40, rounds=100, is_clean=True)
    altered = ["without=process_lock", *(["without=fencing"] if guard == "fencing off" else [])]

    with (
        Installation(folder) as installation,
        also(Service(folder, installation.settings, name="first")) as first,
        also(Service(folder, installation.settings, name="second")) as second,
        Fleet(installation.broker.port, FEEDER, load.messages) as fleet,
    ):
        installation.service.start(role="ingest")
        installation.service.wait_until_connected()
        watch_cursor(folder)
        first.start(*altered, role="detect")
        first.wait_for("detect_started")
        fleet.release(load.appliances * 19)  # before the first finding
        fleet.wait_until_idle()
        time.sleep(1)
        first.send(signal.SIGSTOP)
        second.start(*altered, role="detect")
        second.wait_for("detect_started")
        fleet.release()
        fleet.wait_until_idle()
        wait_for(lambda: installation.counted() >= load.distinct, "all admitted")
        wait_for(lambda: installation.tickets() == tickets_due(load), "the second has opened the tickets")
        first.send(signal.SIGCONT)
        first.wait_for("findings_committed", 1)
        second.stop()
        first.stop()
        fleet.wait_until_done()
        wait_for(lambda: installation.stored_readings() == load.readings, "all stored")
        installation.service.stop()
        outcome, went_back = installation.outcome(), times_gone_back(folder)

    assert_nothing_lost(outcome, load, tickets_due(load))
    assert (went_back > 0) is (guard == "fencing off")


def watch_cursor(folder: Path) -> None:
    """Have the desk's database note each time the detectors' cursor goes back."""
    with closing(sqlite3.connect(folder / "data" / "desk.db", timeout=10)) as connection:
        connection.executescript(
            "CREATE TABLE gone_back (position INTEGER);"
            "CREATE TRIGGER watch AFTER UPDATE ON cursors WHEN new.name = 'detect' AND new.position < old.position"
            " BEGIN INSERT INTO gone_back VALUES (new.position); END;"
        )


def times_gone_back(folder: Path) -> int:
    """How often it did."""
    with closing(sqlite3.connect(folder / "data" / "desk.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM gone_back").fetchone()[0])
