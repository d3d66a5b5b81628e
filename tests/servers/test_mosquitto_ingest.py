"""The ingester against a real mosquitto with the settings of deploy/: nothing lost, access kept, sessions survive."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING

import aiomqtt
import pytest

from ingest.clock import SystemClock
from ingest.journal.sqlite import SqliteJournal
from ingest.loops.receive import Ingester
from ingest.mqtt.address import parse_address
from ingest.mqtt.connection import ConnectionOptions
from ingest.mqtt.errors import BrokerReason, MqttError
from ingest.mqtt.frames import unpack
from ingest.mqtt.session import subscriptions
from ingest.wire.topic import FROM_APPLIANCE
from tests.ingest.mqtt.fake_broker import WAIT_S, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from pathlib import Path
    from typing import Any

    from tests.servers.conftest import MosquittoServer

pytestmark = pytest.mark.servers

ROOT = "fettle/v1/refrigerator/f1"
_FOREIGN = ("tele/+/SENSOR", "+/events/rpc", "zigbee2mqtt/#", "homeassistant/+/+/config")


def _run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, WAIT_S * 3))


@contextlib.asynccontextmanager
async def _ingester(url: str, folder: Path) -> AsyncIterator[Ingester]:
    """A connected ingester over a journal in ``folder``."""
    journal = SqliteJournal.open_writer(folder)
    ingester = Ingester(
        address=parse_address(url),
        options=ConnectionOptions("fettle"),
        filters=subscriptions("fettle/v1", _FOREIGN),
        journal=journal,
        clock=SystemClock(),
        chance=random.Random(1),
        on_appended=lambda _before, _batch: None,
    )
    running = asyncio.create_task(ingester.run())
    try:
        await until(lambda: ingester.session.stats.is_connected or running.done())
        yield ingester
    finally:
        ingester.request_stop()
        await running
        journal.close()


def _appliance(
    server: MosquittoServer, protocol: aiomqtt.ProtocolVersion = aiomqtt.ProtocolVersion.V5, **more: Any
) -> aiomqtt.Client:
    name, password = server.appliances[0]
    return aiomqtt.Client(
        "127.0.0.1", server.port, username=name, password=password, identifier=name, protocol=protocol, **more
    )


def _journaled(folder: Path) -> list[tuple[str, bytes]]:
    """Topic and payload of all that is durable."""
    journal = SqliteJournal.open_reader(folder)
    found: list[tuple[str, bytes]] = []
    for batch in journal.read(0, limit_bytes=1 << 30):
        messages = unpack(batch.frames)
        found += zip(messages.topics, messages.payloads, strict=True)
    journal.close()
    return found


def _telemetry(folder: Path) -> list[bytes]:
    return [payload for topic, payload in _journaled(folder) if topic.endswith("telemetry")]


@pytest.mark.parametrize("protocol", [aiomqtt.ProtocolVersion.V5, aiomqtt.ProtocolVersion.V311])
def test_everything_an_appliance_sends_becomes_durable(
    mosquitto: MosquittoServer, tmp_path: Path, protocol: aiomqtt.ProtocolVersion
) -> None:
    """Each message at QoS 1 is journaled once and in order, also the largest the contract allows."""

    async def story() -> None:
        async with _ingester(mosquitto.url, tmp_path) as ingester, _appliance(mosquitto, protocol) as appliance:
            for number in range(500):
                await appliance.publish(f"{ROOT}/telemetry", b"%d" % number, qos=1)
            await appliance.publish(f"{ROOT}/telemetry", b"x" * 60 * 1024, qos=1)
            await until(
                lambda: len(_telemetry(tmp_path)) >= 501
            )  # others' words may come, too: the broker is everybody's
            await until(lambda: ingester.stats.messages_acknowledged >= 501)

    _run(story())

    telemetry = _telemetry(tmp_path)
    assert telemetry[:500] == [b"%d" % number for number in range(500)]
    assert len(telemetry) == 501


def test_what_comes_while_the_service_is_away_comes_later(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    """The broker keeps the session of a service that has stopped, and delivers what came meanwhile."""

    async def story() -> None:
        async with _ingester(mosquitto.url, tmp_path):
            pass
        async with _appliance(mosquitto) as appliance:
            for number in range(3000):
                await appliance.publish(f"{ROOT}/telemetry", b"%d" % number, qos=1)
        async with _ingester(mosquitto.url, tmp_path) as ingester:
            await until(lambda: ingester.stats.messages_acknowledged >= 3000 and len(_telemetry(tmp_path)) >= 3000)
            assert ingester.session.stats.sessions_lost == 0

    _run(story())

    assert _telemetry(tmp_path) == [b"%d" % number for number in range(3000)]


def test_a_command_reaches_its_appliance_only(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    """The service may publish commands and acks; an appliance hears its own and can't speak for another."""

    async def story() -> None:
        async with _ingester(mosquitto.url, tmp_path) as ingester, _appliance(mosquitto) as appliance:
            await appliance.subscribe("fettle/v1/+/+/command", qos=1)
            await appliance.subscribe(f"{ROOT}/command", qos=1)
            await appliance.publish("fettle/v1/refrigerator/other/telemetry", b"spoofed", qos=1)
            await appliance.publish(f"{ROOT}/telemetry", b"own", qos=1)
            await until(lambda: ingester.stats.messages_received)
            await ingester.session.publish("fettle/v1/washing_machine/w1/command", b"not for f1", expiry_s=5)
            await ingester.session.publish(f"{ROOT}/command", b"for f1", expiry_s=5)
            message = await anext(aiter(appliance.messages))
            assert message.payload == b"for f1"

    _run(story())

    assert b"spoofed" not in dict(_journaled(tmp_path)).values()


