"""A broker for tests: one asyncio server in the same process that speaks real bytes through the ``mqtt5`` codec.

It keeps one persistent session: what was sent at QoS 1 and not acknowledged is sent again on the next connection.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import mqtt5

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, Self

WAIT_S = 20.0
"""How long a test waits for what must happen; nothing waits that long unless it fails."""


async def until(is_true: Callable[[], object]) -> None:
    """Let the loop run until the function says so; fails where it never does."""

    async def ask() -> None:
        while not is_true():  # noqa: ASYNC110 - what is waited for is the state of the system under test
            await asyncio.sleep(0.001)

    await asyncio.wait_for(ask(), WAIT_S)


@dataclass(slots=True)
class FakeBroker:
    """Answers one client at a time; everything it has seen can be looked at."""

    connack: bytes | None = field(default_factory=lambda: mqtt5.ConnAckPacket(receive_max=100).write())
    """What it answers to CONNECT; empty: it closes without a word; ``None``: it stays silent."""
    puback_code: mqtt5.PubAckReasonCode = field(default_factory=lambda: mqtt5.PubAckReasonCode.SUCCESS)
    suback_code: mqtt5.SubAckReasonCode = field(
        default_factory=lambda: mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
    )
    is_answering_pings: bool = True
    is_answering_publishes: bool = True
    tls: ssl.SSLContext | None = None
    connects: list[mqtt5.ConnectPacket] = field(default_factory=list)
    subscribed: list[mqtt5.TopicFilter] = field(default_factory=list)
    unsubscribed: list[str] = field(default_factory=list)
    published: list[mqtt5.PublishPacket] = field(default_factory=list)
    pubacks: list[int] = field(default_factory=list)
    pings: int = 0
    goodbyes: list[mqtt5.DisconnectPacket] = field(default_factory=list)
    unacknowledged: dict[int, bytes] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _writer: asyncio.StreamWriter | None = None
    _writers: dict[asyncio.Task[Any], asyncio.StreamWriter] = field(default_factory=dict)
    _packet_id: int = 0
    _port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None
        scheme = "mqtt" if self.tls is None else "mqtts"
        return f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers.values():
            writer.transport.abort()
        await asyncio.gather(*self._writers)
        await self._server.wait_closed()

    def send(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> int | None:
        """Publish to the client; the packet id at QoS 1."""
        packet_id = None
        if qos == 1:
            self._packet_id += 1
            packet_id = self._packet_id
        level = mqtt5.QoS.AT_LEAST_ONCE if qos == 1 else mqtt5.QoS.AT_MOST_ONCE
        data = mqtt5.PublishPacket(topic, payload, qos=level, packet_id=packet_id, retain=retain).write()
        if packet_id is not None:
            self.unacknowledged[packet_id] = data
        self.send_bytes(data)
        return packet_id

    def send_bytes(self, data: bytes) -> None:
        """Write raw bytes to the client."""
        if self._writer is not None:
            self._writer.write(data)

    def waiting_bytes(self) -> int:
        """How much the client has left in the broker's buffer."""
        assert self._writer is not None
        return self._writer.transport.get_write_buffer_size()

    def drop(self) -> None:
        """Cut the connection without a word."""
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def leave(self) -> None:
        """Go away: the connection is cut, and nobody listens any more."""
        assert self._server is not None
        self._port = self._server.sockets[0].getsockname()[1]
        self._server.close()
        self.drop()
        await self._server.wait_closed()

    async def come_back(self) -> None:
        """Listen again where it listened before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, ssl=self.tls)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        task = asyncio.current_task()
        assert task is not None
        self._writers[task] = writer
        buffer = b""
        try:
            while data := await reader.read(65536):
                buffer += data
                while buffer:
                    try:
                        packet, length = mqtt5.read(memoryview(buffer))
                    except IndexError:
                        break
                    buffer = buffer[length:]
                    self._take(packet, writer)
        except (ConnectionError, ValueError):  # cut, or no MQTT
            pass
        finally:
            writer.close()

    def _take(self, packet: mqtt5.Packet, writer: asyncio.StreamWriter) -> None:
        match packet:
            case mqtt5.ConnectPacket():
                self.connects.append(packet)
                self._greet(writer)
            case mqtt5.SubscribePacket():
                self.subscribed += packet.topic_filters
                codes = [self.suback_code] * len(packet.topic_filters)
                writer.write(mqtt5.SubAckPacket(packet.packet_id, codes).write())
            case mqtt5.UnsubscribePacket():
                self.unsubscribed += packet.patterns
                unknown = [mqtt5.UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED] * len(packet.patterns)
                writer.write(mqtt5.UnsubAckPacket(packet.packet_id, unknown).write())
            case mqtt5.PublishPacket():
                self.published.append(packet)
                if packet.packet_id is not None and self.is_answering_publishes:
                    writer.write(mqtt5.PubAckPacket(packet.packet_id, reason_code=self.puback_code).write())
            case mqtt5.PubAckPacket():
                self.pubacks.append(packet.packet_id)
                self.unacknowledged.pop(packet.packet_id, None)
            case mqtt5.PingReqPacket():
                self.pings += 1
                if self.is_answering_pings:
                    writer.write(mqtt5.PingRespPacket().write())
            case mqtt5.DisconnectPacket():
                self.goodbyes.append(packet)

    def _greet(self, writer: asyncio.StreamWriter) -> None:
        if self.connack is None:
            return
        writer.write(self.connack)
        if not self.connack:
            writer.close()
        for data in self.unacknowledged.values():
            writer.write(data)
