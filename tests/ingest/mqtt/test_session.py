"""Connection and session with a broker: login, refusals, keep-alive, reconnecting."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING

import mqtt5
import pytest
import structlog

from ingest.mqtt.address import parse_address
from ingest.mqtt.connection import Connection, ConnectionOptions
from ingest.mqtt.errors import BrokerReason, MqttError
from ingest.mqtt.session import Session, covers, subscriptions
from tests.ingest.mqtt.fake_broker import WAIT_S, FakeBroker, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from typing import Any

    from ingest.mqtt.frames import PublishRun


def _run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, WAIT_S * 2))


@contextlib.asynccontextmanager
async def _session(
    broker: FakeBroker | str, runs: list[PublishRun] | None = None, **changes: float
) -> AsyncIterator[Session]:
    """A running session with a broker, or with what is at a URL."""
    url = broker if isinstance(broker, str) else broker.url
    taken: list[PublishRun] = [] if runs is None else runs
    options = ConnectionOptions("fettle", **changes)  # type: ignore[arg-type] # options by name
    session = Session(
        parse_address(url.replace("//", "//fettle:secret@")),
        options,
        subscriptions("fettle/v1"),
        chance=random.Random(1),
        on_run=lambda _connection, run: taken.append(run),
        backoff_first_s=0.01,
        damped_s=0.02,
    )
    running = asyncio.create_task(session.run())
    try:
        yield session
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def test_the_service_logs_in_with_a_lasting_session() -> None:
    """CONNECT carries MQTT 5, the fixed client id, the credentials, clean start 0 and an expiry of a week."""

    async def story() -> None:
        async with FakeBroker() as broker, _session(broker) as session:
            await until(lambda: session.stats.is_connected)
            (connect,) = broker.connects
            assert (connect.client_id, connect.username, connect.password) == ("fettle", "fettle", b"secret")
            assert connect.clean_start is False
            assert connect.session_expiry_interval == 7 * 86400
            assert connect.topic_alias_max == 0
            assert [(f.pattern, f.no_local) for f in broker.subscribed] == [("fettle/v1/#", True)]
            assert broker.unsubscribed == []

    _run(story())


def refusal(code: mqtt5.ConnAckReasonCode) -> bytes:
    """A CONNACK that says no."""
    return mqtt5.ConnAckPacket(reason_code=code).write()


@pytest.mark.parametrize(
    ("connack", "reason", "words"),
    [
        (refusal(mqtt5.ConnAckReasonCode.NOT_AUTHORIZED), BrokerReason.REFUSED, "check user"),
        (refusal(mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD), BrokerReason.REFUSED, "FETTLE_MQTT_URL"),
        (b"\x20\x02\x00\x01", BrokerReason.OLD_PROTOCOL, "MQTT 3.1.1 only"),
        (refusal(mqtt5.ConnAckReasonCode.SERVER_BUSY), BrokerReason.LOST, "server_busy"),
        (b"", BrokerReason.LOST, "does it speak MQTT 5"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", BrokerReason.MALFORMED, "no MQTT 5"),
        (
            mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER).write(),
            BrokerReason.TAKEN_OVER,
            "client id",
        ),
    ],
)
def test_a_broker_that_does_not_let_us_in_is_explained(connack: bytes, reason: BrokerReason, words: str) -> None:
    """Whatever a broker answers instead of a welcome, the session says in one sentence why, and tries again."""

    async def story() -> None:
        async with FakeBroker(connack=connack) as broker, _session(broker) as session:
            await until(lambda: len(broker.connects) >= 2)
            assert session.stats.reason is reason
            assert words in session.stats.sentence
            assert "secret" not in session.stats.sentence

    _run(story())


def test_without_a_broker_the_session_waits_and_says_so() -> None:
    """Where nobody listens the sentence names address and setting; as soon as a broker is there it is used."""

    async def story() -> None:
        async with FakeBroker() as broker:
            url = broker.url
        async with _session(url) as session:
            await until(lambda: session.stats.reason is BrokerReason.UNREACHABLE)
            assert url in session.stats.sentence
            assert "FETTLE_MQTT_URL" in session.stats.sentence

    _run(story())


def test_a_refused_subscription_is_named() -> None:
    """Where the broker grants a subscription to nobody, the sentence names the filters."""

    async def story() -> None:
        async with (
            FakeBroker(suback_code=mqtt5.SubAckReasonCode.NOT_AUTHORIZED) as broker,
            _session(broker) as session,
        ):
            await until(lambda: len(broker.connects) >= 2)
            assert session.stats.reason is BrokerReason.REFUSED
            assert "fettle/v1/#" in session.stats.sentence

    _run(story())


def test_a_lost_connection_is_made_again() -> None:
    """After a cut the session connects and subscribes again, and counts a broker that forgot the session."""

    async def story() -> None:
        async with FakeBroker() as broker, _session(broker) as session:
            await until(lambda: session.stats.connects == 1)
            broker.drop()
            await until(lambda: session.stats.connects == 2)
            assert len(broker.subscribed) == 2
            assert session.stats.sessions_lost == 1
            broker.connack = mqtt5.ConnAckPacket(session_present=True).write()
            broker.drop()
            await until(lambda: session.stats.connects == 3)
            assert session.stats.sessions_lost == 1
            assert broker.unsubscribed == [
                f"fettle/v1/+/+/{channel}" for channel in ("telemetry", "event", "status", "result")
            ]

    _run(story())


def test_a_silent_broker_is_noticed() -> None:
    """A broker that leaves our ping without answer is given up and connected to again."""

    async def story() -> None:
        async with FakeBroker(is_answering_pings=False) as broker, _session(broker, keep_alive_s=0.04) as session:
            await until(lambda: session.stats.connects == 2)
            assert broker.pings >= 1
            await until(lambda: session.stats.connects == 3)

    _run(story())


def test_pings_keep_a_quiet_connection_alive() -> None:
    """A connection without messages is kept by pings and their answers."""

    async def story() -> None:
        async with FakeBroker() as broker, _session(broker, keep_alive_s=0.04) as session:
            await until(lambda: broker.pings >= 4)
            assert session.stats.connects == 1

    _run(story())


# The codec reports a topic that is no UTF-8 as a panic of its native code, which Python can only call unraisable.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x00",
        b"\xff" * 10,
        b"\x32\x05\x00\x01\xff\x00\x01\x00",
        b"\x36\x00",
        b"\x34\x06\x00\x01a\x00\x01\x00",
        b"\x20\x03\x00\x00\x00",
    ],
)
def test_garbage_from_the_broker_costs_one_connection(garbage: bytes) -> None:
    """Bytes that are no MQTT 5 end the connection, never the process; the next one is made."""

    async def story() -> None:
        runs: list[PublishRun] = []
        async with FakeBroker() as broker, _session(broker, runs) as session:
            await until(lambda: session.stats.connects == 1)
            broker.send_bytes(garbage)
            await until(lambda: session.stats.connects == 2)
            broker.send("fettle/v1/refrigerator/f1/telemetry", b"{}")
            await until(lambda: sum(run.count for run in runs) == 1)

    _run(story())


def test_a_packet_beyond_the_agreed_size_ends_the_connection() -> None:
    """A broker that announces a packet larger than agreed is not given memory for it."""

    async def story() -> None:
        async with FakeBroker() as broker, _session(broker) as session:
            await until(lambda: session.stats.connects == 1)
            broker.send_bytes(b"\x30\xff\xff\xff\x7f" + bytes(100_000))
            await until(lambda: session.stats.connects == 2)
            assert session.connection is not None

    _run(story())


def test_frames_cut_by_the_network_come_out_whole() -> None:
    """However the stream is cut into reads, every message arrives once, in order and unchanged."""

    async def story() -> None:
        runs: list[PublishRun] = []
        sent = b"".join(
            mqtt5.PublishPacket("t/1", str(n).encode() * n, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=n).write()
            for n in range(1, 200)
        )
        async with FakeBroker() as broker, _session(broker, runs) as session:
            await until(lambda: session.stats.connects == 1)
            chance = random.Random(3)
            position = 0
            while position < len(sent):
                step = chance.randrange(1, 3000)
                broker.send_bytes(sent[position : position + step])
                await asyncio.sleep(0)
                position += step
            await until(lambda: sum(run.count for run in runs) == 199)
            assert b"".join(run.frames for run in runs) == sent
            expected = b"".join(b"@\x02" + n.to_bytes(2, "big") for n in range(1, 200))
            assert b"".join(run.pubacks for run in runs) == expected

    _run(story())


def test_connections_that_end_early_are_laid_to_another_client() -> None:
    """Three connections in a row that end soon and without a word: another client has our id, and the sentence says so."""

    async def story() -> None:
        async with FakeBroker() as broker, _session(broker) as session:
            for number in range(1, 4):
                await until(lambda number=number: session.stats.connects == number)  # type: ignore[misc]  # bound now
                broker.drop()
            await until(lambda: session.stats.reason is BrokerReason.TAKEN_OVER)
            assert "client id" in session.stats.sentence

    _run(story())


def test_a_broker_that_was_away_is_no_other_client() -> None:
    """A broker that dies again and again, and is found absent in between, is not taken for another client with our id."""

    async def story() -> None:
        async with FakeBroker() as broker, _session(broker) as session:
            for number in range(1, 5):
                await until(lambda number=number: session.stats.connects == number)  # type: ignore[misc]  # bound now
                await broker.leave()
                await until(lambda: session.stats.reason is BrokerReason.UNREACHABLE)
                await broker.come_back()
            await until(lambda: session.stats.connects == 5)

    with structlog.testing.capture_logs() as logs:
        _run(story())
    assert "taken_over" not in {line.get("reason") for line in logs}


def test_an_absent_broker_is_looked_for_every_other_second() -> None:
    """However long nobody listens, the next look is at most 2 s away; other refusals are repeated ever more rarely."""
    address, options, chance = parse_address("mqtt://127.0.0.1"), ConnectionOptions("fettle"), random.Random(1)
    session = Session(address, options, [], chance=chance, on_run=lambda _connection, _run: None)

    absent = [session._pause_s(MqttError(BrokerReason.UNREACHABLE, ""), failures) for failures in range(100)]
    refused = [session._pause_s(MqttError(BrokerReason.REFUSED, ""), failures) for failures in range(100)]

    assert 1 < max(absent) <= 2
    assert 20 < max(refused) <= 30


def test_publishing_waits_for_the_broker() -> None:
    """A publish at QoS 1 returns when the broker has acknowledged it, with its expiry; a refusal raises."""

    async def story() -> None:
        async with FakeBroker() as broker, _session(broker) as session:
            await until(lambda: session.stats.is_connected)
            await session.publish("fettle/v1/refrigerator/f1/command", b"{}", expiry_s=30)
            assert broker.published[0].message_expiry_interval == 30
            assert broker.published[0].retain is False
            assert session.publish_once("fettle/v1/refrigerator/f1/ack", b"{}")
            await until(lambda: len(broker.published) == 2)
            broker.puback_code = mqtt5.PubAckReasonCode.NOT_AUTHORIZED
            with pytest.raises(MqttError, match="NOT_AUTHORIZED"):
                await session.publish("other", b"{}")

    _run(story())


def test_a_publish_does_not_outlive_its_connection() -> None:
    """A publish that waits when the connection is cut raises; without a connection it raises at once."""

    async def story() -> None:
        async with FakeBroker(is_answering_publishes=False) as broker, _session(broker) as session:
            await until(lambda: session.stats.is_connected)
            waiting = asyncio.create_task(session.publish("t", b"1"))
            await until(lambda: len(broker.published) == 1)
            broker.connack = b""
            broker.drop()
            with pytest.raises(MqttError):
                await waiting
            with pytest.raises(MqttError):
                await session.publish("t", b"2")
            assert session.publish_once("t", b"3") is False

    _run(story())


def test_many_publishes_respect_the_brokers_window() -> None:
    """No more publishes are under way than the broker said it receives."""

    async def story() -> None:
        connack = mqtt5.ConnAckPacket(receive_max=5).write()
        async with FakeBroker(connack=connack, is_answering_publishes=False) as broker, _session(broker) as session:
            await until(lambda: session.stats.is_connected)
            sending = [asyncio.create_task(session.publish("t", b"%d" % n)) for n in range(12)]
            await until(lambda: len(broker.published) == 5)
            broker.is_answering_publishes = True
            for packet in list(broker.published):
                assert packet.packet_id is not None
                broker.send_bytes(mqtt5.PubAckPacket(packet.packet_id).write())
            await asyncio.gather(*sending)
            assert len(broker.published) == 12

    _run(story())


def test_leaving_keeps_the_session() -> None:
    """The session takes leave with a normal DISCONNECT that doesn't change the expiry."""

    async def story() -> None:
        async with FakeBroker() as broker:
            async with _session(broker) as session:
                await until(lambda: session.stats.is_connected)
            await until(lambda: broker.goodbyes)
            assert broker.goodbyes[0].reason_code == mqtt5.DisconnectReasonCode.NORMAL_DISCONNECTION
            assert broker.goodbyes[0].session_expiry_interval is None

    _run(story())


