"""Connection: one appliance at the broker, through aiomqtt: birth, last will, buffer, reconnection with full jitter.

What the agent keeps is sent again after each reconnection, and when the service has not acknowledged for long.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiomqtt
import structlog
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.clock import Clock
from simulator.agent import Agent
from simulator.buffer import Outgoing
from simulator.network import BadNetwork

BACKOFF_S_MAX = 30.0
RESEND_AFTER_S = 30.0
RESEND_MESSAGES = 32
INCOMING_MAX = 1000
HELD_POLL_S = 0.02
CONNECTING_AT_ONCE = 32
CONNECT_S = 10.0
PUBLISH_S = 60.0
SESSION_S = 3600
BOOTS_REMEMBERED = 8
STRANGE_MAX = 5
"""How often a line may break in a way that no broken line explains, before that ends the fleet with its cause."""
REFUSALS = frozenset({4, 5, 134, 135})
"""Bad user name or password, not authorised: as 3.1.1 and as 5 say it."""
log = structlog.get_logger(__name__)
QUIET = logging.getLogger("simulator.aiomqtt")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and how to reach it."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None


def read_broker(
    url: str, *, ca_file: str | None = None, cert_file: str | None = None, key_file: str | None = None
) -> Broker:
    """The broker of an ``mqtt://`` or ``mqtts://`` URL; a ValueError says what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        raise ValueError(
            f"{parts.scheme}://{parts.hostname or ''} is no broker; write mqtt://host:port or mqtts://host:port."
        )
    tls = None
    if parts.scheme == "mqtts":
        tls = ssl.create_default_context(cafile=ca_file)
        if cert_file is not None:
            tls.load_cert_chain(cert_file, key_file)
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return Broker(parts.hostname, parts.port or (8883 if tls else 1883), user, password, tls)


class RefusedError(ConnectionError):
    """The broker does not let this appliance in; trying again would not help."""


