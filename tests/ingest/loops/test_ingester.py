"""MQTT → journal → acknowledgement: nothing is acknowledged before it is durable, and memory is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING

import pytest

from ingest.clock import ManualClock
from ingest.journal import JournalError
from ingest.loops.receive import BatchOptions, BrokerWindow, Ingester
from ingest.mqtt.address import parse_address
from ingest.mqtt.connection import ConnectionOptions
from ingest.mqtt.session import subscriptions
from tests.ingest.journal.memory_journal import MemoryJournal
from tests.ingest.mqtt.fake_broker import WAIT_S, FakeBroker, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from typing import Any

TOPIC = "fettle/v1/refrigerator/f1/telemetry"


def _run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, WAIT_S * 2))


@contextlib.asynccontextmanager
async def _ingester(
    broker: FakeBroker, journal: MemoryJournal, batching: BatchOptions | None = None, *, rest_s: float = 0
) -> AsyncIterator[Ingester]:
    """A running ingester that is connected."""
    ingester = Ingester(
        address=parse_address(broker.url),
        options=ConnectionOptions("fettle", rest_s=rest_s),
        filters=subscriptions("fettle/v1"),
        journal=journal,
        clock=ManualClock(1_790_000_000_000),
        chance=random.Random(1),
        on_appended=lambda _before, _batch: None,
        batching=batching or BatchOptions(age_s=0.001),
    )
    running = asyncio.create_task(ingester.run())
    try:
        await until(lambda: ingester.session.stats.is_connected or running.done())
        yield ingester
    finally:
        journal.gate.set()
        ingester.request_stop()
        await running


def test_a_message_is_acknowledged_after_its_commit() -> None:
    """While the journal is at work no PUBACK leaves; when it has the message, the PUBACK does."""

    async def story() -> None:
        journal = MemoryJournal()
        async with FakeBroker() as broker, _ingester(broker, journal) as ingester:
            journal.gate.clear()
            broker.send(TOPIC, b"1")
            await until(lambda: journal.attempts == 1)
            broker.send(TOPIC, b"2")
            await until(lambda: ingester.stats.messages_received == 2)
            assert broker.pubacks == []
            journal.gate.set()
            await until(lambda: broker.pubacks == [1, 2])
            assert journal.payloads() == [b"1", b"2"]
            assert ingester.stats.unacknowledged == 0
            assert ingester.stats.undurable_bytes == 0
            assert journal.batches[0].received_ms == 1_790_000_000_000

    _run(story())


def test_a_journal_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the journal can't be written nothing is acknowledged and the reason is told; afterwards all of it is."""
    monkeypatch.setattr("ingest.loops.commit.RETRY_S", 0.001)

    async def story() -> None:
        journal = MemoryJournal()
        journal.failure = JournalError("the disk is full")
        async with FakeBroker() as broker, _ingester(broker, journal) as ingester:
            broker.send(TOPIC, b"1")
            await until(lambda: journal.attempts >= 3)
            assert broker.pubacks == []
            assert ingester.commit_stats.sentence == "the disk is full"
            journal.failure = None
            await until(lambda: broker.pubacks == [1])
            assert ingester.commit_stats.sentence is None
            assert journal.payloads() == [b"1"]

    _run(story())


def test_acknowledgements_keep_the_order_of_arrival() -> None:
    """PUBACKs leave in the order in which the messages came, across batches, and QoS 0 gets none."""

    async def story() -> None:
        journal = MemoryJournal()
        async with FakeBroker() as broker, _ingester(broker, journal, BatchOptions(age_s=0.001, count=7)):
            for number in range(300):
                broker.send(TOPIC, str(number).encode())
                if number % 10 == 0:
                    broker.send(TOPIC, b"qos 0", qos=0)
            await until(lambda: len(broker.pubacks) == 300)
            assert broker.pubacks == list(range(1, 301))
            payloads = journal.payloads()
            assert [int(p) for p in payloads if p != b"qos 0"] == list(range(300))
            assert payloads.count(b"qos 0") == 30

    _run(story())


def test_a_journal_behind_pauses_the_socket() -> None:
    """What isn't durable is bounded in bytes whatever the broker sends; it all arrives when the journal goes on."""

    async def story() -> None:
        journal = MemoryJournal()
        bound = 200_000
        async with (
            FakeBroker() as broker,
            _ingester(broker, journal, BatchOptions(age_s=0.001, held_bytes=bound)) as ingester,
        ):
            journal.gate.clear()
            for _ in range(2000):
                broker.send(TOPIC, bytes(10_000))
            await until(lambda: ingester.stats.held)
            most = 0
            for _ in range(50):
                await asyncio.sleep(0)
                most = max(most, ingester.stats.undurable_bytes)
            assert most < bound + 600_000  # one buffer of the connection may come on top
            assert broker.waiting_bytes() > 5_000_000
            journal.gate.set()
            await until(lambda: len(broker.pubacks) == 2000)
            assert len(journal.payloads()) == 2000

    _run(story())


