"""A journal batch's messages → columns: the fast path around the strict decoder.

Our own telemetry is decoded into typed structs and checked in bulk. Whatever a bulk check finds odd is asked of the
strict decoder (message.py), which alone decides whether and why a message is refused; so both paths always agree. Decoding
our own wire is pure: the same messages give the same columns, live and when read back; what foreign messages mean is found
once (meaning.py). A decoder belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ingest.profiles import load_profiles, profile_for
from ingest.profiles.definition import Profile
from ingest.wire.dead_letter import Refused
from ingest.wire.event import EventMessage
from ingest.wire.foreign import ForeignCodec
from ingest.wire.foreign.devices import Device, DeviceBook
from ingest.wire.foreign.memory import Memories, Remembering
from ingest.wire.foreign.traces import Traces
from ingest.wire.guards import BOOT_CHARACTERS_MAX, odd_messages
from ingest.wire.kind_table import KindTable
from ingest.wire.meaning import SILENT, Meanings, meaning_of, with_meaning
from ingest.wire.message import Message
from ingest.wire.sample_rows import Rows, strict_rows, without
from ingest.wire.source import Source, Sources
from ingest.wire.telemetry import TelemetryMessage
from ingest.wire.topic import TopicScheme
from ingest.wire.typed import NOT_TYPED, Outer, Typed, rows_of, take_typed

TABLES_MAX = 256
"""Kinds without a profile that are decoded in bulk."""


@dataclass(slots=True)
class Decoded:
    """What a batch says, before anything is judged.

    ``heads[i]`` has ``boot`` (or None) and ``seq`` (or -1) of message i, ``boots`` and ``seqs`` have them as columns;
    ``others`` holds every message that is no telemetry, every refusal, and ``None`` for a sound message that carries
    nothing; what is in neither is telemetry with its rows in ``rows``.
    """

    sources: list[Source]
    heads: list[Any]
    others: dict[int, Message | Refused | None] = field(default_factory=dict)
    rows: list[Rows] = field(default_factory=list)
    impossible: list[Rows] = field(default_factory=list)
    """What foreign devices said and can't be, a row per sample that has any."""
    seqs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    boots: NDArray[np.bytes_] = field(default_factory=lambda: np.zeros(0, dtype=f"S{BOOT_CHARACTERS_MAX}"))
    unknown_keys: int = 0

    def refuse(self, refusals: Mapping[int, Refused]) -> None:
        """Take messages that carry nothing, by number, as refused."""
        self.others.update(refusals)


