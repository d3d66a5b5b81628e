"""TLS to the broker: its certificate is checked, ours is shown, and a failure says why.

The keys in tls/ were made for these tests alone and secure nothing.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from ingest.mqtt.address import BrokerAddress, parse_address
from ingest.mqtt.connection import Connection, ConnectionOptions
from ingest.mqtt.errors import BrokerReason, MqttError
from ingest.mqtt.frames import PublishRun, unpack
from tests.ingest.mqtt.fake_broker import WAIT_S, FakeBroker, until

TLS = Path(__file__).parent / "tls"


def _server(*, needs_client: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=TLS / "ca.pem")
    context.load_cert_chain(TLS / "server.pem")
    if needs_client:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def _talk(broker: FakeBroker, address: BrokerAddress) -> list[bytes]:
    """Connect, receive one message, publish one; what was received."""
    runs: list[PublishRun] = []
    connection = await Connection.open(address, ConnectionOptions("fettle"), runs.append)
    broker.send("t", b"x" * 50_000)
    await until(lambda: runs)
    await connection.publish("t", b"back")
    await connection.disconnect()
    return unpack(runs[0].frames).payloads


@pytest.mark.parametrize("needs_client", [False, True])
def test_messages_pass_over_tls(needs_client: bool) -> None:
    """With the right CA, and a client certificate where the broker wants one, messages pass both ways."""

    async def story() -> None:
        async with FakeBroker(tls=_server(needs_client=needs_client)) as broker:
            client = TLS / "client.pem" if needs_client else None
            address = parse_address(broker.url, ca_file=TLS / "ca.pem", cert_file=client)
            assert await _talk(broker, address) == [b"x" * 50_000]

    asyncio.run(asyncio.wait_for(story(), WAIT_S))


@pytest.mark.parametrize(
    ("needs_client", "ca_file", "reason", "words"),
    [
        (False, "other_ca.pem", BrokerReason.TLS, "self-signed certificate"),
        (False, None, BrokerReason.TLS, "self-signed certificate"),
        (True, "ca.pem", BrokerReason.LOST, "FETTLE_MQTT_CERT_FILE"),
    ],
)
def test_a_failed_handshake_is_explained(
    needs_client: bool, ca_file: str | None, reason: BrokerReason, words: str
) -> None:
    """A foreign certificate, or a missing one of ours, ends in a sentence and never in a plain connection."""

    async def story() -> None:
        async with FakeBroker(tls=_server(needs_client=needs_client)) as broker:
            address = parse_address(broker.url, ca_file=None if ca_file is None else TLS / ca_file)
            with pytest.raises(MqttError) as caught:
                await Connection.open(address, ConnectionOptions("fettle"), lambda _run: None)
            assert caught.value.reason is reason
            assert words in str(caught.value)
            assert broker.connects == []

    asyncio.run(asyncio.wait_for(story(), WAIT_S))


def test_a_plain_broker_behind_a_tls_url_is_explained() -> None:
    """A broker without TLS on the port of a mqtts URL gives a sentence about TLS."""

    async def story() -> None:
        async with FakeBroker(connack=b"\x20\x03\x00\x00\x00") as broker:
            address = parse_address(broker.url.replace("mqtt:", "mqtts:"), ca_file=TLS / "ca.pem")
            with pytest.raises(MqttError, match="speak TLS") as caught:
                await Connection.open(address, ConnectionOptions("fettle"), lambda _run: None)
            assert caught.value.reason is BrokerReason.TLS

    asyncio.run(asyncio.wait_for(story(), WAIT_S))
