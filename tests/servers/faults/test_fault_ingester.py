"""The service killed, crashed at named points and stopped under load: nothing acknowledged is lost, nothing counts twice."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.loops.receive import BatchOptions
from tests.servers.faults.conftest import Tell
from tests.servers.faults.fleet import Fleet
from tests.servers.faults.installation import FEEDER, Installation, Ticket, assert_nothing_lost, wait_for
from tests.servers.faults.load import Load, is_buffered

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

Due = Callable[[Load], list[Ticket]]


def settle(installation: Installation, fleet: Fleet, load: Load) -> None:
    """Publish the rest, wait until everything is read and acknowledged, and stop in order."""
    fleet.release()
    installation.wait_until_settled(load.distinct)
    fleet.wait_until_done()
    installation.service.stop()


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(30, id="30 times"),
        pytest.param(300, id="300 times", marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_killed_again_and_again_it_loses_and_doubles_nothing(
    folder: Path, start_ms: int, tickets_due: Due, tell: Tell, kills: int
) -> None:
    """T01: SIGKILL .4 to .9 s after each connection, under load: the ledger closes, readings and tickets are as due."""
    at_once, chance = 800, random.Random(101)
    load = Load(start_ms, appliances=kills * at_once // 150, rounds=150)
    back_s = []

    with Installation(folder) as installation, Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
        for _ in range(kills):
            installation.service.start()
            back_s.append(installation.service.wait_until_connected())
            fleet.release(at_once, per_s=1000)
            time.sleep(chance.uniform(0.4, 0.9))
            installation.service.kill()
        installation.service.start()
        settle(installation, fleet, load)
        outcome = installation.outcome()

    assert_nothing_lost(outcome, load, tickets_due(load))
    tell("kills", kills)
    tell("messages", len(load.messages))
    tell("redelivered", sum(outcome.duplicates.values()) - (len(load.messages) - load.sent))
    tell("connected again, longest, s", max(back_s))
    tell("connected again, median, s", sorted(back_s)[len(back_s) // 2])


def until_it_ends(installation: Installation, fleet: Fleet) -> int:
    """Publish bit by bit until the service has ended; its exit status."""
    service = installation.service
    wait_for(lambda: service.said("mqtt_connected") or not service.is_running, "connected")
    while service.is_running:
        assert not fleet.is_at_end, service.last_words()
        fleet.release(40, per_s=1000)
        time.sleep(0.1)
    return service.wait()


CRASHES = (
    "received:3",
    "sql_write:1",
    "sql_commit:1",
    "outbox_send:1",
    "journal_write:3",
    "journal_commit:3",
    "ack:3",
    "judge_write:3",
    "judge_commit:3",
    "store_answered:2",
)


def test_a_crash_at_any_point_changes_nothing(folder: Path, start_ms: int, tickets_due: Due, tell: Tell) -> None:
    """T02: killed at each named point in turn, it goes on; one ticket for each fault, and each notice under one id."""
    load = Load(start_ms, appliances=40, rounds=130)

    with Installation(folder) as installation, Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
        for crash in CRASHES:
            installation.service.start(f"crash={crash}")
            assert until_it_ends(installation, fleet) == -signal.SIGKILL, crash
        installation.service.start()
        settle(installation, fleet, load)
        outcome, notices = installation.outcome(), installation.service.said("notice", since_ever=True)

    assert_nothing_lost(outcome, load, tickets_due(load))
    opened = Counter(said["notice_id"] for said in notices if said["type"].endswith("ticket.opened"))
    assert len(opened) == len(outcome.tickets)
    assert sum(opened.values()) > len(opened)  # the crash behind the receiver's answer told one twice
    tell("points", len(CRASHES))
    tell("redelivered", sum(outcome.duplicates.values()) - (len(load.messages) - load.sent))


@pytest.mark.parametrize(
    ("guard", "crash"),
    [
        ("ack_after_commit", "journal_write:2"),
        ("cursor_after_write", "store_write:1"),
        ("dedupe", "journal_commit:2"),  # durable, and delivered again
    ],
)
def test_without_its_guard_a_crash_does_harm(folder: Path, start_ms: int, guard: str, crash: str) -> None:
    """T01 and T02, control: acknowledged before it is durable, or counted before it is written, or twice: it shows."""
    load = Load(start_ms, appliances=40, rounds=20, is_clean=True)

    with Installation(folder) as installation, Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
        installation.service.start(f"without={guard}", f"crash={crash}")
        assert until_it_ends(installation, fleet) == -signal.SIGKILL
        fleet.wait_until_idle()
        installation.service.start(f"without={guard}")
        fleet.release()
        installation.wait_until_heard(load.messages[-1])
        installation.service.stop()
        outcome = installation.outcome()

    with pytest.raises(AssertionError):
        assert_nothing_lost(outcome, load, [])


def test_stopped_ten_times_under_load_it_loses_nothing(
    folder: Path, start_ms: int, tickets_due: Due, tell: Tell
) -> None:
    """T03: SIGTERM under load ends it in order within 10 s, and at most one batch is delivered again."""
    stops, at_once = 10, 1500
    load = Load(start_ms, appliances=120, rounds=130)
    took_s = []

    with Installation(folder) as installation, Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
        for _ in range(stops):
            installation.service.start()
            installation.service.wait_until_connected()
            fleet.release(at_once, per_s=2500)
            time.sleep(0.4)
            took_s.append(installation.service.stop())
        installation.service.start()
        settle(installation, fleet, load)
        outcome = installation.outcome()

    assert_nothing_lost(outcome, load, tickets_due(load))
    redelivered = sum(count for name, count in outcome.duplicates.items() if not is_buffered(name))
    assert redelivered - load.sent_twice <= stops * BatchOptions().count
    assert max(took_s) < 15  # 10 s, and what a busy machine adds
    tell("stops", stops)
    tell("ended, longest, s", max(took_s))
    tell("redelivered of class M", redelivered - load.sent_twice)


def test_without_acknowledgements_a_stop_repeats_more_than_a_batch(folder: Path, start_ms: int) -> None:
    """T03, control: a service that acknowledges nothing gets everything again after a stop."""
    load = Load(start_ms, appliances=100, rounds=60, is_clean=True)

    with Installation(folder) as installation, Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
        installation.service.start("without=ack")
        installation.service.wait_until_connected()
        fleet.release()
        installation.wait_until_settled(load.distinct)
        installation.service.stop()
        installation.service.start()
        installation.wait_until_settled(load.distinct)
        wait_for(lambda: sum(row.duplicates for row in installation.rows()) > BatchOptions().count, "duplicates")
        installation.service.stop()
