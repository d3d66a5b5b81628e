"""Where the PUBLISH frames of a stream stand, found for all of them at once.

An ordinary frame (QoS 0 or 1, no properties, a topic in ASCII) is told by arithmetic on its bytes, and means what the codec
would read from it. Every other is marked, and the codec alone decides about it. Nothing is cut out of the stream here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PUBLISH = 0x30
"""High half of a PUBLISH frame's first byte."""

_PUBLISH_MASK = 0xF4  # the packet type, and the bit that is set for QoS 2 only
_LENGTH_BYTES_MAX = 4


@dataclass(slots=True)
class Layout:
    """Whole PUBLISH frames one behind another, all columns (N,).

    Frame i stands in ``starts[i]`` to ``ends[i]``. Where it ``is_ordinary``, its topic stands in ``topics[i]`` to
    ``topic_ends[i]``, its payload from ``payloads[i]`` to its end, and ``packet_ids[i]`` belongs to it if it
    ``is_acknowledged``; else these columns say nothing.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    topics: NDArray[np.int64]
    topic_ends: NDArray[np.int64]
    payloads: NDArray[np.int64]
    packet_ids: NDArray[np.int64]
    is_acknowledged: NDArray[np.bool_]
    is_retained: NDArray[np.bool_]
    is_ordinary: NDArray[np.bool_]

    @property
    def end(self) -> int:
        """Where the last frame ends, 0 without any."""
        return int(self.ends[-1]) if len(self.ends) else 0

    @property
    def others(self) -> list[int]:
        """Numbers of the frames that are not ordinary."""
        return [] if self.is_ordinary.all() else np.flatnonzero(~self.is_ordinary).tolist()


def joined(layouts: Sequence[Layout]) -> Layout:
    """The layout of streams that are joined one behind another, each of which is whole frames only."""
    if len(layouts) == 1:
        return layouts[0]
    sizes = [layout.end for layout in layouts]
    shifts = np.repeat(np.cumsum([0, *sizes[:-1]]), [len(layout.starts) for layout in layouts])
    return Layout(
        *(
            np.concatenate([getattr(layout, name) for layout in layouts]) + shifts
            for name in ("starts", "ends", "topics", "topic_ends", "payloads")
        ),
        *(
            np.concatenate([getattr(layout, name) for layout in layouts])
            for name in ("packet_ids", "is_acknowledged", "is_retained", "is_ordinary")
        ),
    )


def lay_out(stream: bytes | memoryview) -> Layout:
    """The whole PUBLISH frames of QoS 0 and 1 at the start of a stream, up to the first that is none.

    Places beyond the last frame are read as its last byte, which decides nothing. Bytes above 127 are counted: where there are
    just those of the lengths and packet ids, all topics and payloads are ASCII, and none need be looked at.
    """
    data = np.frombuffer(stream, dtype=np.uint8)
    high = np.flatnonzero(data >= 0x80)
    starts, ends = _frames(stream, data, high)
    if not len(starts):
        nothing, nobody = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
        return Layout(starts, ends, nothing, nothing, nothing, nothing, nobody, nobody, nobody)
    last = int(ends[-1]) - 1

    def byte(at: NDArray[np.int64]) -> NDArray[np.int64]:
        return data[np.minimum(at, last)].astype(np.int64)

    first = byte(starts)
    length_bytes = 1 + (byte(starts + 1) >= 0x80).astype(np.int64)
    for extra in range(2, _LENGTH_BYTES_MAX):
        if (length_bytes == extra).any():
            length_bytes += (length_bytes == extra) & (byte(starts + extra) >= 0x80)
    topics = starts + 3 + length_bytes
    topic_ends = topics + (byte(topics - 2) << 8 | byte(topics - 1))
    is_acknowledged = (first & 0x06) == 0x02
    properties = topic_ends + 2 * is_acknowledged
    high_id, low_id = byte(topic_ends), byte(topic_ends + 1)
    is_ordinary = (properties < ends) & (topic_ends > topics) & (byte(properties) == 0)
    expected = length_bytes.sum() - len(starts)
    expected += np.count_nonzero(is_acknowledged & (high_id >= 0x80))
    expected += np.count_nonzero(is_acknowledged & (low_id >= 0x80))
    if not is_ordinary.all() or np.searchsorted(high, last + 1) != expected:  # else every text is ASCII
        is_ordinary &= _are_ascii(high, topics, topic_ends)
    return Layout(
        starts,
        ends,
        topics,
        topic_ends,
        properties + 1,
        high_id << 8 | low_id,
        is_acknowledged,
        (first & 0x01) == 0x01,
        is_ordinary,
    )


def _are_ascii(high: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which texts have no byte above 127, by the places of all such bytes."""
    is_ascii: NDArray[np.bool_] = np.searchsorted(high, starts) == np.searchsorted(high, ends)
    return is_ascii


def _frames(
    stream: bytes | memoryview, data: NDArray[np.uint8], high: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and ends of the frames: guessed from the bytes, each guess checked by its predecessor's length, then walked."""
    guesses = high[(high > 0) & (high < len(data) - 1)]
    guesses = guesses[(data[guesses - 1] & _PUBLISH_MASK) == PUBLISH] - 1  # a length of two bytes begins above 127
    ends, count = _follow(data, guesses)
    if count < len(guesses) - 1:  # packet ids look like it at times: what begins where nothing ends is no frame
        is_end = np.zeros(len(data) + 1, dtype=np.bool_)
        is_end[0] = is_end[ends[ends <= len(data)]] = True
        guesses = guesses[is_end[guesses]]
        ends, count = _follow(data, guesses)
    position = int(ends[count - 1]) if count else 0
    more: list[int] = []
    more_ends: list[int] = []
    while position < len(data) and stream[position] & _PUBLISH_MASK == PUBLISH:
        end = _end_of(stream, position)
        if end is None:
            break
        more.append(position)
        more_ends.append(end)
        position = end
    if not more:
        return guesses[:count], ends[:count]
    return (
        np.concatenate([guesses[:count], np.array(more, dtype=np.int64)]),
        np.concatenate([ends[:count], np.array(more_ends, dtype=np.int64)]),
    )


def _follow(data: NDArray[np.uint8], guesses: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Where each guessed frame ends, and how many at the start are sound: each begins where the one before it ends."""
    ends = guesses + 3 + (data[guesses + 1] & 0x7F) + (data[guesses + 2].astype(np.int64) << 7)
    is_sound = (data[guesses + 2] < 0x80) & (ends <= len(data))
    if len(guesses):
        is_sound[0] &= guesses[0] == 0
        is_sound[1:] &= guesses[1:] == ends[:-1]
    return ends, len(guesses) if is_sound.all() else int(np.argmin(is_sound))


def _end_of(stream: bytes | memoryview, position: int) -> int | None:
    """Where the frame that begins here ends; ``None`` where it isn't all there, or its length is none."""
    length = 0
    for place in range(1, 1 + _LENGTH_BYTES_MAX):
        at = position + place
        if at >= len(stream):
            return None
        length |= (stream[at] & 0x7F) << (7 * (place - 1))
        if stream[at] < 0x80:
            end = at + 1 + length
            return end if end <= len(stream) else None
    return None
