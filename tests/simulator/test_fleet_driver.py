"""A fleet at a real broker: everything arrives once, through breaks, silence and a bad network."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace

import msgspec
import pytest

from ingest.clock import ManualClock
from ingest.mqtt.embedded_broker import EmbeddedBroker
from ingest.wire.command import CommandClass, CommandMessage, encode_command
from simulator.agent import Agent, Identity
from simulator.connection import Broker, Connection, RefusedError, read_broker
from simulator.distribution import Distribution
from simulator.driver import FleetRun
from simulator.fleet import Fleet
from simulator.specification import FleetSpecification
from simulator.weather import DAY_MS
from tests.simulator.made import START_MS, Acknowledger

SAMPLE = b'{"ts":1790000000000,"mode":"idle","metrics":{"power_w":1.5}}'


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    """The embedded broker, open to anyone."""
    with EmbeddedBroker() as running:
        yield Broker("127.0.0.1", running.old_port)


@contextlib.asynccontextmanager
async def _service(broker: Broker, root: str) -> AsyncIterator[Acknowledger]:
    service = Acknowledger(broker.host, broker.port, root)
    task = asyncio.create_task(service.run())
    try:
        yield service
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(is_true: Callable[[], object], *, more: Callable[[], None] | None = None) -> None:
    async with asyncio.timeout(30):
        while not is_true():
            if more is not None:
                more()
            await asyncio.sleep(0.01 if more is None else 0.001)


def _check_complete(service: Acknowledger, published: int) -> None:
    """Each appliance's messages are there without a hole, and they are all that was published."""
    for seen in service.seen.values():
        assert set(seen) == set(range(len(seen)))
    assert sum(map(len, service.seen.values())) == published


def test_history_and_live_arrive_complete(specification: FleetSpecification, broker: Broker) -> None:
    """Days of history, then live on a fast clock, through loss, duplicates, delays and cuts: every message once."""
    rules = replace(specification.network, loss=0.0, duplicate=0.05, delay=0.05, disconnects_per_day=6.0)
    fleet = Fleet(replace(specification, network=rules), seed=1, appliances=8, start_ms=START_MS)
    history_until_ms = fleet.start_ms + 3 * DAY_MS
    clock = ManualClock(history_until_ms)

    async def run() -> tuple[FleetRun, Acknowledger]:
        fleet_run = FleetRun(fleet, broker, clock=clock, seed=1, topic_root="history/v1")
        async with _service(broker, "history/v1") as service:
            stop = asyncio.Event()
            task = asyncio.create_task(fleet_run.run(history_until_ms=history_until_ms, stop=stop))
            await _until(lambda: fleet.now_ms >= history_until_ms + DAY_MS, more=lambda: clock.advance(200_000))
            stop.set()
            done = asyncio.create_task(_forever(lambda: clock.advance(60_000)))
            await task
            done.cancel()
            await asyncio.gather(done, return_exceptions=True)
            await _until(lambda: sum(b"offline" in payload for _, payload in service.statuses) >= 8)
            return fleet_run, service

    fleet_run, service = asyncio.run(run())

    assert fleet_run.progress.unacknowledged == 0
    assert fleet_run.progress.dropped == 0
    assert service.repeats > 0
    assert len(service.seen) == 8
    _check_complete(service, fleet_run.progress.published)


