"""Blocks of samples → InfluxDB's line protocol, one line a sample.

The layout of contract section 6: ``kind,appliance_id=ID metric=1.5,…,mode="…",cycle="…" TIME_NS``, every metric a float,
booleans as 0 and 1. Where the received text of the metrics is at hand and agrees with the values, it is turned into fields
by translating bytes, for all samples of a block at once; else the values are encoded.
It refuses nothing: the caller leaves out what :func:`ingest.store.limits.refusals` names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ingest.sample import TEXT_SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.sample import SampleBlock

HEADS_MAX = 200_000
_COLON, _EQUALS, _NINE = b":=9"
_TO_FIELDS = bytes.maketrans(b":", b"=")
_NOT_IN_FIELDS = b'"{} \t\r\n'
_encode = msgspec.json.Encoder().encode


def encode_block(block: SampleBlock, known: dict[str, bytes] | None = None) -> list[bytes]:
    """The block's samples as lines without line ends, in order.

    ``known`` is where a writer of one kind remembers the beginnings of lines, by appliance; it is kept bounded here.
    """
    if not len(block):
        return []
    heads = _heads(block, {} if known is None else known)
    texts = list(zip(block.modes, block.cycles, strict=True))
    tails = {pair: _text_field(b"mode", pair[0]) + _text_field(b"cycle", pair[1]) for pair in set(texts)}
    rows = zip(heads, _fields(block), map(tails.__getitem__, texts), block.time_ns().tolist(), strict=True)
    return list(map(b"%b%b%b %d".__mod__, rows))


def _heads(block: SampleBlock, known: dict[str, bytes]) -> list[bytes]:
    """What each line begins with."""
    try:
        return list(map(known.__getitem__, block.appliance_ids))
    except KeyError:
        if len(known) > HEADS_MAX:
            known.clear()
    kind = _key(block.kind)
    for name in set(block.appliance_ids) - known.keys():
        known[name] = b"%b,appliance_id=%b " % (kind, _key(name))
    return list(map(known.__getitem__, block.appliance_ids))


def _fields(block: SampleBlock) -> list[bytes]:
    """The metrics of each sample as ``name=value,…``."""
    text = block.metrics_text
    if text is not None and b"\\" not in text:
        readings = int(np.count_nonzero(~np.isnan(block.values)))
        if readings == int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == _COLON)):
            fields = _translate(text)
            if len(fields) == len(block):
                return fields
    return _translate(TEXT_SEPARATOR.join(_encode_values(block)))


def _translate(text: bytes) -> list[bytes]:
    """JSON objects of numbers and booleans, NUL between them, as fields."""
    fields = text.translate(_TO_FIELDS, _NOT_IN_FIELDS)
    bytes_of = np.frombuffer(fields, dtype=np.uint8)
    starts = bytes_of[np.flatnonzero(bytes_of[:-1] == _EQUALS) + 1]
    if (starts > _NINE).any():  # a search for the words takes a quarter of the time of all this
        fields = fields.replace(b"=true", b"=1").replace(b"=false", b"=0")
    return fields.split(TEXT_SEPARATOR)


def _encode_values(block: SampleBlock) -> list[bytes]:
    """The readings of each sample as a JSON object."""
    rows: Sequence[Mapping[str, float]]
    names, values = block.metrics, block.values.tolist()
    if np.isnan(block.values).any():
        rows = [
            {name: value for name, value in zip(names, row, strict=True) if value == value}  # noqa: PLR0124 - not NaN
            for row in values
        ]
    else:
        rows = [dict(zip(names, row, strict=True)) for row in values]
    return [_encode(row) for row in rows]


def _key(text: str) -> bytes:
    """A measurement or tag, escaped."""
    return text.replace("\\", "\\\\").replace(",", "\\,").replace(" ", "\\ ").replace("=", "\\=").encode()


def _text_field(name: bytes, text: str | None) -> bytes:
    """A further field that is text; nothing where there is none."""
    if not text:
        return b""
    return b',%b="%b"' % (name, text.replace("\\", "\\\\").replace('"', '\\"').encode())
