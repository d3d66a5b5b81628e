"""Bulk checks behind the typed decoder: which messages must be shown to the strict one.

The typed decoder keeps the last of duplicate keys, takes integers beyond 64 bit as numbers, and lets an empty object pass.
Counting finds all of that: a message without a backslash holds two quotes per key and per text; a duplicate key adds to
the count and never takes away. So messages whose sum is right are right. A batch is looked at as a whole, and where that
is odd, by message, all at once. False alarms cost time only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ingest.wire.dead_letter import PAYLOAD_BYTES_MAX
from ingest.wire.fields import TEXT_CHARACTERS_MAX
from ingest.wire.strict_json import is_boot
from ingest.wire.telemetry import METRICS_MAX

BOOT_CHARACTERS_MAX = 32
QUOTES_OF_IDENTITY = 6
"""Two keys and one text."""
_BEYOND_INTEGERS = 2.0**63
_QUOTE, _BACKSLASH = b'"\\'


def odd_rows(values: NDArray[np.float64], readings: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Rows (N,) with no metrics, too many, or one that was perhaps an integer beyond 64 bit."""
    is_odd: NDArray[np.bool_] = (readings == 0) | (readings > METRICS_MAX)
    is_beyond = (values >= _BEYOND_INTEGERS) | (values <= -_BEYOND_INTEGERS)
    if is_beyond.any():
        is_odd |= is_beyond.any(axis=1)
    return is_odd


def present(texts: Sequence[str | None], is_odd: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows (N,) have this text; a row whose text is too long is marked as odd."""
    if texts.count(None) == len(texts):
        return np.zeros(len(texts), dtype=np.bool_)
    distinct = set(texts)
    is_there = np.ones(len(texts), dtype=np.bool_)
    if None in distinct:
        is_there[:] = [text is not None for text in texts]
    if any(len(text) > TEXT_CHARACTERS_MAX for text in distinct if text is not None):
        is_odd |= [text is not None and len(text) > TEXT_CHARACTERS_MAX for text in texts]
    return is_there


def odd_messages(
    decoded: Any,
    payloads: Sequence[bytes],
    quotes: NDArray[np.int64],
    readings: NDArray[np.int64],
    *,
    singles: Sequence[int],
    batches: Sequence[int],
) -> list[int]:
    """Messages that the strict decoder must see; ``quotes``, ``readings`` = what each message's samples account for."""
    heads, sources = decoded.heads, decoded.sources
    odd = [
        number
        for number in batches
        if _is_odd_batch(payloads[number], heads[number], sources[number], int(readings[number]))
    ]
    expected = quotes + np.where(decoded.seqs >= 0, QUOTES_OF_IDENTITY, 0)

    if not singles:
        return odd
    if len(singles) < len(payloads):
        said = [payloads[number] for number in singles]
        who = [heads[number] for number in singles]
        expected = expected[list(singles)]
    else:
        said, who = list(payloads), heads
    if _are_odd(said, who, quotes=int(expected.sum())):
        suspects = [singles[place] for place in _suspects(said, who, expected)]
        odd += [
            number
            for number in suspects
            if _is_odd(payloads[number], heads[number], sources[number], int(quotes[number]))
        ]
    return odd


def _suspects(payloads: Sequence[bytes], heads: Sequence[Any], quotes: NDArray[np.int64]) -> list[int]:
    """Places of those single-sample messages that may be odd."""
    lengths = np.array(list(map(len, payloads)), dtype=np.int64)
    ends = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    joined = np.frombuffer(b"".join(payloads), dtype=np.uint8)
    said, escaped = (np.diff(np.searchsorted(np.flatnonzero(joined == byte), ends)) for byte in (_QUOTE, _BACKSLASH))
    is_suspect = (said != quotes) | (escaped > 0) | (lengths > PAYLOAD_BYTES_MAX)
    is_suspect |= [head.appliance_id is not None for head in heads]
    if not _are_identities([head.boot for head in heads], [head.seq for head in heads]):
        is_suspect |= [not _is_identity(head.boot, head.seq) for head in heads]
    return np.flatnonzero(is_suspect).tolist()


def _are_odd(payloads: Sequence[bytes], heads: Sequence[Any], *, quotes: int) -> bool:
    """Whether any of some single-sample messages may be odd; may err on the safe side only."""
    joined = b"".join(payloads)
    return (
        not _are_identities([head.boot for head in heads], [head.seq for head in heads])
        or [head.appliance_id for head in heads].count(None) != len(heads)
        or max(map(len, payloads)) > PAYLOAD_BYTES_MAX
        or b"\\" in joined
        or _count(joined, _QUOTE) != quotes
    )


def _are_identities(boots: list[str | None], seqs: list[int]) -> bool:
    """Whether all of these are well formed, or none is there at all."""
    if None in boots:
        return set(boots) == {None} and max(seqs) < 0
    said = cast("list[str]", boots)
    lengths = list(map(len, said))
    return (
        "".join(said).encode().isalnum()  # of bytes only A-Z, a-z and 0-9 are
        and min(lengths) > 0
        and max(lengths) <= BOOT_CHARACTERS_MAX
        and min(seqs) >= 0
    )


def _is_identity(boot: str | None, seq: int) -> bool:
    """Whether both are well formed, or neither is there."""
    return seq < 0 if boot is None else seq >= 0 and is_boot(boot)


def _is_odd(payload: bytes, head: Any, source: Any, quotes: int) -> bool:
    """Whether one message must be shown to the strict decoder."""
    expected = quotes
    if head.boot is not None:
        expected += 4
    if head.seq >= 0:
        expected += 2
    if head.appliance_id is not None:
        expected += 4
    return (
        len(payload) > PAYLOAD_BYTES_MAX
        or not _is_identity(head.boot, head.seq)
        or (head.appliance_id is not None and head.appliance_id != source.appliance_id)
        or b"\\" in payload
        or payload.count(b'"') != expected
    )


def _is_odd_batch(payload: bytes, head: Any, source: Any, readings: int) -> bool:
    """The same for a message of many samples, whose own fields stand beside those of the samples."""
    said = [head, *head.samples]
    texts = [text for item in said for text in (item.mode, item.cycle) if text is not None]
    keys = readings + len(said) + 2 * len(texts) + sum(item.up_ms >= 0 for item in said)
    keys += sum((item.ts is not None) + (type(item.ts) is str) for item in said)
    return any(len(text) > TEXT_CHARACTERS_MAX for text in texts) or _is_odd(payload, head, source, 2 * keys)


def _count(text: bytes, byte: int) -> int:
    """How often a byte occurs."""
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == byte))