def test_what_a_lost_connection_owed_comes_again() -> None:
    """PUBACKs of a connection that ended are dropped; the broker delivers again, and the journal has it twice."""

    async def story() -> None:
        journal = MemoryJournal()
        async with FakeBroker() as broker, _ingester(broker, journal) as ingester:
            journal.gate.clear()
            broker.send(TOPIC, b"1")
            await until(lambda: journal.attempts == 1)
            broker.drop()
            await until(lambda: ingester.session.stats.connects == 2)
            await until(lambda: ingester.stats.messages_received == 2)
            assert broker.pubacks == []
            journal.gate.set()
            await until(lambda: broker.pubacks)
            await until(lambda: ingester.stats.unacknowledged == 0)
            assert broker.pubacks == [1]
            assert journal.payloads() == [b"1", b"1"]

    _run(story())


def test_stopping_finishes_what_has_arrived() -> None:
    """A stop commits and acknowledges what was received, then takes leave and keeps the session."""

    async def story() -> None:
        journal = MemoryJournal()
        async with FakeBroker() as broker:
            async with _ingester(broker, journal, BatchOptions(age_s=100)) as ingester:
                broker.send(TOPIC, b"1")
                await until(lambda: ingester.stats.messages_received == 1)
                assert journal.attempts == 0
            await until(lambda: broker.goodbyes)
            assert broker.pubacks == [1]
            assert journal.payloads() == [b"1"]

    _run(story())


def test_stopping_does_not_wait_for_a_dead_journal() -> None:
    """A stop with a journal that can't be written ends all the same, and what it has not is not acknowledged."""

    async def story() -> None:
        journal = MemoryJournal()
        journal.failure = JournalError("the disk is full")
        async with FakeBroker() as broker:
            async with _ingester(broker, journal):
                broker.send(TOPIC, b"1")
                await until(lambda: journal.attempts >= 1)
            assert broker.pubacks == []
            assert list(broker.unacknowledged) == [1]

    _run(story())


def test_the_death_of_the_commit_thread_reaches_the_owner() -> None:
    """An error that nobody expects ends the ingester with that error as its cause."""

    async def story() -> None:
        journal = MemoryJournal()
        journal.failure = ZeroDivisionError("a bug")
        async with FakeBroker() as broker, _ingester(broker, journal):
            broker.send(TOPIC, b"1")
            await until(lambda: journal.attempts)

    with pytest.raises(ZeroDivisionError, match="a bug"):
        _run(story())


def test_batches_are_cut_by_count() -> None:
    """A batch holds no more than its count once a read brings more, without waiting for its age."""

    async def story() -> None:
        journal = MemoryJournal()
        async with FakeBroker() as broker, _ingester(broker, journal, BatchOptions(age_s=100, count=10)):
            for number in range(10):
                broker.send(TOPIC, str(number).encode())
            await until(lambda: len(broker.pubacks) == 10)

    _run(story())


def test_a_known_window_cuts_batches() -> None:
    """When as many messages are unacknowledged as the broker sends at most, the batch is committed at once."""

    async def story() -> None:
        journal = MemoryJournal()
        async with FakeBroker() as broker, _ingester(broker, journal, BatchOptions(age_s=100, window=5)):
            for number in range(5):
                broker.send(TOPIC, str(number).encode())
            await until(lambda: len(broker.pubacks) == 5)

    _run(story())


def test_a_window_is_learned_and_forgotten() -> None:
    """A stream that stalls three times at one number shows the window; more than it arriving refutes it."""
    window = BrokerWindow()

    for _ in range(2):
        window.stalled(20)
    assert not window.saw(20)
    window.stalled(20)

    assert window.saw(20)
    assert not window.saw(19)
    assert not window.saw(21)
    assert not window.saw(20)


def test_a_small_window_is_not_rested_upon() -> None:
    """Where the broker sends only a few messages unacknowledged, the socket stops resting between reads."""

    async def story() -> None:
        journal = MemoryJournal()
        batching = BatchOptions(age_s=0.002, count=10)
        async with FakeBroker() as broker, _ingester(broker, journal, batching, rest_s=0.001) as ingester:
            connection = ingester.session.connection
            assert connection is not None
            assert connection.may_rest
            for _ in range(50):
                for _ in range(5):
                    broker.send(TOPIC, b"1")
                await until(lambda: not broker.unacknowledged)
                if not connection.may_rest:
                    break
            assert not connection.may_rest
            for _ in range(500):  # more than that window, and than a batch: it was learned wrongly
                broker.send(TOPIC, b"1")
            await until(lambda: connection.may_rest)

    _run(story())


def test_what_gathered_while_the_socket_rested_does_not_wait_again() -> None:
    """In a busy stream a batch is cut at each read: its messages have had their time to gather."""

    async def story() -> None:
        journal = MemoryJournal()
        batching = BatchOptions(age_s=100, count=10**9)
        async with FakeBroker() as broker, _ingester(broker, journal, batching, rest_s=0.001) as ingester:
            connection = ingester.session.connection
            assert connection is not None
            while not connection.is_gathering:
                for _ in range(10):
                    broker.send(TOPIC, b"1")
                await asyncio.sleep(0)
            await until(lambda: not broker.unacknowledged)

    _run(story())


def test_a_configured_window_stays() -> None:
    """A window that was told is neither learned anew nor forgotten."""
    window = BrokerWindow(100)

    for _ in range(5):
        window.stalled(7)

    assert not window.saw(7)
    assert window.saw(101)
    assert window.saw(100)