class BatchDecoder:
    """Decodes batches of (topic, payload)."""

    def __init__(
        self,
        profiles: Mapping[str, Profile] | None = None,
        *,
        scheme: TopicScheme | None = None,
        codecs: Sequence[ForeignCodec] = (),
        devices: DeviceBook | Mapping[str, Device] | None = None,
        traces: Traces | None = None,
        remembering: Sequence[Remembering] = (),
    ) -> None:
        """``remembering``: who remembers what devices say, beside the codecs."""
        self._profiles = load_profiles() if profiles is None else profiles
        self._tables: dict[str, KindTable] = {}
        self.traces = traces
        self.sources = Sources(scheme or TopicScheme(), codecs, DeviceBook.of_all(devices), self._table_of, traces)
        self.memories = Memories((*remembering, *codecs))
        self._heard: tuple[Sequence[str | bytes], list[Source]] | None = None

    @property
    def profiled(self) -> Collection[str]:
        """The kinds that have a profile."""
        return self._profiles.keys()

    def foreign(self, topics: Sequence[str | bytes]) -> Iterator[tuple[int, Source]]:
        """The foreign messages of a batch and their topics. Codecs remember and learn: ask each once, in this order.

        A message may say whose the topics of those behind it are, so each is looked at when those before it were read.
        Where all are our own, as nearly always, :meth:`decode` takes the sources that were found here.
        """
        self.sources.refresh()
        sources = self.sources.of_all(topics)
        self.sources.refresh()  # one of our own topics may have taken an id back
        if not self.sources.hears_foreign or not any(source.is_foreign for source in sources):
            self._heard = topics, sources
            return
        for number, topic in enumerate(topics):
            source = self.sources.of(topic)
            if source.is_foreign:
                yield number, source
                self.sources.refresh()

    def decode(
        self, topics: Sequence[str | bytes], payloads: Sequence[bytes], meanings: Meanings | None = None
    ) -> Decoded:
        """All messages of a batch; the foreign ones say what ``meanings`` says, or else what their codecs say now."""
        if meanings is None:
            asked = self.foreign(topics)
            meanings = {number: with_meaning(source, meaning_of(source, payloads[number])) for number, source in asked}
        sources = self._sources(topics, meanings)
        decoded = Decoded(sources, [None] * len(sources))
        typed: list[Typed] = []
        strict: dict[str, list[tuple[int, int, Any]]] = {}
        singles: list[int] = []
        batches: list[int] = []
        for table, numbers in _by_table(sources).items():
            failed: Sequence[int] = numbers
            if table is not None:
                taken = take_typed(table, numbers, payloads, decoded.heads)
                typed += taken.parts
                singles += taken.singles
                batches += taken.batches
                failed = taken.failed
            for number in failed:
                decoded.heads[number] = self._strict(number, payloads[number], decoded, strict)
        odd, quotes, readings = self._make_rows(decoded, typed, strict)
        odd.update(odd_messages(decoded, payloads, quotes, readings, singles=singles, batches=batches))
        _ask_again(decoded, payloads, odd)
        for part in typed:
            part.table.learn()
        decoded.boots = _keys([head.boot for head in decoded.heads])
        return decoded

    def _sources(self, topics: Sequence[str | bytes], meanings: Meanings) -> list[Source]:
        """The source of each message; foreign ones say what they meant, and nothing where that is not known."""
        heard, self._heard = self._heard, None
        if heard is not None and heard[0] is topics:
            return heard[1]
        sources = self.sources.of_all(topics)
        if self.sources.hears_foreign:
            sources = [SILENT if source.is_foreign else source for source in sources]
        for number, source in meanings.items():
            sources[number] = source
        return sources

    def _table_of(self, kind: str) -> KindTable | None:
        """The table of a kind: always where it has a profile, else none beyond the bound, so that invented kinds take no memory."""
        table = self._tables.get(kind)
        if table is None and (kind in self._profiles or len(self._tables) < TABLES_MAX + len(self._profiles)):
            table = self._tables[kind] = KindTable(kind, profile_for(kind, self._profiles))
        return table

    def _strict(
        self, number: int, payload: bytes, decoded: Decoded, strict: dict[str, list[tuple[int, int, Any]]]
    ) -> Any:
        """Ask the strict decoder; returns the head of the message."""
        source = decoded.sources[number]
        try:
            message = source.decode(payload)
        except Refused as refusal:
            decoded.others[number] = refusal
            return _head_of(refusal)
        if message is not None:
            decoded.unknown_keys += message.unknown_keys
        if not isinstance(message, TelemetryMessage):
            decoded.others[number] = message
            if isinstance(message, EventMessage) and message.seq is not None:
                return Outer(boot=message.boot, seq=message.seq)
            return Outer()
        rows = strict.setdefault(source.kind, [])
        rows += [(number, index, sample) for index, sample in enumerate(message.samples)]
        if source.table is not None:
            source.table.meet(_metrics_said(payload))
        return Outer(boot=message.boot, seq=-1 if message.seq is None else message.seq)

    def _make_rows(
        self, decoded: Decoded, typed: Sequence[Typed], strict: Mapping[str, list[tuple[int, int, Any]]]
    ) -> tuple[set[int], NDArray[np.int64], NDArray[np.int64]]:
        """Make the columns; which messages look odd, and how many quotes and readings each message's samples have."""
        decoded.seqs = np.array([head.seq for head in decoded.heads], dtype=np.int64)
        quotes, readings = np.zeros((2, len(decoded.heads)), dtype=np.int64)
        odd: set[int] = set()
        for part in typed:
            if part.said:
                made, row_quotes, row_readings = rows_of(part, odd)
                decoded.rows.append(made)
                quotes += np.bincount(made.message, row_quotes, len(quotes)).astype(np.int64)
                readings += np.bincount(made.message, row_readings, len(quotes)).astype(np.int64)
        for kind, found in strict.items():
            profile = profile_for(kind, self._profiles)
            told = [one for one in found if one[2].metrics or not one[2].impossible]
            odd_ones = [
                (message, index, replace(sample, metrics=sample.impossible))
                for message, index, sample in found
                if sample.impossible
            ]
            decoded.rows += [strict_rows(kind, profile, told)] if told else []
            decoded.impossible += [strict_rows(kind, profile, odd_ones)] if odd_ones else []
        return odd, quotes, readings


def _by_table(sources: Sequence[Source]) -> dict[KindTable | None, Sequence[int]]:
    """Numbers of the messages by the table that decodes them."""
    tables = [source.table for source in sources]
    if len(set(tables)) == 1:
        return {tables[0]: range(len(tables))}
    found: dict[KindTable | None, list[int]] = {}
    for number, table in enumerate(tables):
        found.setdefault(table, []).append(number)
    return dict(found)


def _keys(boots: Sequence[str | None]) -> NDArray[np.bytes_]:
    """Boots as bytes, none for None."""
    try:
        "".join(boots)  # type: ignore[arg-type] # whether one is None is just what this finds out
    except TypeError:
        boots = [boot or "" for boot in boots]
    return np.array(boots, dtype=f"S{BOOT_CHARACTERS_MAX}")


def _metrics_said(payload: bytes) -> list[tuple[str, object]]:
    """Names and values of the metrics of a payload that the strict decoder took; none where this parser does not."""
    try:
        value = msgspec.json.decode(payload)
    except NOT_TYPED:
        return []
    return [pair for sample in value.get("samples", [value]) for pair in sample["metrics"].items()]


def _head_of(refusal: Refused) -> Any:
    """The head of a refused message."""
    identity = refusal.identity
    return Outer(boot=identity.boot, seq=-1 if identity.seq is None else identity.seq)


def _ask_again(decoded: Decoded, payloads: Sequence[bytes], odd: Iterable[int]) -> None:
    """Show odd messages to the strict decoder, and drop what it refuses."""
    refused = set()
    for number in odd:
        try:
            decoded.sources[number].decode(payloads[number])
        except Refused as refusal:
            refused.add(number)
            decoded.others[number] = refusal
            decoded.heads[number] = _head_of(refusal)
            decoded.seqs[number] = decoded.heads[number].seq
    if refused:
        decoded.rows = [without(rows, refused) for rows in decoded.rows]
