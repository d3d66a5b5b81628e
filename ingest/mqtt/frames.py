"""The border to the ``mqtt5`` codec: bytes ↔ packets, no I/O; garbage gives exactly one error.

The codec reports garbage as ``ValueError``, ``UnicodeDecodeError`` or, for a topic that is no UTF-8, as a panic of its
native code, which is no ``Exception``. Here all of them become :class:`MalformedFrameError`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import mqtt5
import numpy as np

from ingest.mqtt.publish_layout import Layout, lay_out
from ingest.mqtt.replay_mark import unmarked

FIXED_HEADER_BYTES_MAX = 5
_PUBACK_BYTES = 4


class MalformedFrameError(ValueError):
    """The bytes are no MQTT 5; what follows them can't be trusted either."""


@dataclass(slots=True)
class Messages:
    """Messages of a run as columns, in receive order; ``raw_topics`` are UTF-8."""

    raw_topics: list[bytes] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    retained: list[bool] = field(default_factory=list)
    letters: dict[int, int] = field(default_factory=dict)
    """Of messages that are dead letters come again, by their number here: the letter."""

    @property
    def topics(self) -> list[str]:
        """The topics as text."""
        return [topic.decode() for topic in self.raw_topics]


@dataclass(slots=True)
class PublishRun:
    """Whole PUBLISH frames as they came from the socket, and how to acknowledge them."""

    frames: bytes
    count: int
    pubacks: bytes
    """One PUBACK per frame of QoS 1, in receive order."""
    acknowledgements: int
    """How many PUBACKs that are."""
    layout: Layout
    """Where the frames stand."""


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
    """The run of whole PUBLISH frames at the start of ``view``, each sound to the codec; ``None`` if there is none.

    Raises :class:`MalformedFrameError` for garbage. A frame of QoS 2, which we never subscribe to, ends the run.
    """
    layout = lay_out(view)
    if not layout.end:
        return None
    for number in layout.others:
        packet_id = _publish_at(view, layout, number).packet_id
        layout.is_acknowledged[number] = packet_id is not None
        layout.packet_ids[number] = packet_id or 0
    pubacks = _pubacks(layout)
    return PublishRun(bytes(view[: layout.end]), len(layout.starts), pubacks, len(pubacks) // _PUBACK_BYTES, layout)


def own_frame(topic: str, payload: bytes) -> bytes:
    """The frame under which the service's own word stands in the journal."""
    return mqtt5.PublishPacket(topic, payload).write()


def unpack(frames: bytes, layout: Layout | None = None) -> Messages:
    """All messages of runs that :func:`take_publishes` cut; raises :class:`MalformedFrameError` for anything else.

    ``layout`` is what those runs said, joined; without it, it is found anew.
    """
    layout = layout or lay_out(frames)
    if layout.end < len(frames):
        found = read_packet(memoryview(frames)[layout.end :])
        what = "the last frame is cut off" if found is None else f"a {type(found[0]).__name__} among the publishes"
        raise MalformedFrameError(what)
    others = layout.others
    if others:
        layout.topics[others] = layout.topic_ends[others] = layout.payloads[others] = 0
    messages = Messages(
        [frames[start:end] for start, end in zip(layout.topics.tolist(), layout.topic_ends.tolist(), strict=True)],
        [frames[start:end] for start, end in zip(layout.payloads.tolist(), layout.ends.tolist(), strict=True)],
        layout.is_retained.tolist(),
    )
    for number in others:
        packet = _publish_at(memoryview(frames), layout, number)
        messages.raw_topics[number], messages.payloads[number] = packet.topic.encode(), packet.payload
        messages.retained[number] = packet.retain
    messages.raw_topics, messages.letters = unmarked(messages.raw_topics)
    return messages


def _publish_at(view: memoryview, layout: Layout, number: int) -> Any:
    """What the codec reads from one frame; raises where that isn't just this frame."""
    start, end = int(layout.starts[number]), int(layout.ends[number])
    found = read_packet(view[start:end])
    if found is None or found[1] != end - start:
        raise MalformedFrameError("a frame is shorter than what it says to hold")
    return found[0]


def _pubacks(layout: Layout) -> bytes:
    """One PUBACK per frame that wants one."""
    ids = layout.packet_ids if layout.is_acknowledged.all() else layout.packet_ids[layout.is_acknowledged]
    packets = np.empty((len(ids), _PUBACK_BYTES), dtype=np.uint8)
    packets[:, 0], packets[:, 1] = 0x40, 2
    packets[:, 2], packets[:, 3] = ids >> 8, ids & 0xFF
    return packets.tobytes()


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
