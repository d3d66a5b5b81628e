"""Bulk checks behind the typed decoder: which messages must be shown to the strict one.

The typed decoder keeps the last of duplicate keys, takes integers beyond 64 bit as numbers, and lets an empty object pass.
Counting finds all of that: a message without a backslash holds two quotes per key and per text, and a metrics object one
colon per reading; a duplicate key adds to the count and never takes away. So a chunk whose sums are right is right.
False alarms cost time only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.wire.dead_letter import PAYLOAD_BYTES_MAX
from ingest.wire.fields import TEXT_CHARACTERS_MAX
from ingest.wire.strict_json import is_boot
from ingest.wire.telemetry import METRICS_MAX

CHUNK = 256
BOOT_CHARACTERS_MAX = 32
QUOTES_OF_IDENTITY = 6
"""Two keys and one text."""
_BEYOND_INTEGERS = 2.0**63
_QUOTE = ord('"')
_COLON = ord(":")


def odd_rows(raws: Sequence[bytes], values: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Rows (N,) whose metrics are none, too many, duplicate, or perhaps beyond 64 bit."""
    with np.errstate(invalid="ignore"):
        is_odd: NDArray[np.bool_] = (
            (counts == 0) | (counts > METRICS_MAX) | (np.abs(values) >= _BEYOND_INTEGERS).any(axis=1)
        )
    for start in range(0, len(raws), CHUNK):
        chunk = raws[start : start + CHUNK]
        if _count(b"".join(chunk), _COLON) != counts[start : start + CHUNK].sum():
            for number, raw in enumerate(chunk, start=start):
                is_odd[number] |= raw.count(b":") != counts[number]
    return is_odd


def present(texts: Sequence[str | None], is_odd: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows (N,) have this text; a row whose text is too long is marked as odd."""
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
    *,
    singles: Sequence[int],
    batches: Sequence[int],
) -> list[int]:
    """Messages that the strict decoder must see; ``quotes`` = those that each message's samples account for."""
    heads, sources = decoded.heads, decoded.sources
    odd = [number for number in batches if _is_odd_batch(payloads[number], heads[number], sources[number])]
    is_counted = decoded.seqs >= 0
    expected = quotes + np.where(is_counted, QUOTES_OF_IDENTITY, 0)
    for start in range(0, len(singles), CHUNK):
        chunk = singles[start : start + CHUNK]
        is_odd = _is_odd_chunk(
            [payloads[number] for number in chunk],
            [heads[number] for number in chunk],
            counted=int(np.count_nonzero(is_counted[chunk])),
            quotes=int(expected[chunk].sum()),
        )
        if is_odd:
            odd += [
                number
                for number in chunk
                if _is_odd(payloads[number], heads[number], sources[number], int(quotes[number]))
            ]
    return odd


def _is_odd_chunk(payloads: list[bytes], heads: list[Any], *, counted: int, quotes: int) -> bool:
    """Whether any of some single-sample messages may be odd; may err on the safe side only."""
    boots = {head.boot for head in heads}
    joined = b"".join(payloads)
    return (
        counted != (0 if None in boots else len(heads))
        or not _are_boots(boots)
        or {head.appliance_id for head in heads} != {None}
        or max(map(len, payloads)) > PAYLOAD_BYTES_MAX
        or b"\\" in joined
        or _count(joined, _QUOTE) != quotes
    )


def _are_boots(boots: set[str | None]) -> bool:
    """Whether all of these are well formed, or none is there at all."""
    if None in boots:
        return len(boots) == 1
    said = [boot for boot in boots if boot is not None]
    joined = "".join(said)
    lengths = list(map(len, said))
    return joined.isascii() and joined.isalnum() and min(lengths) > 0 and max(lengths) <= BOOT_CHARACTERS_MAX


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
        or (head.boot is None) != (head.seq < 0)
        or (head.boot is not None and not is_boot(head.boot))
        or (head.appliance_id is not None and head.appliance_id != source.appliance_id)
        or b"\\" in payload
        or payload.count(b'"') != expected
    )


def _is_odd_batch(payload: bytes, head: Any, source: Any) -> bool:
    """The same for a message of many samples, whose own fields stand beside those of the samples."""
    said = [head, *head.samples]
    texts = [text for item in said for text in (item.mode, item.cycle) if text is not None]
    quotes = sum(bytes(sample.metrics).count(b":") for sample in head.samples)
    quotes += len(said) + 2 * len(texts) + sum(item.up_ms >= 0 for item in said)
    quotes += sum((item.ts is not None) + (type(item.ts) is str) for item in said)
    return any(len(text) > TEXT_CHARACTERS_MAX for text in texts) or _is_odd(payload, head, source, 2 * quotes)


def _count(text: bytes, byte: int) -> int:
    """How often a byte occurs."""
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == byte))
