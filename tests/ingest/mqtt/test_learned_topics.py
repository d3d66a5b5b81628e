"""Topics that devices name: subscribed to while they are known, refused ones told, the rest unharmed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection

import mqtt5

from ingest.mqtt.address import parse_address
from ingest.mqtt.connection import ConnectionOptions
from ingest.mqtt.errors import BrokerReason, MqttError
from ingest.mqtt.learned_topics import LearnedTopics
from ingest.mqtt.session import Session, subscriptions
from ingest.wire.foreign.devices import NOBODY
from ingest.wire.foreign.discovery import Discovery
from ingest.wire.foreign.homeassistant import HomeAssistantCodec
from tests.ingest.mqtt.fake_broker import WAIT_S, FakeBroker, until

CONFIG = "homeassistant/sensor/{}/config"


def describe(discovery: Discovery, name: str, topic: str) -> None:
    """A sensor's description; an empty topic removes it."""
    payload = f'{{"stat_t": "{topic}", "name": "{name}"}}'.encode() if topic else b""
    HomeAssistantCodec(discovery).decode(CONFIG.format(name), payload, NOBODY)


def test_what_is_known_is_wanted() -> None:
    """Each change is asked for once; what other filters cover is not asked for."""
    discovery, asked = Discovery(), list[set[str]]()

    async def want(topics: Collection[str]) -> None:
        asked.append(set(topics))

    async def story() -> None:
        learned = LearnedTopics(discovery, want, covered_by=["zigbee2mqtt/#"])
        await learned.tick()
        describe(discovery, "a", "wm/state")
        describe(discovery, "b", "zigbee2mqtt/fridge")
        await learned.tick()
        await learned.tick()
        describe(discovery, "a", "")
        await learned.tick()

    asyncio.run(story())

    assert asked == [{"wm/state"}, set()]


def test_a_broker_that_is_away_is_asked_by_the_next_connection() -> None:
    """Where the connection is lost meanwhile the loop goes on."""
    discovery = Discovery()
    describe(discovery, "a", "wm/state")

    async def want(_topics: Collection[str]) -> None:
        raise MqttError(BrokerReason.LOST, "gone")

    asyncio.run(LearnedTopics(discovery, want, covered_by=[]).tick())


def test_wanted_topics_come_and_go_with_the_session() -> None:
    """They are asked for now and after each reconnect, given up when they go, and a refusal harms nothing else."""

    async def story() -> None:
        async with FakeBroker() as broker:
            session = Session(
                parse_address(broker.url),
                ConnectionOptions("fettle"),
                subscriptions("fettle/v1", ["homeassistant/+/+/config"]),
                chance=random.Random(1),
                on_run=lambda _connection, _run: None,
                backoff_first_s=0.01,
            )
            running = asyncio.create_task(session.run())
            await until(lambda: session.stats.is_connected)
            always, once = mqtt5.RetainHandling.SEND_ALWAYS, mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS
            assert [(f.pattern, f.retain_handling) for f in broker.subscribed] == [
                ("fettle/v1/#", once), ("homeassistant/+/+/config", always)
            ]  # fmt: skip
            broker.subscribed.clear()

            await session.want(["wm/state", "wm/door"])
            await session.want(["wm/door", "wm/power"])
            assert [f.pattern for f in broker.subscribed] == ["wm/state", "wm/door", "wm/power"]
            assert broker.unsubscribed == ["wm/state"]

            broker.drop()
            await until(lambda: session.stats.connects == 2)
            assert [f.pattern for f in broker.subscribed][-2:] == ["wm/door", "wm/power"]

            broker.suback_code = mqtt5.SubAckReasonCode.NOT_AUTHORIZED
            await session.want(["wm/door", "wm/power", "wm/secret"])
            assert session.stats.is_connected
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(asyncio.wait_for(story(), WAIT_S))
