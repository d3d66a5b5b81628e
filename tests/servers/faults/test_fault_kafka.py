"""A journal in Kafka under faults: Kafka killed, missing, late; the service killed; roles apart. Nothing is lost or doubled."""

from __future__ import annotations

import itertools
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.faults.conftest import Tell
from tests.servers.faults.fleet import Fleet
from tests.servers.faults.installation import (
    FEEDER,
    Installation,
    Service,
    Ticket,
    assert_nothing_lost,
    wait_for,
)
from tests.servers.faults.load import Load
from tests.servers.kafka_server import KafkaServer
from tests.servers.running import free_port

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

Due = Callable[[Load], list[Ticket]]
numbers = itertools.count()


@pytest.fixture
def server(kafka: KafkaServer) -> Iterator[KafkaServer]:
    """A Kafka that the test may kill; it runs again afterwards."""
    yield kafka
    if not kafka.is_running:
        kafka.start()


@pytest.fixture
def installation(server: KafkaServer, folder: Path) -> Iterator[Installation]:
    """A broker and a service whose journal is a topic of its own; its messages are dated long ago and stay."""
    url = server.url(f"faults-{next(numbers)}")
    settings = {"journal_url": url, "journal_partitions": "4", "journal_retention_days": "20000"}
    with Installation(folder, settings=settings) as installation:
        yield installation


def settle(installation: Installation, fleet: Fleet, load: Load) -> None:
    """Publish the rest, wait until everything is read and acknowledged, and stop in order."""
    fleet.release()
    installation.wait_until_settled(load.distinct)
    fleet.wait_until_done()
    installation.service.stop()


def test_the_service_killed_ten_times_loses_and_doubles_nothing(
    installation: Installation, start_ms: int, tickets_due: Due, tell: Tell
) -> None:
    """SIGKILL .3 to 1 s after each connection, under load: the ledger closes, readings and tickets are as due."""
    kills, chance = 10, random.Random(7)
    load = Load(start_ms, appliances=40, rounds=130)

    with Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
        installation.service.start()
        installation.service.wait_until_connected()
        fleet.release(100)
        installation.wait_until_counted(100)
        installation.service.kill()
        for _ in range(kills):
            installation.service.start()
            installation.service.wait_until_connected()
            fleet.release(400, per_s=600)
            time.sleep(chance.uniform(0.3, 1.0))
            installation.service.kill()
        installation.service.start()
        settle(installation, fleet, load)
        outcome = installation.outcome()

    assert_nothing_lost(outcome, load, tickets_due(load))
    tell("kills", kills)
    tell("messages", len(load.messages))
    tell("redelivered", sum(outcome.duplicates.values()) - (len(load.messages) - load.sent))


def test_kafka_killed_under_load_loses_and_doubles_nothing(
    installation: Installation, server: KafkaServer, start_ms: int, tickets_due: Due, tell: Tell
) -> None:
    """While Kafka is away nothing is acknowledged and readiness names it; when it is back everything goes on by itself."""
    kills = 3
    load = Load(start_ms, appliances=40, rounds=130)
    back_s, sentences = [], []

    with Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
        installation.service.start()
        installation.service.wait_until_connected()
        for _ in range(kills):
            fleet.release(1000, per_s=1500)
            time.sleep(0.5)
            server.kill()
            fleet.release(500, per_s=1500)
            wait_for(lambda: "Kafka" in installation.service.trouble(), "readiness names Kafka")
            sentences.append(installation.service.trouble())
            before = installation.counted()
            server.start()
            started = time.monotonic()
            installation.wait_until_counted(before + 1)
            back_s.append(time.monotonic() - started)
        settle(installation, fleet, load)
        outcome = installation.outcome()

    assert_nothing_lost(outcome, load, tickets_due(load))
    assert all("can't be reached" in sentence for sentence in sentences)
    tell("kills", kills)
    tell("goes on after, longest, s", max(back_s))
    tell("redelivered", sum(outcome.duplicates.values()) - (len(load.messages) - load.sent))


def test_acknowledged_before_kafkas_word_a_message_is_lost(
    installation: Installation, server: KafkaServer, start_ms: int
) -> None:
    """Control: a service that acknowledges before the commit loses what Kafka never got."""
    load = Load(start_ms, appliances=40, rounds=30, is_clean=True)

    with Fleet(installation.broker.port, FEEDER, load.messages, is_repeating=False) as fleet:
        installation.service.start("without=ack_after_commit")
        installation.service.wait_until_connected()
        fleet.release(200)
        installation.wait_until_counted(200)
        server.kill()
        fleet.release(400)
        wait_for(lambda: installation.service.figures().get("fettle_messages_acknowledged_total", 0) >= 600, "acks")
        installation.service.kill()
        server.start()
        installation.service.start("without=ack_after_commit")
        fleet.release()
        installation.wait_until_heard(load.messages[-1])
        installation.service.stop()
        outcome = installation.outcome()

    with pytest.raises(AssertionError):
        assert_nothing_lost(outcome, load, [])


def test_a_kafka_that_comes_late_is_waited_for(
    installation: Installation, server: KafkaServer, start_ms: int, tickets_due: Due, tell: Tell
) -> None:
    """Started before its Kafka, the service says so in one sentence, is not ready, and takes up work when Kafka is there."""
    load = Load(start_ms, appliances=20, rounds=130)
    server.kill()

    with Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
        installation.service.start()
        installation.service.wait_until_connected()
        fleet.release()
        wait_for(lambda: "Kafka" in installation.service.trouble(), "readiness names Kafka")
        sentence = installation.service.trouble()
        counted = installation.counted()
        server.start()
        took_s = wait_for(lambda: not installation.service.trouble(), "ready")
        settle(installation, fleet, load)
        outcome = installation.outcome()

    assert f"Kafka at 127.0.0.1:{server.port} can't be reached: start it, or correct FETTLE_JOURNAL_URL" in sentence
    assert counted == 0
    assert_nothing_lost(outcome, load, tickets_due(load))
    tell("ready after, s", took_s)


def test_roles_in_processes_of_their_own_do_what_one_service_does(
    installation: Installation, start_ms: int, tickets_due: Due
) -> None:
    """``ingest``, ``detect`` and ``desk`` over one topic, each killed once, come to the same ledger, readings and tickets."""
    load = Load(start_ms, appliances=40, rounds=130)
    ingest = installation.service
    others = [
        Service(installation.folder / role, dict(installation.settings), free_port()) for role in ("detect", "desk")
    ]
    for role in others:
        role.folder.mkdir()
        role.data = installation.folder / "data"

    def start(service: Service) -> None:
        service.start(role="ingest" if service is ingest else service.folder.name)

    try:
        with Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
            for service in (ingest, *others):
                start(service)
            ingest.wait_until_connected()
            for number, service in enumerate((ingest, *others)):
                fleet.release(1500, per_s=1500)
                installation.wait_until_counted(800 * (number + 1))
                service.kill()
                start(service)
            fleet.release()
            installation.wait_until_counted(load.distinct)
            fleet.wait_until_done()
            wait_for(lambda: installation.outcome().readings == load.readings, "everything stored")
            wait_for(lambda: len(installation.outcome().tickets) == len(tickets_due(load)), "all tickets")
            for service in (ingest, *others):
                service.send(signal.SIGTERM)
                assert service.wait(30) == 0, service.last_words()
            outcome = installation.outcome()
    finally:
        for service in others:
            service.kill()

    assert_nothing_lost(outcome, load, tickets_due(load))
