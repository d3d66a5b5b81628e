"""One MQTT 5 connection: an asyncio transport around the sans-io codec.

It hands on runs of whole PUBLISH frames as received and writes what it is given; it never acknowledges by itself. It
bounds its memory (one fixed buffer, and the socket is paused while :meth:`Connection.hold` is in force) and notices a
broker that has fallen silent. It refuses to reconnect: a connection that ended stays ended (:mod:`ingest.mqtt.session`).

Decision: brokers send one small packet per message, and a reader that is awake for each of them costs both ends two to
ten times more. So in a busy stream the socket rests for ``rest_s`` after a short read. With a small window of
unacknowledged messages a rest would only stall the broker: ``rest_s`` 0 turns it off.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import mqtt5

from ingest.mqtt.errors import BrokerReason, MqttError
from ingest.mqtt.frames import (
    MalformedFrameError,
    PublishRun,
    declared_length,
    read_packet,
    take_publishes,
)
from ingest.mqtt.greeting import closed_without_answer, dismissal, no_way_in, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.mqtt.address import BrokerAddress

SHORT_READ_BYTES = 64 * 1024
BUSY_MESSAGES_PER_S = 2_000
_BUFFER_BYTES = 512 * 1024
_FLOW_S = 0.1
_PUBLISHES_IN_FLIGHT_MAX = 1_000
_GREETINGS = (0x20, 0xE0, 0xF0)  # CONNACK, DISCONNECT, AUTH


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """What is asked of the broker, and how the socket is read."""

    client_id: str
    keep_alive_s: float = 30
    session_expiry_s: int = 7 * 86400
    receive_max: int = 20_000
    max_packet_bytes: int = 256 * 1024
    """Above the 60 KiB of a payload, so that what is too large arrives and is counted, not dropped by the broker."""
    rest_s: float = 0.02
    is_expiry_sent: bool = True
    """Whether messages carry their expiry; the embedded broker can't hand one with it to a client of MQTT 3.1.1."""
    hears_itself: bool = False
    """Whether the broker sends us our own messages back in spite of no local."""
    answer_timeout_s: float = 10