class Connection:
    """Keeps one agent connected; ``publish`` hands messages over, ``run`` does the work until it is cancelled."""

    def __init__(
        self,
        agent: Agent,
        broker: Broker,
        *,
        clock: Clock,
        password: str | None,
        rng: random.Random,
        gate: asyncio.Semaphore,
        network: BadNetwork[Outgoing] | None = None,
        on_answer: Callable[[Agent], None] | None = None,
    ) -> None:
        self.agent, self.broker, self.clock, self.password, self.rng = agent, broker, clock, password, rng
        self.network, self.gate, self.on_answer = network, gate, on_answer
        self.is_connected = False
        self.reconnects = 0
        self.resent = 0
        self._is_leaving = False
        self._speaks_5 = False
        self._client: aiomqtt.Client | None = None
        self._sent_upto: dict[str, int] = {}
        self._outbox: deque[Outgoing] = deque()
        self._wanted = asyncio.Event()
        self._progress = (-1, 0.0)
        self._patience_s = RESEND_AFTER_S

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Send these as soon as possible; numbered ones are in the agent's buffer and survive a break."""
        if self.is_connected:
            self._outbox.extend(messages)
            self._wanted.set()

    @property
    def is_idle(self) -> bool:
        """Everything numbered is acknowledged."""
        return not self.agent.buffer.kept_bytes

    async def run(self) -> None:
        """Connect, speak, reconnect; ends only by cancellation, with :class:`RefusedError`, or with an error of our own.

        What the client library makes of a line that breaks under load may be any error: it costs the line, not the
        fleet. One that comes :data:`STRANGE_MAX` times is a fault of ours, and is raised.
        """
        failures, odd = 0, list[Exception]()
        while not self._is_leaving:
            try:
                await self._speak()
                failures = 0
            except MqttConnectError as error:
                if getattr(error.rc, "value", error.rc) in REFUSALS:
                    raise RefusedError(
                        f"The broker refuses {self.agent.identity.appliance_id}: check its password."
                    ) from error
                failures += 1
            except (aiomqtt.MqttError, OSError) as error:
                failures = 0 if self.is_connected else failures + 1
                log.debug("appliance_disconnected", appliance_id=self.agent.identity.appliance_id, cause=str(error))
            except Exception as error:  # noqa: BLE001 - a loop's top: told with its cause, and bounded below
                failures += 1
                odd.append(error)
                name = self.agent.identity.appliance_id
                log.warning("appliance_line_failed", appliance_id=name, cause=repr(error), times=len(odd))
            finally:
                self.is_connected = False
                self._outbox.clear()
            if len(odd) >= STRANGE_MAX:
                raise odd[-1]
            self.reconnects += 1
            await asyncio.sleep(self.rng.uniform(0, min(BACKOFF_S_MAX, 0.2 * 2 ** min(failures, 10))))

    def resend_if_forgotten(self, now_s: float) -> None:
        """Send the oldest again where the service has acknowledged nothing for long; waits twice as long each time."""
        kept = self.agent.counts.acknowledged
        if kept != self._progress[0] or self.is_idle or not self.is_connected:
            self._progress, self._patience_s = (kept, now_s), RESEND_AFTER_S
        elif now_s - self._progress[1] > self._patience_s and not self._outbox:
            again = self.agent.unacknowledged()[:RESEND_MESSAGES]
            self.resent += len(again)
            self.publish(again)
            self._progress, self._patience_s = (kept, now_s), min(self._patience_s * 2, 600.0)

    def break_off(self) -> None:
        """Cut the line at once, without a goodbye; :meth:`run` connects again."""
        if self._client is not None:
            _cut(self._client)

    async def leave(self) -> None:
        """Say that the appliance leaves, and let :meth:`run` end by itself within a moment."""
        if self.is_connected:
            self.publish([self.agent.farewell(self.clock.now_ms())])
            for _ in range(100):
                if not self._outbox:
                    break
                await asyncio.sleep(0.01)
        self._is_leaving = True
        self._wanted.set()

    async def _speak(self) -> None:
        await self._wait_for_line()
        client = self._make_client()
        async with self.gate:
            await self._connect(client)
        try:
            await client.subscribe([(topic, 1) for topic in self.agent.subscriptions])
            for message in self.agent.greet(self.clock.now_ms()):
                await self._send(client, message)
            self._outbox.extend(self.agent.unacknowledged())
            self.resent += sum(1 for one in self._outbox if self._was_sent(one))
            self._wanted.set()
            self._client = client
            self.is_connected = True
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(client))
                tasks.create_task(self._pump(client))
        except ExceptionGroup as broken:
            raise first_cause(broken) from broken
        finally:
            with contextlib.suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)

    def _make_client(self) -> aiomqtt.Client:
        will = self.agent.last_will()
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho declares no types here
        session.SessionExpiryInterval = SESSION_S
        client = aiomqtt.Client(
            self.broker.host,
            self.broker.port,
            identifier=self.agent.identity.appliance_id,
            username=self.agent.identity.appliance_id if self.password is not None else self.broker.user,
            password=self.password if self.password is not None else self.broker.password,
            tls_context=self.broker.tls,
            will=aiomqtt.Will(will.topic, will.payload, qos=1, retain=True),
            protocol=aiomqtt.ProtocolVersion.V5 if self._speaks_5 else aiomqtt.ProtocolVersion.V311,
            clean_session=None if self._speaks_5 else False,
            clean_start=False if self._speaks_5 else MQTT_CLEAN_START_FIRST_ONLY,
            properties=session if self._speaks_5 else None,
            max_queued_incoming_messages=INCOMING_MAX,
            timeout=CONNECT_S,
            logger=QUIET,
        )
        client.pending_calls_threshold = 1_000_000
        return client

    async def _connect(self, client: aiomqtt.Client) -> None:
        """Connect; a broker that answers a 3.1.1 with silence is asked in 5 the next time, and the other way round."""
        begun_s = time.monotonic()
        try:
            await client.__aenter__()
        except aiomqtt.MqttError:
            if time.monotonic() - begun_s >= CONNECT_S and not self._sent_upto:
                self._speaks_5 = not self._speaks_5
            raise
        client.timeout = PUBLISH_S

    async def _wait_for_line(self) -> None:
        while self.network is not None and self.network.is_down(self.clock.now_ms()):  # noqa: ASYNC110  (time decides)
            await asyncio.sleep(HELD_POLL_S)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = bytes(message.payload) if isinstance(message.payload, bytes | bytearray) else b""
            answers = self.agent.receive(
                str(message.topic), payload, self.clock.now_ms(), is_retained=bool(message.retain)
            )
            if answers:
                self.publish(answers)
                if self.on_answer is not None:
                    self.on_answer(self.agent)

    async def _pump(self, client: aiomqtt.Client) -> None:
        """Send the outbox in order, through the bad network where there is one."""
        while not self._is_leaving:
            if not self._outbox:
                self._wanted.clear()
                await self._wait_briefly()
                if not self._outbox and self.network is None:
                    continue
            if self.network is None:
                message = self._outbox.popleft()
                if self.agent.is_wanted(message):
                    await self._send(client, message)
                continue
            now_ms = self.clock.now_ms()
            if self.network.is_down(now_ms):
                self.break_off()
                await asyncio.sleep(1)  # the listener notices before
                raise aiomqtt.MqttError("The line is down.")
            if self._outbox:
                self.network.offer(self._outbox.popleft(), now_ms)
            for message in self.network.due(now_ms):
                if self.agent.is_wanted(message):
                    await self._send(client, message)

    async def _wait_briefly(self) -> None:
        """Until there is something to send; at most a moment while the network holds messages back."""
        seconds = 0.5 if self.network is None or self.network.is_empty else HELD_POLL_S
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wanted.wait()

    async def _send(self, client: aiomqtt.Client, message: Outgoing) -> None:
        if message.boot is not None and message.seq is not None and not self._was_sent(message):
            self._sent_upto.pop(message.boot, None)
            self._sent_upto[message.boot] = message.seq
            while len(self._sent_upto) > BOOTS_REMEMBERED:
                del self._sent_upto[next(iter(self._sent_upto))]
        await client.publish(message.topic, message.payload, qos=1, retain=message.retain)

    def _was_sent(self, message: Outgoing) -> bool:
        return (
            message.boot is not None
            and message.seq is not None
            and message.seq <= self._sent_upto.get(message.boot, -1)
        )


def first_cause(group: ExceptionGroup) -> Exception:
    """The one error that says why both halves of a line ended: the one that a broken line does not explain, if any."""
    leaves: list[Exception] = []
    waiting: list[Exception] = [group]
    while waiting:
        error = waiting.pop(0)
        if isinstance(error, ExceptionGroup):
            waiting += error.exceptions
        else:
            leaves.append(error)
    return next((one for one in leaves if not isinstance(one, aiomqtt.MqttError | OSError)), leaves[0])


def _cut(client: aiomqtt.Client) -> None:
    """Break the connection as a dead line does, without a goodbye, so that the broker speaks the last will."""
    line = client._client.socket()  # noqa: SLF001  (aiomqtt offers only polite ways to leave)
    if isinstance(line, socket.socket):
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
