"""The broker in a child process: what the demo relies on, seen by an independent client."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import aiomqtt
import pytest

from ingest.mqtt.address import parse_address
from ingest.mqtt.connection import Connection, ConnectionOptions
from ingest.mqtt.embedded_broker import EmbeddedBroker
from ingest.mqtt.errors import BrokerReason, MqttError
from ingest.mqtt.frames import PublishRun, unpack
from ingest.mqtt.session import subscriptions
from ingest.wire.topic import TopicScheme
from tests.ingest.mqtt.fake_broker import WAIT_S, until

if TYPE_CHECKING:
    from collections.abc import Iterator

STATUS = "fettle/v1/refrigerator/f1/status"


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    """A broker with two users."""
    with EmbeddedBroker(users={"fettle": "pw1", "f1": "pw2"}) as running:
        yield running


def _client(url: str, protocol: aiomqtt.ProtocolVersion, **more: object) -> aiomqtt.Client:
    address = parse_address(url)
    return aiomqtt.Client(
        address.host,
        address.port,
        username=address.user,
        password=address.password,
        identifier="f1",
        protocol=protocol,
        **more,  # type: ignore[arg-type] # options by name
    )


@pytest.mark.parametrize("is_old", [False, True])
def test_appliances_of_both_protocols_reach_the_service(broker: EmbeddedBroker, is_old: bool) -> None:
    """What a client of MQTT 3.1.1 or 5 publishes arrives at the service's wildcard subscription, and the other way."""
    url = broker.old_url("f1") if is_old else broker.url("f1")
    protocol = aiomqtt.ProtocolVersion.V311 if is_old else aiomqtt.ProtocolVersion.V5

    async def story() -> None:
        runs: list[PublishRun] = []
        service = await Connection.open(
            parse_address(broker.url("fettle")), broker.options(f"service-{is_old}"), runs.append
        )
        await service.subscribe(subscriptions("fettle/v1"))
        async with _client(url, protocol) as appliance:
            await appliance.subscribe("fettle/v1/refrigerator/f1/command", qos=1)
            await appliance.publish("fettle/v1/refrigerator/f1/telemetry", b"x" * 60_000, qos=1)
            await until(lambda: runs)
            await service.publish("fettle/v1/refrigerator/f1/command", b"{}", expiry_s=10)
            message = await anext(aiter(appliance.messages))
        await service.disconnect()
        messages = unpack(runs[0].frames)
        assert (messages.topics, messages.payloads) == (["fettle/v1/refrigerator/f1/telemetry"], [b"x" * 60_000])
        assert message.payload == b"{}"

    asyncio.run(asyncio.wait_for(story(), WAIT_S))


def test_our_own_messages_do_not_come_back(broker: EmbeddedBroker) -> None:
    """This broker would send a client its own messages: only what appliances speak on is heard."""

    async def story() -> None:
        runs: list[PublishRun] = []
        options = broker.options("service-echo")
        service = await Connection.open(parse_address(broker.url("fettle")), options, runs.append)
        heard = TopicScheme().subscriptions()
        await service.subscribe(subscriptions("fettle/v1", heard, hears_itself=options.hears_itself))
        service.publish_once("fettle/v1/refrigerator/f1/ack", b"{}")
        await service.publish("fettle/v1/refrigerator/f1/command", b"{}")
        await service.publish("fettle/v1/refrigerator/f1/event", b"{}")
        await until(lambda: sum(run.count for run in runs) >= 1)
        await service.disconnect()
        assert [topic for run in runs for topic in unpack(run.frames).topics] == ["fettle/v1/refrigerator/f1/event"]

    asyncio.run(asyncio.wait_for(story(), WAIT_S))


def test_wrong_credentials_are_refused(broker: EmbeddedBroker) -> None:
    """A wrong password is answered with a sentence about user and password."""
    url = broker.url("fettle").replace("pw1", "wrong")

    with pytest.raises(MqttError) as caught:
        asyncio.run(Connection.open(parse_address(url), ConnectionOptions("fettle"), lambda _run: None))

    assert caught.value.reason in {BrokerReason.REFUSED, BrokerReason.LOST}