def test_a_last_will_and_a_retained_status_arrive(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    """A status is journaled when it is published, and a cut connection brings the last will."""

    async def story() -> None:
        will = aiomqtt.Will(f"{ROOT}/status", b"gone", qos=1, retain=True)
        async with _ingester(mosquitto.url, tmp_path) as ingester:
            before = ingester.stats.messages_received
            appliance = _appliance(mosquitto, will=will)
            await appliance.__aenter__()
            await appliance.publish(f"{ROOT}/status", b"here", qos=1, retain=True)
            await until(lambda: ingester.stats.messages_received > before)
            async with _appliance(mosquitto):  # the same client id: the broker ends the first connection
                await until(lambda: ingester.stats.messages_received > before + 1)
            with contextlib.suppress(aiomqtt.MqttError):
                await appliance.__aexit__(None, None, None)

    _run(story())

    assert [payload for topic, payload in _journaled(tmp_path) if topic.endswith("status")][-2:] == [b"here", b"gone"]


def test_wrong_credentials_are_explained(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    """A wrong password gives a sentence that speaks of user and password, and keeps the secret."""

    async def story() -> None:
        journal = SqliteJournal.open_writer(tmp_path)
        ingester = Ingester(
            address=parse_address(f"mqtt://fettle:wrong-secret@127.0.0.1:{mosquitto.port}"),
            options=ConnectionOptions("fettle"),
            filters=subscriptions("fettle/v1"),
            journal=journal,
            clock=SystemClock(),
            chance=random.Random(1),
            on_appended=lambda _before, _batch: None,
        )
        running = asyncio.create_task(ingester.run())
        await until(lambda: ingester.session.stats.reason is not None)
        assert ingester.session.stats.reason is BrokerReason.REFUSED
        assert "FETTLE_MQTT_URL" in ingester.session.stats.sentence
        assert "wrong-secret" not in ingester.session.stats.sentence
        ingester.request_stop()
        await running
        journal.close()

    _run(story())


def test_a_second_service_is_noticed(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    """Two services with one user end each other's connection; the first says so and waits before it comes back."""

    async def story() -> None:
        async with (
            _ingester(mosquitto.url, tmp_path / "a") as first,
            _ingester(mosquitto.url, tmp_path / "b") as second,
        ):
            await until(lambda: first.session.stats.reason is BrokerReason.TAKEN_OVER)
            assert "client id" in first.session.stats.sentence
            await until(lambda: second.session.stats.is_connected)

    _run(story())


def test_what_the_acl_forbids_raises(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    """A publish that the broker doesn't allow raises an error in place of vanishing."""

    async def story() -> None:
        async with _ingester(mosquitto.url, tmp_path) as ingester:
            with pytest.raises(MqttError, match="NOT_AUTHORIZED"):
                await ingester.session.publish("elsewhere", b"{}")

    _run(story())


def test_what_an_appliance_says_on_a_channel_that_it_hears_stays_outside(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    """An appliance can't give itself commands, nor fill the broker with them; its own four channels are heard."""

    async def story() -> bytes:
        async with (
            _ingester(mosquitto.url, tmp_path) as ingester,
            _appliance(mosquitto, aiomqtt.ProtocolVersion.V311) as appliance,
        ):
            await appliance.subscribe(f"{ROOT}/+", qos=1)
            await appliance.subscribe(f"{ROOT}/command", qos=1)
            for channel in ("command", "ack", "nack", "elsewhere", *FROM_APPLIANCE):
                await appliance.publish(f"{ROOT}/{channel}", b"{}", qos=1)
            await ingester.session.publish(f"{ROOT}/command", b"from the service")
            async for message in appliance.messages:
                return bytes(message.payload)
        return b""

    heard = asyncio.run(asyncio.wait_for(story(), WAIT_S * 3))

    assert heard == b"from the service"
    own = {topic for topic, _ in _journaled(tmp_path) if topic.startswith(ROOT)}  # others' retained words come as well
    assert own == {f"{ROOT}/{channel}" for channel in FROM_APPLIANCE}
