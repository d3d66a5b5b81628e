"""A fleet on one connection: publishes a load at QoS 1 and keeps each message for as long as its delivery class says.

What was not acknowledged by the broker is published again after a reconnection, whatever the class. What an appliance of
class E has sent is kept until our ``ack`` says that it is durable, and published again after a reconnection and when no
ack has come for a while. The test says how much may be published, so that a slow machine changes nothing but the time.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections import defaultdict, deque
from contextlib import suppress
from typing import TYPE_CHECKING

import mqtt5

from tests.servers.faults.load import birth, is_buffered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from tests.servers.faults.load import Message

WINDOW = 500
RECONNECT_S = 0.1
PATIENCE_S = 240.0
REPEAT_AFTER_S = 15.0
"""How long an appliance of class E waits for an ack before it publishes again; acks come every 2 s."""


class Fleet:
    """Publishes in a thread of its own from entry to exit."""

    def __init__(
        self, port: int, user: tuple[str, str], messages: Sequence[Message], *, is_repeating: bool = True
    ) -> None:
        self._port = port
        self._user = user
        self._messages = messages
        self._is_repeating = is_repeating
        self._todo: deque[int] = deque()
        self._next = 0
        self._allowed = 0
        self._per_s = 0.0
        self._released_at = 0.0
        self._released_from = 0
        self._in_flight: dict[int, int] = {}
        self._kept: dict[str, deque[int]] = defaultdict(deque)
        self._heard_at = 0.0
        self._packet_id = 0
        self._rest = b""
        self._line: socket.socket | None = None
        self._stop = threading.Event()
        self._is_held = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)
        self.acknowledged: set[int] = set()
        """Places in the load of what the broker has acknowledged."""
        self.published = 0
        """How many publishes were sent, repetitions included."""
        self.failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(10)
        if self.failure is not None and error is None:
            raise self.failure

    def release(self, count: int | None = None, *, per_s: float = 5000.0) -> None:
        """Let so many further messages be published (all of them by default), no faster than ``per_s``."""
        self._per_s, self._released_from, self._released_at = per_s, self._next, time.monotonic()
        self._allowed = len(self._messages) if count is None else min(len(self._messages), self._allowed + count)

    def hold(self) -> None:
        """Publish nothing, not even again, until :meth:`go_on`."""
        self._is_held.set()

    def go_on(self) -> None:
        """Publish again."""
        self._is_held.clear()

    @property
    def is_at_end(self) -> bool:
        """Whether nothing is left that could be released."""
        return self._allowed >= len(self._messages)

    @property
    def is_idle(self) -> bool:
        """Whether everything that was released is acknowledged by the broker."""
        return self._next >= self._allowed and not self._todo and not self._in_flight

    @property
    def is_done(self) -> bool:
        """Whether nothing of all that was released is kept any more."""
        return self.is_idle and not any(self._kept.values())

    def wait_until_idle(self) -> None:
        """Until the broker has acknowledged everything that was released."""
        self._wait(lambda: self.is_idle)

    def wait_until_done(self) -> None:
        """Until the broker, and for class E our ack, has acknowledged everything that was released."""
        self._wait(lambda: self.is_done)

    def _wait(self, is_true: object) -> None:
        assert callable(is_true)
        deadline = time.monotonic() + PATIENCE_S
        while not is_true():
            assert self.failure is None, self.failure
            assert time.monotonic() < deadline, f"{self._next} of {self._allowed}, {len(self._in_flight)} in flight"
            time.sleep(0.01)

    # In the fleet's thread.

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                with suppress(OSError):
                    self._connect()
                    while not self._stop.is_set():
                        self._step()
                if self._line is not None:
                    self._line.close()
                    self._line = None
                self._stop.wait(RECONNECT_S)
        except BaseException as error:  # noqa: BLE001 - told to the test's thread
            self.failure = error

    def _connect(self) -> None:
        """Log in, say again that we keep messages, and begin again with what isn't acknowledged."""
        line = self._line = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        name, password = self._user
        line.sendall(
            mqtt5.ConnectPacket(
                name, username=name, password=password.encode(), clean_start=True, keep_alive=60
            ).write()
        )
        self._rest = _received(line)
        (packet,) = self._packets()
        assert isinstance(packet, mqtt5.ConnAckPacket)
        if packet.reason_code is not mqtt5.ConnAckReasonCode.SUCCESS:
            raise ConnectionError(packet.reason_code)
        line.sendall(mqtt5.SubscribePacket(1, [mqtt5.TopicFilter("fettle/v1/+/+/ack")]).write())
        for name in sorted({message.appliance_id for message in self._messages}):
            if is_buffered(name):
                topic, payload = birth(name)
                self._packet_id = self._packet_id % 65535 + 1
                said = mqtt5.PublishPacket(
                    topic, payload, retain=True, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=self._packet_id
                )
                line.sendall(said.write())
        self._repeat_from_start()

    def _repeat_from_start(self) -> None:
        """Publish again what nobody has acknowledged, before anything new."""
        again = set(self._in_flight.values()) | set(self._todo)
        if self._is_repeating:
            again.update(place for kept in self._kept.values() for place in kept)
        self._in_flight.clear()
        self._todo = deque(sorted(again))
        self._heard_at = time.monotonic()

    def _step(self) -> None:
        """Publish what may be published, and take what has come."""
        line = self._line
        assert line is not None
        frames = []
        while len(self._in_flight) < WINDOW and (place := self._take()) is not None:
            frames.append(self._frame(place))
        if frames:
            line.sendall(b"".join(frames))
        if select.select([line], [], [], 0.005)[0]:
            self._rest += _received(line)
            for packet in self._packets():
                self._heed(packet)
        if self._is_repeating and self.is_idle and any(self._kept.values()):
            if time.monotonic() - self._heard_at > REPEAT_AFTER_S:
                self._repeat_from_start()
        elif not self.is_idle:
            self._heard_at = time.monotonic()

    def _take(self) -> int | None:
        """The next message to publish, as far as that is allowed now."""
        if self._is_held.is_set():
            return None
        if self._todo:
            return self._todo.popleft()
        due = self._released_from + (time.monotonic() - self._released_at) * self._per_s
        if self._next >= min(self._allowed, due):
            return None
        place, self._next = self._next, self._next + 1
        message = self._messages[place]
        if is_buffered(message.appliance_id):
            self._kept[message.appliance_id].append(place)
        return place

    def _frame(self, place: int) -> bytes:
        message = self._messages[place]
        self._packet_id = self._packet_id % 65535 + 1
        while self._packet_id in self._in_flight:
            self._packet_id = self._packet_id % 65535 + 1
        self._in_flight[self._packet_id] = place
        self.published += 1
        return mqtt5.PublishPacket(
            message.topic, message.payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=self._packet_id
        ).write()

    def _heed(self, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.PubAckPacket):
            place = self._in_flight.pop(packet.packet_id, None)
            if place is not None:
                self.acknowledged.add(place)
        elif isinstance(packet, mqtt5.PublishPacket):
            self._heard_at = time.monotonic()
            said = json.loads(bytes(packet.payload))
            kept = self._kept[packet.topic.split("/")[3]]
            while kept and self._messages[kept[0]].seq <= said["upto"]:
                kept.popleft()
        elif isinstance(packet, mqtt5.DisconnectPacket):
            raise ConnectionError(packet.reason_code)

    def _packets(self) -> list[mqtt5.Packet]:
        """All whole packets that have come."""
        view, position, packets = memoryview(self._rest), 0, []
        while position < len(view):
            try:
                packet, length = mqtt5.read(view[position:])
            except IndexError:
                break
            packets.append(packet)
            position += length
        self._rest = self._rest[position:]
        return packets


def _received(line: socket.socket) -> bytes:
    data = line.recv(1 << 16)
    if not data:
        raise ConnectionError("the broker has closed")
    return data