def test_the_old_port_is_explained(broker: EmbeddedBroker) -> None:
    """Where the service is pointed at the port for MQTT 3.1.1, the sentence speaks of MQTT 5."""
    with pytest.raises(MqttError, match="MQTT 5"):
        asyncio.run(
            Connection.open(parse_address(broker.old_url("fettle")), ConnectionOptions("fettle"), lambda _run: None)
        )


@pytest.mark.parametrize("is_old", [False, True])
def test_a_last_will_and_a_retained_status_arrive(broker: EmbeddedBroker, is_old: bool) -> None:
    """The status of an appliance that vanished arrives as its last will; a retained one is given to a late subscriber."""
    url = broker.old_url("f1") if is_old else broker.url("f1")
    protocol = aiomqtt.ProtocolVersion.V311 if is_old else aiomqtt.ProtocolVersion.V5

    async def story() -> None:
        runs: list[PublishRun] = []
        service = await Connection.open(
            parse_address(broker.url("fettle")), ConnectionOptions(f"will-{is_old}"), runs.append
        )
        await service.subscribe(subscriptions("fettle/v1"))
        will = aiomqtt.Will(STATUS, b"gone", qos=1, retain=False)
        appliance = _client(url, protocol, will=will)
        await appliance.__aenter__()
        await appliance.publish(STATUS, b"here", qos=1, retain=True)
        await until(lambda: runs)
        line = appliance._client.socket()
        assert isinstance(line, socket.socket)
        line.shutdown(socket.SHUT_RDWR)
        await until(lambda: b"gone" in b"".join(run.frames for run in runs))
        late: list[PublishRun] = []
        other = await Connection.open(
            parse_address(broker.url("fettle")), ConnectionOptions(f"late-{is_old}"), late.append
        )
        await other.subscribe(subscriptions("fettle/v1"))
        await until(lambda: late)
        messages = unpack(late[0].frames)
        assert (messages.payloads, messages.retained) == ([b"here"], [True])
        with contextlib.suppress(aiomqtt.MqttError):
            await appliance.__aexit__(None, None, None)
        await other.disconnect()
        await service.disconnect()

    asyncio.run(asyncio.wait_for(story(), WAIT_S))


def _memory_bytes(broker: EmbeddedBroker) -> int:
    """What its process holds in memory."""
    assert broker._broker is not None
    assert broker._broker._process is not None
    status = Path(f"/proc/{broker._broker._process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon"))


def test_what_the_broker_keeps_is_bounded() -> None:
    """After sixteen times as much as it may keep of a filter, its memory is not half as much larger as what came."""
    log_bytes, times = 1_000_000, 16

    async def story(broker: EmbeddedBroker) -> None:
        service = await Connection.open(parse_address(broker.url()), broker.options("service"), lambda _run: None)
        await service.subscribe(subscriptions("fettle/v1"))
        async with _client(broker.url(), aiomqtt.ProtocolVersion.V5) as appliance:
            for _ in range(times * log_bytes // 50_000):
                await appliance.publish("fettle/v1/refrigerator/f1/telemetry", b"x" * 50_000, qos=1)
        await service.disconnect()

    with EmbeddedBroker(log_bytes=log_bytes) as broker:
        before = _memory_bytes(broker)
        asyncio.run(asyncio.wait_for(story(broker), WAIT_S))
        assert _memory_bytes(broker) - before < times * log_bytes / 2


def test_the_broker_frees_its_ports() -> None:
    """After stopping, both ports can be used again at once."""
    first = EmbeddedBroker().start()
    ports = first.port, first.old_port
    first.stop()
    first.stop()

    with EmbeddedBroker(port=ports[0], old_port=ports[1]) as second:
        assert (second.port, second.old_port) == ports


def test_a_taken_port_is_an_error() -> None:
    """Starting on a port that is in use raises an error at once."""
    with EmbeddedBroker() as first, pytest.raises(OSError, match=str(first.port)):
        EmbeddedBroker(port=first.port).start()
