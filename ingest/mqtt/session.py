"""The session with the broker: connect, subscribe, and again after every loss.

The broker keeps the session (client id fixed, clean start 0, expiry of a week), so what arrives while we are away is
delivered afterwards. Attempts are spread by full-jitter backoff; one that can't succeed soon (refused credentials,
another client with our id, a broker without MQTT 5) waits longer, but none is given up: the broker may be repaired
without restarting Fettle. A state that people should know is logged once per change, not once per attempt.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mqtt5
import structlog
from mqtt5 import TopicFilter as TopicFilter  # noqa: PLC0414  (whoever names the filters of a session needs no codec for it)

from ingest.backoff import Backoff
from ingest.mqtt.connection import Connection, ConnectionOptions
from ingest.mqtt.errors import BrokerReason, MqttError
from ingest.wire.topic import FROM_APPLIANCE

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Sequence

    from ingest.mqtt.address import BrokerAddress
    from ingest.mqtt.frames import PublishRun

log = structlog.get_logger(__name__)

BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 30.0
UNREACHABLE_MAX_S = 2.0
"""Asking whether anybody listens costs nothing, and a broker that restarts is to be met at once."""

DAMPED_S = 30.0
"""Two services that take the client id from each other would otherwise do so many times a second."""

STABLE_S = 10.0
"""A connection that lasted so long counts as a success; until then the pauses grow."""
SHORT_LIVED_MAX = 3
"""Mosquitto 2.0 ends a connection that another client took over without saying why: we conclude it, and tell people.
A bad line looks the same, so the pauses only grow as after any early end."""

WANTED_AT_ONCE = 100


@dataclass(slots=True)
class SessionStats:
    """What the session has lived through; read by health and metrics."""

    is_connected: bool = False
    sentence: str = "not yet connected to the broker"
    reason: BrokerReason | None = None
    connects: int = 0
    sessions_lost: int = 0


def subscriptions(topic_root: str, foreign: Sequence[str] = (), *, hears_itself: bool = False) -> list[TopicFilter]:
    """The filters of everything below our root and of foreign conventions, none covered by another.

    At a broker where a client ``hears_itself`` only what appliances speak on is heard below our root.

    Retained messages come once, when the subscription is new, and only those carry the retain mark. What we publish
    ourselves does not come back (no local).
    """
    whole = f"{topic_root}/#"
    patterns = [f"{topic_root}/+/+/{channel}" for channel in FROM_APPLIANCE] if hears_itself else [whole]
    for pattern in foreign:
        if pattern == whole:
            continue
        patterns = [p for p in patterns if not covers(pattern, p)]
        if not any(covers(p, pattern) for p in patterns):
            patterns.append(pattern)
    return [topic_filter(pattern) for pattern in patterns]


def topic_filter(pattern: str) -> TopicFilter:
    """One filter at QoS 1. Descriptions of devices are wanted again at each connect: we may have lost what they said."""
    once, always = mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS, mqtt5.RetainHandling.SEND_ALWAYS
    return TopicFilter(
        pattern,
        max_qos=mqtt5.QoS.AT_LEAST_ONCE,
        no_local=True,
        retain_as_published=False,
        retain_handling=always if pattern.endswith("/config") else once,
    )


def covers(wide: str, narrow: str) -> bool:
    """Whether every topic that ``narrow`` matches is matched by ``wide`` as well.

    >>> covers("homeassistant/+/+/config", "homeassistant/device/+/config")
    True
    """
    wide_levels, narrow_levels = wide.split("/"), narrow.split("/")
    for number, level in enumerate(wide_levels):
        if level == "#":
            return True
        if number >= len(narrow_levels) or narrow_levels[number] == "#":
            return False
        if level not in {"+", narrow_levels[number]}:
            return False
    return len(wide_levels) == len(narrow_levels)


class Session:
    """Keeps one connection to the broker alive; runs in one asyncio loop."""

    def __init__(
        self,
        address: BrokerAddress,
        options: ConnectionOptions,
        filters: Sequence[TopicFilter],
        *,
        chance: random.Random,
        on_run: Callable[[Connection, PublishRun], None],
        backoff_first_s: float = BACKOFF_FIRST_S,
        damped_s: float = DAMPED_S,
    ) -> None:
        self._address = address
        self._options = options
        self._filters = list(filters)
        self._wanted: dict[str, None] = {}
        self._chance = chance
        self._on_run = on_run
        self._backoff_first_s = backoff_first_s
        self._damped_s = damped_s
        self.connection: Connection | None = None
        """The connection that is up and subscribed, ``None`` between two."""
        self.stats = SessionStats()

    async def run(self) -> None:
        """Stay connected until cancelled; then take leave, and the broker keeps the session."""
        failures = short_lived = 0
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection = await self._connect()
            except MqttError as error:
                self._record(error)
                await asyncio.sleep(self._pause_s(error, failures))
                failures += 1
                if error.reason is BrokerReason.UNREACHABLE:
                    short_lived = 0  # the broker itself was away: no other client has ended our connection
                continue
            failures = 0
            since = loop.time()
            try:
                cause = await asyncio.shield(connection.ended)
            finally:
                self.connection = None
                self.stats.is_connected = False
                await connection.disconnect()
            short_lived = 0 if loop.time() - since > STABLE_S else short_lived + 1
            pause_s = self._pause_s(cause, short_lived)
            if cause.reason is BrokerReason.LOST and short_lived >= SHORT_LIVED_MAX:
                cause = MqttError(
                    BrokerReason.TAKEN_OVER,
                    f"the broker {self._address} ends each connection soon after it was made: another client probably "
                    f"uses the client id {self._options.client_id!r}; only one ingest process may run for one user",
                )
            self._record(cause)
            await asyncio.sleep(pause_s)

    async def want(self, topics: Collection[str]) -> None:
        """Be subscribed to these topics beside the filters, now and after each reconnect, and to none wanted before.

        Where the broker refuses one, that is told, and everything else goes on.
        """
        gone = [topic for topic in self._wanted if topic not in topics]
        fresh = [topic for topic in topics if topic not in self._wanted]
        self._wanted = dict.fromkeys(topics)
        if self.connection is not None:
            await self.connection.unsubscribe(gone)
            await self._ask_for(self.connection, fresh)

    async def _ask_for(self, connection: Connection, topics: Sequence[str]) -> None:
        """Subscribe to wanted topics, some at a time; one that is refused is told."""
        for start in range(0, len(topics), WANTED_AT_ONCE):
            try:
                await connection.subscribe([topic_filter(topic) for topic in topics[start : start + WANTED_AT_ONCE]])
            except MqttError as error:
                if error.reason is not BrokerReason.REFUSED:
                    raise
                log.warning("mqtt_topic_refused", sentence=str(error))

    async def publish(self, topic: str, payload: bytes, *, expiry_s: int | None = None) -> None:
        """Publish at QoS 1; raises :class:`MqttError` if there is no connection or the broker refuses."""
        if self.connection is None:
            raise MqttError(self.stats.reason or BrokerReason.LOST, self.stats.sentence)
        await self.connection.publish(topic, payload, expiry_s=expiry_s)

    def publish_once(self, topic: str, payload: bytes) -> bool:
        """Publish at QoS 0; False where it had to be dropped."""
        return self.connection is not None and self.connection.publish_once(topic, payload)

    async def _connect(self) -> Connection:
        holder: list[Connection] = []
        early: list[PublishRun] = []

        def deliver(run: PublishRun) -> None:
            if holder:
                self._on_run(holder[0], run)
            else:
                early.append(run)  # the broker may send queued messages in the same read as its CONNACK

        connection = await Connection.open(self._address, self._options, deliver)
        holder.append(connection)
        for run in early:
            self._on_run(connection, run)
        try:
            await connection.subscribe(self._filters)
            await connection.unsubscribe(self._outdated(connection))
            asked: set[str] = set()
            while fresh := [topic for topic in self._wanted if topic not in asked]:  # more may be wanted meanwhile
                asked.update(fresh)
                await self._ask_for(connection, fresh)
        except BaseException:
            await connection.disconnect()
            raise
        stats = self.stats
        if stats.connects and not connection.session_present:
            stats.sessions_lost += 1
            log.warning("mqtt_session_lost", broker=str(self._address), client_id=self._options.client_id)
        stats.connects += 1
        stats.is_connected, stats.reason = True, None
        stats.sentence = f"connected to {self._address}"
        log.info("mqtt_connected", broker=str(self._address), session_present=connection.session_present)
        self.connection = connection
        return connection

    def _outdated(self, connection: Connection) -> list[str]:
        """Filters of an earlier version that the broker may still keep and that ours cover; the embedded one keeps none."""
        wide = [f.pattern.removesuffix("/#") for f in self._filters if f.pattern.endswith("/#")]
        narrow = [f"{root}/+/+/{channel}" for root in wide for channel in FROM_APPLIANCE]
        return narrow if connection.session_present and not self._options.hears_itself else []

    def _record(self, error: MqttError) -> None:
        if self.stats.sentence != str(error):
            log.warning("mqtt_waits_for_broker", reason=error.reason.value, sentence=str(error))
        self.stats.reason, self.stats.sentence = error.reason, str(error)

    def _pause_s(self, error: MqttError, failures: int) -> float:
        """Full jitter, so that many clients of a broker that restarts don't come at once."""
        if error.reason is BrokerReason.TAKEN_OVER:
            return self._damped_s * (1 + self._chance.random())
        longest_s = UNREACHABLE_MAX_S if error.reason is BrokerReason.UNREACHABLE else BACKOFF_MAX_S
        return Backoff(self._backoff_first_s, longest_s).wait_s(failures, self._chance)
