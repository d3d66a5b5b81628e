"""What foreign messages mean: decoded once, at admission, and kept as bytes, so that reading them again can't change it.

A foreign codec remembers what devices have said before, and what was described may be described anew. So whoever reads a
batch again takes the meanings from here and asks no codec. Messages of our own wire are not among them: those are pure.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import msgspec

from ingest.wire.dead_letter import Refused
from ingest.wire.event import EventMessage
from ingest.wire.message import Message
from ingest.wire.result import ResultMessage
from ingest.wire.source import Source
from ingest.wire.status import StatusMessage
from ingest.wire.telemetry import TelemetryMessage

Meaning = Message | Refused | None
Meanings = Mapping[int, Source]
"""Number of the message → its topic, which says one thing only."""

_TYPES: tuple[type[Message], ...] = (TelemetryMessage, EventMessage, StatusMessage, ResultMessage)
_Kept = tuple[int, str, str, int, msgspec.Raw]
_LEVEL = 1
_BYTES_MAX = 256 * 2**20


def meaning_of(source: Source, payload: bytes, received_ms: int | None = None, *, is_retained: bool = False) -> Meaning:
    """What a foreign message means, by its codec; values of its readings as floats.

    When it came, and whether the broker had kept it, matters to what its time is and whether it is news.
    """
    try:
        message = source.say(payload, received_ms, is_retained=is_retained)
    except Refused as refusal:
        return refusal
    if not isinstance(message, TelemetryMessage):
        return message
    samples = tuple(
        replace(sample, metrics={name: float(value) for name, value in sample.metrics.items()})
        for sample in message.samples
    )
    return replace(message, samples=samples)


def with_meaning(source: Source, meaning: Meaning) -> Source:
    """The topic of one message, which says this whatever the payload is."""

    def decode(_payload: bytes) -> Message | None:
        if isinstance(meaning, Refused):
            raise meaning
        return meaning

    return replace(source, decode=decode)


def pack_meanings(meanings: Meanings, is_kept: Callable[[int], bool]) -> bytes | None:
    """The meanings of the messages that are kept as bytes; nothing where there is no foreign message at all."""
    if not meanings:
        return None
    kept = []
    for number, source in meanings.items():
        message = source.decode(b"") if is_kept(number) else None
        if message is not None:
            kept.append((number, source.appliance_id, source.kind, _TYPES.index(type(message)), message))
    return zlib.compress(msgspec.msgpack.encode(kept), _LEVEL)


def unpack_meanings(data: bytes) -> Meanings:
    """What :func:`pack_meanings` kept."""
    packed = zlib.decompressobj().decompress(data, _BYTES_MAX)
    meanings = {}
    for number, appliance_id, kind, which, raw in msgspec.msgpack.decode(packed, type=list[_Kept]):
        message = msgspec.msgpack.decode(raw, type=_TYPES[which])
        meanings[number] = with_meaning(Source("", appliance_id, kind, _nothing, is_foreign=True), message)
    return meanings


def _nothing(_payload: bytes) -> Message | None:
    """Says nothing."""
    return None


SILENT = Source("", "", "", _nothing, is_foreign=True)
"""Stands in for a foreign message of which nothing is kept."""