@pytest.mark.thorough
def test_a_rough_life_is_told_truly(specification: FleetSpecification, broker: Broker) -> None:
    """Reboots, storms, absences and wrong clocks: what has a memory loses nothing of any boot, what has none leaves gaps.

    Washing machines say that they sleep, and that they are there when a programme starts.
    """
    rules = replace(
        specification.network, unbuffered=0.4, disconnects_per_day=4.0, absences_per_year=40.0,
        absence_days=Distribution(0.2, 0.6), storms_per_year=200.0, reboots_per_year=200.0,
        clock_offset_s=Distribution(-3600.0, 3600.0), clock_drift_s_per_day=Distribution(-5.0, 5.0),
    )  # fmt: skip
    fleet = Fleet(replace(specification, network=rules), seed=3, appliances=10, start_ms=START_MS)
    clock = ManualClock(START_MS)

    async def run() -> tuple[FleetRun, Acknowledger]:
        fleet_run = FleetRun(fleet, broker, clock=clock, seed=3, topic_root="rough/v1")
        async with _service(broker, "rough/v1") as service:
            stop = asyncio.Event()
            task = asyncio.create_task(fleet_run.run(history_until_ms=None, stop=stop))
            await _until(lambda: fleet.now_ms >= START_MS + 3 * DAY_MS, more=lambda: clock.advance(400_000))
            stop.set()
            done = asyncio.create_task(_forever(lambda: clock.advance(600_000)))
            await task
            done.cancel()
            await asyncio.gather(done, return_exceptions=True)
            return fleet_run, service

    fleet_run, service = asyncio.run(run())

    agents = {one.agent.identity.appliance_id: one.agent for one in fleet_run.connections}
    gaps = dict.fromkeys(agents, 0)
    for (topic, _), seen in service.seen.items():
        gaps[topic.rsplit("/", 1)[-1]] += max(seen) + 1 - len(seen)
    assert {agent.has_memory for agent in agents.values()} == {True, False}
    assert sum(agent.counts.boots - 1 for agent in agents.values()) > 5
    assert all(not gaps[name] for name, agent in agents.items() if agent.has_memory)
    assert any(gaps[name] for name, agent in agents.items() if not agent.has_memory)
    told = {
        (topic.split("/")[2], msgspec.json.decode(payload)["state"]) for topic, payload in service.statuses if payload
    }
    assert ("washing_machine", "sleeping") in told
    assert ("refrigerator", "sleeping") not in told


async def _forever(step: Callable[[], None]) -> None:
    while True:
        step()
        await asyncio.sleep(0.01)


def test_what_was_sent_into_silence_is_sent_again(broker: Broker) -> None:
    """Messages that the service has not acknowledged come again on the next connection, in order, with the same bytes."""

    async def scenario(connection: Connection, service: Acknowledger) -> None:
        service.is_acknowledging = False
        await _until(lambda: connection.is_connected)
        connection.publish([message for _ in range(5) for message in connection.agent.report([SAMPLE])])
        await _until(lambda: sum(map(len, service.seen.values())) == 5)
        first = [dict(seen) for seen in service.seen.values()]
        service.is_acknowledging = True
        await _restart(connection)
        await _until(lambda: connection.is_idle)
        assert 1 <= service.repeats <= 5
        assert [dict(seen) for seen in service.seen.values()] == first

    _with_connection(broker, "silence/v1", scenario)


def test_a_long_silence_makes_the_appliance_repeat(broker: Broker) -> None:
    """Without an acknowledgement for half a minute the oldest messages are sent again, without a new connection."""

    async def scenario(connection: Connection, service: Acknowledger) -> None:
        service.is_acknowledging = False
        await _until(lambda: connection.is_connected)
        connection.publish(connection.agent.report([SAMPLE]))
        await _until(lambda: service.seen)
        service.is_acknowledging = True
        for now_s in (0.0, 10.0, 29.0):
            connection.resend_if_forgotten(now_s)
        assert connection.resent == 0
        connection.resend_if_forgotten(31.0)
        await _until(lambda: connection.is_idle)
        assert connection.resent == 1
        assert connection.reconnects == 0

    _with_connection(broker, "long/v1", scenario)


def test_a_command_is_answered_over_the_wire(broker: Broker) -> None:
    """A command reaches the appliance, and its result comes back."""

    async def scenario(connection: Connection, service: Acknowledger) -> None:
        await _until(lambda: connection.is_connected and service.client is not None)
        command = CommandMessage(
            "c1",
            "s1",
            "consent.show",
            CommandClass.R0,
            0,
            START_MS + 9,
            {"code": "123456", "expires_at": "x", "scope": "see"},
        )
        assert service.client is not None
        await service.client.publish(connection.agent.topic("command"), encode_command(command), qos=1)
        await _until(lambda: service.results)
        assert msgspec.json.decode(service.results[0])["state"] == "succeeded"
        assert connection.agent.consent is not None
        assert connection.agent.consent.code == "123456"

    _with_connection(broker, "command/v1", scenario)