def test_a_broker_that_does_not_answer_is_given_up() -> None:
    """Opening a connection to something that accepts and stays silent ends with a sentence."""

    async def story() -> None:
        async with FakeBroker(connack=None) as broker:
            with pytest.raises(MqttError, match="does not answer"):
                await Connection.open(
                    parse_address(broker.url), ConnectionOptions("fettle", answer_timeout_s=0.05), lambda _run: None
                )

    _run(story())


def test_no_filter_is_covered_by_another() -> None:
    """Overlapping filters would bring a message several times, so a covered one is left out."""
    patterns = [
        f.pattern for f in subscriptions("fettle/v1", ["a/+/config", "a/device/config", "fettle/v1/+/x1/event"])
    ]

    assert "a/+/config" in patterns
    assert not [(wide, p) for wide in patterns for p in patterns if wide != p and covers(wide, p)]
    assert len(patterns) == 2


@pytest.mark.parametrize(
    ("wide", "narrow", "is_covered"),
    [
        ("#", "a/b", True),
        ("a/#", "a/+/c", True),
        ("a/+", "a/b", True),
        ("a/+", "a/#", False),
        ("a/b", "a/+", False),
        ("a/+", "a/b/c", False),
        ("a/+/c", "a/b/c", True),
    ],
)
def test_covering_filters_are_recognised(wide: str, narrow: str, is_covered: bool) -> None:
    """A filter covers another if every topic of the other matches it."""
    assert covers(wide, narrow) is is_covered
