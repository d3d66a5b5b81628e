"""Judgement: what admission decided about each message of one journal batch, in a byte per message.

Kept beside the batch, it makes reading back repeatable: whoever decodes the batch again gets the same samples at the same
times, without judging again.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ingest.wire.dead_letter import RefusalReason

GOOD = 0
DUPLICATE = 1
_FIRST_REASON = 2
_REASONS = tuple(RefusalReason)


_Notes = tuple[tuple[tuple[int, bytes], ...], tuple[tuple[int, int], ...]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """``codes`` has one byte per message, or is ``None`` where all are good; ``times`` are the event times set by us.

    A time is (number of the message, index of the sample, ms); for an event the index is 0.
    """

    position: int
    received_ms: int
    count: int
    codes: bytes | None = None
    times: tuple[tuple[int, int, int], ...] = ()
    meanings: bytes | None = None
    """What the good foreign messages meant (wire/meaning.py); ``None`` where there were none, or by an older Fettle."""
    left_out: tuple[tuple[int, bytes], ...] = ()
    """(number of the message, mask): readings that were refused, as names too many (``mask_of`` of wire/sample_rows.py)."""
    offsets: tuple[tuple[int, int], ...] = ()
    """(number of the message, place): which of several messages of one device and one time it is, from 1 on."""

    def code(self, number: int) -> int:
        """The code of one message."""
        return GOOD if self.codes is None else self.codes[number]


def code_of(reason: RefusalReason) -> int:
    """The byte that stands for a reason."""
    return _FIRST_REASON + _REASONS.index(reason)


def reason_of(code: int) -> RefusalReason | None:
    """The reason that a byte stands for, ``None`` for good and duplicate."""
    return _REASONS[code - _FIRST_REASON] if code >= _FIRST_REASON else None


def pack_times(times: tuple[tuple[int, int, int], ...]) -> bytes | None:
    """The times as bytes, nothing for none."""
    return msgspec.msgpack.encode(times) if times else None


def unpack_times(data: bytes | None) -> tuple[tuple[int, int, int], ...]:
    """The times of :func:`pack_times`."""
    return msgspec.msgpack.decode(data, type=tuple[tuple[int, int, int], ...]) if data else ()


def pack_notes(judgement: Judgement) -> bytes | None:
    """What is rarely said of messages as bytes, nothing for nothing."""
    if not judgement.left_out and not judgement.offsets:
        return None
    return msgspec.msgpack.encode((judgement.left_out, judgement.offsets))


def unpack_notes(data: bytes | None) -> tuple[tuple[tuple[int, bytes], ...], tuple[tuple[int, int], ...]]:
    """``left_out`` and ``offsets`` of :func:`pack_notes`."""
    return msgspec.msgpack.decode(data, type=_Notes) if data else ((), ())