def test_a_wrong_password_ends_the_run_with_a_sentence() -> None:
    """A broker that refuses an appliance is told of by name; nobody retries for ever."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(b"\x20\x02\x00\x05")
        await writer.drain()
        await reader.read(1024)
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            connection = Connection(
                Agent(Identity("f1", "refrigerator"), boot="b1"),
                Broker("127.0.0.1", server.sockets[0].getsockname()[1]),
                clock=ManualClock(START_MS),
                password="wrong",
                rng=random.Random(1),
                gate=asyncio.Semaphore(1),
            )
            async with asyncio.timeout(20):
                await connection.run()

    with pytest.raises(RefusedError, match="f1: check its password"):
        asyncio.run(run())


@pytest.mark.parametrize("url", ["http://127.0.0.1:1883", "127.0.0.1:1883", "mqtt://"])
def test_an_url_of_no_broker_is_refused(url: str) -> None:
    """What is no mqtt:// or mqtts:// URL is answered with how to write one."""
    with pytest.raises(ValueError, match="mqtt://host:port"):
        read_broker(url)


def _with_connection(
    broker: Broker, root: str, scenario: Callable[[Connection, Acknowledger], Awaitable[None]]
) -> None:
    """Play a scenario with one connected appliance and the acknowledging service."""

    async def play() -> None:
        agent = Agent(Identity(root.split("/", maxsplit=1)[0], "refrigerator"), boot="b1", topic_root=root)
        connection = Connection(
            agent, broker, clock=ManualClock(START_MS), password=None, rng=random.Random(1), gate=asyncio.Semaphore(1)
        )
        async with _service(broker, root) as service:
            await _until(lambda: service.client is not None)
            link = asyncio.create_task(connection.run())
            try:
                await scenario(connection, service)
            finally:
                link.cancel()
                await asyncio.gather(link, return_exceptions=True)

    asyncio.run(play())


async def _restart(connection: Connection) -> None:
    """Break the connection and let it come back."""
    before = connection.reconnects
    connection.break_off()
    await _until(lambda: connection.reconnects > before and connection.is_connected)


def test_a_speed_that_can_t_be_kept_is_told(specification: FleetSpecification, broker: Broker) -> None:
    """A clock that runs ahead of the fleet makes messages longer, and the lag is told."""
    fleet = Fleet(specification, seed=2, appliances=4, start_ms=START_MS)
    clock = ManualClock(START_MS + 5 * DAY_MS)

    async def run() -> tuple[list[float], int, int]:
        lags: list[float] = []
        fleet_run = FleetRun(fleet, broker, clock=clock, seed=2, topic_root="lag/v1", bad_network=False)
        async with _service(broker, "lag/v1"):
            stop = asyncio.Event()
            task = asyncio.create_task(fleet_run.run(history_until_ms=None, stop=stop))
            await _until(
                lambda: fleet.now_ms > START_MS + 5 * DAY_MS, more=lambda: lags.append(fleet_run.progress.lag_s)
            )
            stop.set()
            await task
        return lags, fleet_run.progress.samples, fleet_run.progress.published

    lags, samples, published = asyncio.run(run())

    assert max(lags) > 3600
    assert samples > 5 * published


def test_a_fleet_that_nobody_acknowledges_waits_and_tells_how_far_it_is_behind(
    specification: FleetSpecification, broker: Broker
) -> None:
    """Else it falls silent, and nobody who watches knows why."""
    fleet = Fleet(specification, seed=2, appliances=2, start_ms=START_MS)
    clock = ManualClock(START_MS)
    told: list[float] = []

    async def run() -> None:
        fleet_run = FleetRun(fleet, broker, clock=clock, seed=2, topic_root="unheard/v1", outstanding_bytes=2000)
        fleet_run.report = lambda progress: told.append(progress.lag_s)
        stop = asyncio.Event()
        task = asyncio.create_task(fleet_run.run(history_until_ms=None, stop=stop, drain_s=0.0))
        await _until(lambda: told and told[-1] > 86_400, more=lambda: clock.advance(3_600_000))
        stop.set()
        await task

    asyncio.run(run())

    assert fleet.now_ms < clock.now_ms() - DAY_MS


def test_another_start_is_another_boot(specification: FleetSpecification, broker: Broker) -> None:
    """The same seed at another time counts its messages under another boot; the very same run repeats its bytes."""

    async def boots(start_ms: int) -> list[str]:
        fleet = Fleet(specification, seed=2, appliances=3, start_ms=start_ms)
        fleet_run = FleetRun(fleet, broker, clock=ManualClock(start_ms), seed=2)
        return [connection.agent.boot for connection in fleet_run.connections]

    first, again, later = (asyncio.run(boots(START_MS + ms)) for ms in (0, 0, 1))

    assert first == again
    assert not set(first) & set(later)