class Connection(asyncio.BufferedProtocol):
    """An open connection; see the module. ``on_run`` is called in the loop's thread for each run of publishes."""

    def __init__(
        self, options: ConnectionOptions, address: BrokerAddress, on_run: Callable[[PublishRun], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._options = options
        self._address = address
        self._on_run = on_run
        self._transport: asyncio.Transport | None = None
        self._view = memoryview(bytearray(_BUFFER_BYTES))
        self._fill = 0
        self._connack: asyncio.Future[mqtt5.ConnAckPacket] = loop.create_future()
        self._answers: dict[int, asyncio.Future[mqtt5.Packet]] = {}
        self._in_flight = asyncio.Semaphore(_PUBLISHES_IN_FLIGHT_MAX)
        self._packet_id = 0
        self.ended: asyncio.Future[MqttError] = loop.create_future()
        """Resolves with the cause when the connection has ended."""
        self.session_present = False
        self.may_rest = options.rest_s > 0
        """Whether the socket may rest in a busy stream; off where the broker's window is small."""
        self.is_gathering = False
        """Whether the messages at hand are what has gathered while the socket rested: waiting for more would be for nothing."""
        self._is_held = False
        self._is_resting = False
        self._is_write_paused = False
        self._is_busy = False
        self._flow = 0
        self._flow_since = 0.0
        self._has_received = False
        self._has_sent = False
        self._is_ping_open = False
        self._keep_alive: asyncio.TimerHandle | None = None

    @classmethod
    async def open(
        cls, address: BrokerAddress, options: ConnectionOptions, on_run: Callable[[PublishRun], None]
    ) -> Connection:
        """Connect and log in; raises :class:`MqttError` with the cause in one sentence."""
        connection = cls(options, address, on_run)
        try:
            async with asyncio.timeout(options.answer_timeout_s):  # wait_for loses a cancellation that meets a failure
                await connection._connect()
        except TimeoutError as error:
            connection._end(
                BrokerReason.UNREACHABLE, f"the broker {address} does not answer within {options.answer_timeout_s} s"
            )
            raise connection.ended.result() from error
        except BaseException:
            connection._end(BrokerReason.LOST, "the connection was given up")
            raise
        return connection

    async def subscribe(self, filters: Sequence[mqtt5.TopicFilter]) -> None:
        """Subscribe; raises :class:`MqttError` naming the filters that the broker refuses."""
        packet_id = self._free_packet_id()
        answer = await self._ask(packet_id, mqtt5.SubscribePacket(packet_id, list(filters)).write())
        codes = answer.reason_codes if isinstance(answer, mqtt5.SubAckPacket) else []
        refused = [f.pattern for f, code in zip(filters, codes, strict=True) if code.value >= 0x80]
        if refused:
            raise MqttError(
                BrokerReason.REFUSED, f"the broker {self._address} refuses the subscription to {', '.join(refused)}"
            )

    async def unsubscribe(self, patterns: Sequence[str]) -> None:
        """Give up filters, also such as the broker does not know; raises :class:`MqttError` where it does not answer."""
        if patterns:
            packet_id = self._free_packet_id()
            await self._ask(packet_id, mqtt5.UnsubscribePacket(packet_id, list(patterns)).write())

    async def publish(self, topic: str, payload: bytes, *, expiry_s: int | None = None) -> None:
        """Publish at QoS 1 and return when the broker has acknowledged it; raises :class:`MqttError` otherwise."""
        async with self._in_flight:
            packet_id = self._free_packet_id()
            packet = mqtt5.PublishPacket(
                topic,
                payload,
                qos=mqtt5.QoS.AT_LEAST_ONCE,
                packet_id=packet_id,
                message_expiry_interval=expiry_s if self._options.is_expiry_sent else None,
            )
            answer = await self._ask(packet_id, packet.write())
            if isinstance(answer, mqtt5.PubAckPacket) and answer.reason_code.value >= 0x80:
                raise MqttError(
                    BrokerReason.REFUSED,
                    f"the broker {self._address} refuses a message to {topic}: {answer.reason_code.name}",
                )

    def publish_once(self, topic: str, payload: bytes) -> bool:
        """Publish at QoS 0; False where the socket is full or closed, and the message is dropped."""
        if self._is_write_paused or self.ended.done():
            return False
        self.write(mqtt5.PublishPacket(topic, payload).write())
        return True

    def write(self, data: bytes) -> None:
        """Write whole packets; nothing happens on a connection that has ended."""
        if self._transport is not None and not self._transport.is_closing() and not self.ended.done():
            self._has_sent = True
            self._transport.write(data)

    def hold(self, *, is_held: bool) -> None:
        """Stop reading from the socket, or go on: back-pressure that reaches the broker."""
        self._is_held = is_held
        self._apply_reading()

    async def disconnect(self) -> None:
        """Say goodbye and close; the broker keeps the session and queues what arrives meanwhile."""
        if not self.ended.done():
            self.write(mqtt5.DisconnectPacket().write())
        self._end(BrokerReason.LOST, "disconnected", is_abort=False)
        await asyncio.sleep(0)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        del sizehint
        return self._view[self._fill :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take all whole packets out of the buffer."""
        self._has_received = True
        self._fill += nbytes
        is_short = nbytes < SHORT_READ_BYTES
        self.is_gathering = is_short and self._is_busy and self.may_rest
        try:
            position = self._take(self._view[: self._fill])
        except MalformedFrameError as error:
            self._end(BrokerReason.MALFORMED, f"the broker {self._address} sent what is no MQTT 5: {error}")
            return
        rest = self._fill - position
        if position and rest:
            self._view[:rest] = bytes(self._view[position : self._fill])
        self._fill = rest
        if is_short and self._measure_flow() and self.may_rest:
            self._is_resting = True
            self._apply_reading()
            self._loop.call_later(self._options.rest_s, self._rested)

    def eof_received(self) -> bool:
        """The broker closed its end."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember the cause."""
        if not self._connack.done() and exc is None:
            sentence = closed_without_answer(self._address)
        else:
            sentence = f"the broker {self._address} ended the connection{'' if exc is None else f': {exc}'}"
        self._end(BrokerReason.LOST, sentence)

    def pause_writing(self) -> None:
        """The socket is full."""
        self._is_write_paused = True

    def resume_writing(self) -> None:
        """The socket takes data again."""
        self._is_write_paused = False

    # Helpers.

    async def _connect(self) -> None:
        options, address = self._options, self._address
        try:
            await self._loop.create_connection(lambda: self, address.host, address.port, ssl=address.ssl_context())
        except OSError as error:  # also what TLS refuses
            raise no_way_in(error, address) from error
        connect = mqtt5.ConnectPacket(
            options.client_id,
            username=address.user,
            password=None if address.password is None else address.password.encode(),
            clean_start=False,
            keep_alive=max(1, round(options.keep_alive_s)),
            session_expiry_interval=options.session_expiry_s,
            receive_max=options.receive_max,
            topic_alias_max=0,
            max_packet_size=options.max_packet_bytes,
        )
        self.write(connect.write())
        either: list[asyncio.Future[Any]] = [self._connack, self.ended]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not self._connack.done():
            raise self.ended.result()
        answer = self._connack.result()
        self.session_present = answer.session_present
        if answer.receive_max < _PUBLISHES_IN_FLIGHT_MAX:
            self._in_flight = asyncio.Semaphore(answer.receive_max)
        interval_s = min(options.keep_alive_s, answer.server_keep_alive or options.keep_alive_s)
        self._keep_alive = self._loop.call_later(interval_s / 2, self._check_alive, interval_s / 2)

    def _take(self, view: memoryview) -> int:
        """Handle all whole packets in ``view``; returns how many bytes they took."""
        position = 0
        while position < len(view):
            if self._connack.done():
                run = take_publishes(view[position:])
                if run is not None:
                    position += len(run.frames)
                    self._flow += run.count
                    self._on_run(run)
                    continue
            elif view[position] not in _GREETINGS:
                raise MalformedFrameError(f"its answer begins with byte {view[position]:#04x}")
            length = declared_length(view[position:])
            if length is not None and length > self._options.max_packet_bytes:
                raise MalformedFrameError(f"a packet of {length} bytes, {self._options.max_packet_bytes} are agreed")
            if length is None or position + length > len(view):
                break
            self._handle(view[position : position + length])
            position += length
        return position

    def _handle(self, frame: memoryview) -> None:
        if (
            not self._connack.done() and frame[0] == 0x20 and len(frame) == 4
        ):  # a CONNACK of MQTT 3.1.1 has no properties
            self._end(
                BrokerReason.OLD_PROTOCOL,
                f"the broker {self._address} speaks MQTT 3.1.1 only: Fettle needs a broker or a port that speaks MQTT 5",
            )
            return
        found = read_packet(frame)
        if found is None:
            raise MalformedFrameError("a packet is shorter than what it says to hold")
        packet = found[0]
        if isinstance(packet, mqtt5.ConnAckPacket):
            self._logged_in(packet)
        elif isinstance(packet, (mqtt5.PubAckPacket, mqtt5.SubAckPacket, mqtt5.UnsubAckPacket)):
            answer = self._answers.pop(packet.packet_id, None)
            if answer is not None and not answer.done():
                answer.set_result(packet)
        elif isinstance(packet, mqtt5.DisconnectPacket):
            error = dismissal(packet.reason_code, self._address, self._options.client_id)
            self._end(error.reason, str(error))
        elif not isinstance(packet, mqtt5.PingRespPacket):
            raise MalformedFrameError(f"a {type(packet).__name__} that was not agreed")

    def _logged_in(self, packet: mqtt5.ConnAckPacket) -> None:
        if self._connack.done():
            raise MalformedFrameError("a second CONNACK")
        error = refusal(packet.reason_code, self._address)
        if error is None:
            self._connack.set_result(packet)
        else:
            self._end(error.reason, str(error))

    async def _ask(self, packet_id: int, data: bytes) -> mqtt5.Packet:
        """Write a packet and wait for the answer that carries its id."""
        if self.ended.done():
            raise self.ended.result()
        answer: asyncio.Future[mqtt5.Packet] = self._loop.create_future()
        self._answers[packet_id] = answer
        self.write(data)
        try:
            while True:
                await asyncio.wait({answer}, timeout=self._options.answer_timeout_s)
                if answer.done():
                    return answer.result()
                if not self._is_held:  # while held, the answer may be waiting in the socket
                    raise MqttError(BrokerReason.LOST, f"the broker {self._address} left a packet without answer")
        finally:
            self._answers.pop(packet_id, None)

    def _free_packet_id(self) -> int:
        while True:
            self._packet_id = self._packet_id % 65535 + 1
            if self._packet_id not in self._answers:
                return self._packet_id

    def _measure_flow(self) -> bool:
        """Whether the stream is busy, measured over a tenth of a second, or as soon as it brought what makes it so."""
        now = self._loop.time()
        elapsed = max(now - self._flow_since, _FLOW_S)
        is_busy = self._flow > BUSY_MESSAGES_PER_S * elapsed
        if is_busy or now - self._flow_since >= _FLOW_S:
            self._is_busy = is_busy
            self._flow = 0
            self._flow_since = now
        return self._is_busy

    def _rested(self) -> None:
        self._is_resting = False
        self._apply_reading()

    def _apply_reading(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        should_read = not (self._is_held or self._is_resting)
        if should_read and not self._transport.is_reading():
            self._transport.resume_reading()
        elif not should_read and self._transport.is_reading():
            self._transport.pause_reading()

    def _check_alive(self, interval_s: float) -> None:
        """Twice in a keep-alive interval: send what keeps us alive, and notice a broker that has fallen silent."""
        if self.ended.done():
            return
        if self._is_ping_open and not self._has_received and not self._is_held:
            self._end(BrokerReason.LOST, f"the broker {self._address} has fallen silent")
            return
        self._is_ping_open = not (self._has_received and self._has_sent)
        if self._is_ping_open:
            self.write(mqtt5.PingReqPacket().write())
        self._has_received = self._has_sent = False
        self._keep_alive = self._loop.call_later(interval_s, self._check_alive, interval_s)

    def _end(self, reason: BrokerReason, sentence: str, *, is_abort: bool = True) -> None:
        if self.ended.done():
            return
        error = MqttError(reason, sentence)
        self.ended.set_result(error)
        if self._keep_alive is not None:
            self._keep_alive.cancel()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(error)
        if self._transport is not None:
            if is_abort:
                self._transport.abort()
            else:
                self._transport.close()
