"""The border to the ``mqtt5`` codec: bytes ↔ packets, no I/O; garbage gives exactly one error.

The codec reports garbage as ``ValueError``, ``UnicodeDecodeError`` or, for a topic that is no UTF-8, as a panic of its
native code, which is no ``Exception``. Here all of them become :class:`MalformedFrameError`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import mqtt5

PUBLISH = 0x30
"""High half of a PUBLISH frame's first byte."""
FIXED_HEADER_BYTES_MAX = 5
_PUBLISH_MASK = 0xF4  # the packet type, and the bit that is set for QoS 2 only


class MalformedFrameError(ValueError):
    """The bytes are no MQTT 5; what follows them can't be trusted either."""


@dataclass(slots=True)
class Messages:
    """Messages of a run as columns, in receive order."""

    topics: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    retained: list[bool] = field(default_factory=list)

    def extend(self, other: Messages) -> None:
        """Append the messages of a later run."""
        self.topics += other.topics
        self.payloads += other.payloads
        self.retained += other.retained


@dataclass(slots=True)
class PublishRun:
    """Whole PUBLISH frames as they came from the socket, and how to acknowledge them."""

    frames: bytes
    count: int
    pubacks: bytes
    """One PUBACK per frame of QoS 1, in receive order."""
    acknowledgements: int
    """How many PUBACKs that are."""
    messages: Messages
    """What the frames hold: the codec has read it anyway."""


def read_packet(view: memoryview) -> tuple[mqtt5.Packet, int] | None:
    """The packet at the start of ``view`` and its length; ``None`` if there is not yet all of it."""
    try:
        return mqtt5.read(view)
    except BaseException as error:  # noqa: BLE001 - raised again unless it is garbage
        _check_incomplete(error, view)
        return None


def frame_length(view: memoryview) -> int | None:
    """Length of the whole frame at the start of ``view``, ``None`` if its header or its body isn't all there."""
    length = declared_length(view)
    return length if length is not None and length <= len(view) else None


def declared_length(view: memoryview) -> int | None:
    """Length that the frame at the start of ``view`` says it has, ``None`` if its header isn't all there."""
    value = 0
    for place in range(1, FIXED_HEADER_BYTES_MAX):
        if place >= len(view):
            return None
        value |= (view[place] & 0x7F) << (7 * (place - 1))
        if view[place] < 0x80:
            return value + place + 1
    raise MalformedFrameError("a frame's length takes more than four bytes")


def take_publishes(view: memoryview) -> PublishRun | None:
    """The run of whole PUBLISH frames at the start of ``view``, each checked by the codec; ``None`` if there is none.

    Raises :class:`MalformedFrameError` for garbage. A frame of QoS 2, which we never subscribe to, ends the run.
    """
    read = mqtt5.read
    messages = Messages()
    add_topic, add_payload, add_retained = messages.topics.append, messages.payloads.append, messages.retained.append
    position = 0
    ids: list[bytes] = []
    end = len(view)
    while position < end and view[position] & _PUBLISH_MASK == PUBLISH:
        try:
            packet: Any
            packet, length = read(view[position:])  # the first byte says that it is a PUBLISH
        except BaseException as error:  # noqa: BLE001 - raised again unless the frame isn't all there
            _check_incomplete(error, view[position:])
            break
        add_topic(packet.topic)
        add_payload(packet.payload)
        add_retained(packet.retain)
        packet_id = packet.packet_id
        if packet_id is not None:
            ids.append(packet_id.to_bytes(2, "big"))
        position += length
    if not position:
        return None
    pubacks = b"@\x02" + b"@\x02".join(ids) if ids else b""
    return PublishRun(bytes(view[:position]), len(messages.topics), pubacks, len(ids), messages)


def unpack(frames: bytes) -> Messages:
    """All messages of runs that :func:`take_publishes` cut; raises :class:`MalformedFrameError` for anything else."""
    read = mqtt5.read
    publish = mqtt5.PublishPacket
    view = memoryview(frames)
    end = len(view)
    messages = Messages()
    add_topic, add_payload, add_retained = messages.topics.append, messages.payloads.append, messages.retained.append
    position = 0
    while position < end:
        try:
            packet, length = read(view[position:])
        except BaseException as error:  # noqa: BLE001 - raised again unless the frame isn't all there
            _check_incomplete(error, view[position:])
            break
        if type(packet) is not publish:
            raise MalformedFrameError(f"a {type(packet).__name__} among the publishes")
        add_topic(packet.topic)
        add_payload(packet.payload)
        add_retained(packet.retain)
        position += length
    if position < end:
        raise MalformedFrameError("the last frame is cut off")
    return messages


def _check_incomplete(error: BaseException, view: memoryview) -> None:
    """Return if the codec only missed the rest of a frame; raise what the error means otherwise."""
    if isinstance(error, IndexError):
        if frame_length(view) is not None:
            raise MalformedFrameError(f"a frame is shorter than what it says to hold: {error}") from error
    elif isinstance(error, ValueError):
        raise MalformedFrameError(str(error)) from error
    elif type(error).__name__ == "PanicException":
        raise MalformedFrameError("a text is no UTF-8") from error
    else:
        raise error
