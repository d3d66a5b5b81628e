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

CHUNK = 64
BOOT_CHARACTERS_MAX = 32
_BEYOND_INTEGERS = 2.0**63
_QUOTE = ord('"')
_COLON = ord(":")
_BACKSLASH = ord("\\")


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


def odd_messages(
    payloads: Sequence[bytes],
    heads: Sequence[Any],
    sources: Sequence[Any],
    counts: NDArray[np.int64],
    *,
    singles: Sequence[int],
    batches: Sequence[int],
) -> list[int]:
    """Messages that the strict decoder must see; ``counts`` = readings per message."""
    odd = [
        number for number in batches if _is_odd_batch(payloads[number], heads[number], sources[number], counts[number])
    ]
    for start in range(0, len(singles), CHUNK):
        chunk = singles[start : start + CHUNK]
        if _is_odd_chunk(
            [payloads[number] for number in chunk], [heads[number] for number in chunk], counts[chunk].sum()
        ):
            odd += [
                number for number in chunk if _is_odd(payloads[number], heads[number], sources[number], counts[number])
            ]
    return odd


def _is_odd_chunk(payloads: list[bytes], heads: list[Any], readings: int) -> bool:
    """Whether any of some single-sample messages may be odd; may err on the safe side only."""
    size = len(payloads)
    joined = b"".join(payloads)
    boots = {head.boot for head in heads}
    counted = sum(head.seq >= 0 for head in heads)
    if counted != (0 if None in boots else size) or not _are_boots(boots):
        return True
    keys, texts = size + 2 * counted, counted
    for values in (
        [head.mode for head in heads],
        [head.cycle for head in heads],
        [head.appliance_id for head in heads],
    ):
        present, is_long = _present(values)
        keys += present
        texts += present
        if is_long:
            return True
    times = [head.ts for head in heads]
    keys += size - times.count(None) + sum(head.up_ms >= 0 for head in heads)
    texts += sum(type(time) is str for time in times)
    if any(head.appliance_id is not None for head in heads):
        return True
    is_large = max(map(len, payloads)) > PAYLOAD_BYTES_MAX
    return is_large or b"\\" in joined or _count(joined, _QUOTE) != 2 * (keys + texts + readings)


def _are_boots(boots: set[str | None]) -> bool:
    """Whether all of these are well formed, or none is there at all."""
    if None in boots:
        return len(boots) == 1
    joined = "".join(boot for boot in boots if boot is not None)
    lengths = [len(boot) for boot in boots if boot is not None]
    return joined.isascii() and joined.isalnum() and min(lengths) > 0 and max(lengths) <= BOOT_CHARACTERS_MAX


def _present(values: list[str | None]) -> tuple[int, bool]:
    """How many are there, and whether any is longer than a text may be."""
    distinct = set(values)
    absent = values.count(None) if None in distinct else 0
    distinct.discard(None)
    return len(values) - absent, any(len(value) > TEXT_CHARACTERS_MAX for value in distinct if value is not None)


def _is_odd(payload: bytes, head: Any, source: Any, readings: int) -> bool:
    """Whether one message must be shown to the strict decoder."""
    keys, texts = _said(head)
    if head.boot is not None:
        keys, texts = keys + 1, texts + 1
    if head.appliance_id is not None:
        keys, texts = keys + 1, texts + 1
    keys += head.seq >= 0
    return (
        len(payload) > PAYLOAD_BYTES_MAX
        or (head.boot is None) != (head.seq < 0)
        or (head.boot is not None and not is_boot(head.boot))
        or (head.appliance_id is not None and head.appliance_id != source.appliance_id)
        or any(len(text) > TEXT_CHARACTERS_MAX for text in (head.mode, head.cycle) if text is not None)
        or b"\\" in payload
        or payload.count(b'"') != 2 * (keys + texts + readings)
    )


def _is_odd_batch(payload: bytes, head: Any, source: Any, readings: int) -> bool:
    """The same for a message of many samples."""
    keys = 0
    for sample in head.samples:
        more_keys, more_texts = _said(sample)
        keys += more_keys + more_texts
        if any(len(text) > TEXT_CHARACTERS_MAX for text in (sample.mode, sample.cycle) if text is not None):
            return True
    return _is_odd(payload, head, source, readings + keys)


def _said(head: Any) -> tuple[int, int]:
    """Keys and texts of the fields that a sample has, its metrics included."""
    keys, texts = 1, 0
    for text in (head.mode, head.cycle):
        if text is not None:
            keys, texts = keys + 1, texts + 1
    if head.ts is not None:
        keys, texts = keys + 1, texts + (type(head.ts) is str)
    return keys + (head.up_ms >= 0), texts


def _count(text: bytes, byte: int) -> int:
    """How often a byte occurs."""
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == byte))
