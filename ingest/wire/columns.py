"""A journal batch's messages → columns: the fast path around the strict decoder.

Our own telemetry is decoded into typed structs and checked in bulk. Whatever a bulk check finds odd is asked of the
strict decoder (message.py), which alone decides whether and why a message is refused; so both paths always agree. Decoding
is pure: the same messages give the same columns, live and when read back. A decoder belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta, Raw
from numpy.typing import NDArray

from ingest.profiles import load_profiles, profile_for
from ingest.profiles.definition import Profile
from ingest.sample import MAX_SAMPLES_PER_MESSAGE, TEXT_SEPARATOR
from ingest.wire.dead_letter import Refused
from ingest.wire.event import EventMessage
from ingest.wire.foreign import ForeignCodec
from ingest.wire.foreign.devices import Device
from ingest.wire.guards import BOOT_CHARACTERS_MAX, odd_messages, odd_rows, present
from ingest.wire.kind_table import KindTable
from ingest.wire.message import Message
from ingest.wire.sample_rows import NO_TIME, Rows, strict_rows, without
from ingest.wire.source import Source, Sources
from ingest.wire.strict_json import SEQ_MAX
from ingest.wire.telemetry import TelemetryMessage
from ingest.wire.timestamp import USUAL_LENGTH, clamp_ms, parse_many_ms, parse_ms
from ingest.wire.topic import TopicScheme

TABLES_MAX = 256

_Whole = Annotated[int, Meta(ge=0, le=SEQ_MAX)]
_Time = str | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_COMMON: list[Any] = [
    ("metrics", Raw, Raw()),
    ("ts", _Time, None),
    ("up_ms", _Whole, -1),
    ("mode", str, None),
    ("cycle", str, None),
]
_Sample: Any = msgspec.defstruct("_Sample", _COMMON, forbid_unknown_fields=True, gc=False)
_Outer: Any = msgspec.defstruct(
    "_Outer",
    [
        *_COMMON,
        ("boot", str, None),
        ("seq", _Whole, -1),
        ("appliance_id", str, None),
        ("samples", Annotated[list[_Sample], Meta(min_length=1, max_length=MAX_SAMPLES_PER_MESSAGE)], None),
    ],
    forbid_unknown_fields=True,
    gc=False,
)
_decode_outer = msgspec.json.Decoder(_Outer).decode
_NOT_TYPED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError)


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
    seqs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    boots: NDArray[np.bytes_] = field(default_factory=lambda: np.zeros(0, dtype=f"S{BOOT_CHARACTERS_MAX}"))
    unknown_keys: int = 0

    def refuse(self, refusals: Mapping[int, Refused]) -> None:
        """Take messages that carry nothing, by number, as refused."""
        self.others.update(refusals)


@dataclass(slots=True)
class _Typed:
    """Samples of one kind as the typed decoder took them; parallel."""

    table: KindTable
    message: NDArray[np.int64]
    index: NDArray[np.int64]
    said: list[Any]
    values: list[Any]


class BatchDecoder:
    """Decodes batches of (topic, payload)."""

    def __init__(
        self,
        profiles: Mapping[str, Profile] | None = None,
        *,
        scheme: TopicScheme | None = None,
        codecs: Sequence[ForeignCodec] = (),
        devices: Mapping[str, Device] | None = None,
    ) -> None:
        self._profiles = load_profiles() if profiles is None else profiles
        self._tables: dict[str, KindTable] = {}
        self.sources = Sources(scheme or TopicScheme(), codecs, devices or {}, self._table_of)

    def decode(self, topics: Sequence[str | bytes], payloads: Sequence[bytes]) -> Decoded:
        """All messages of a batch."""
        self.sources.refresh()
        sources = self.sources.of_all(topics)
        decoded = Decoded(sources, [None] * len(sources))
        typed: list[_Typed] = []
        strict: dict[str, list[tuple[int, int, Any]]] = {}
        singles: list[int] = []
        batches: list[int] = []
        for table, numbers in _by_table(sources).items():
            failed: Sequence[int] = numbers
            if table is not None:
                taken = _typed(table, numbers, payloads, decoded.heads)
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

    def _table_of(self, kind: str) -> KindTable | None:
        """The table of a kind; none beyond the bound, so that invented kinds take no memory."""
        table = self._tables.get(kind)
        if table is None and len(self._tables) < TABLES_MAX:
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
                return _Outer(boot=message.boot, seq=message.seq)
            return _Outer()
        rows = strict.setdefault(source.kind, [])
        rows += [(number, index, sample) for index, sample in enumerate(message.samples)]
        if source.table is not None:
            source.table.meet(_metrics_said(payload))
        return _Outer(boot=message.boot, seq=-1 if message.seq is None else message.seq)

    def _make_rows(
        self, decoded: Decoded, typed: Sequence[_Typed], strict: Mapping[str, list[tuple[int, int, Any]]]
    ) -> tuple[set[int], NDArray[np.int64], NDArray[np.int64]]:
        """Make the columns; which messages look odd, and how many quotes and readings each message's samples have."""
        decoded.seqs = np.array([head.seq for head in decoded.heads], dtype=np.int64)
        quotes, readings = np.zeros((2, len(decoded.heads)), dtype=np.int64)
        odd: set[int] = set()
        for part in typed:
            if part.said:
                made, row_quotes, row_readings = _rows_of(part, odd)
                decoded.rows.append(made)
                quotes += np.bincount(made.message, row_quotes, len(quotes)).astype(np.int64)
                readings += np.bincount(made.message, row_readings, len(quotes)).astype(np.int64)
        decoded.rows += [
            strict_rows(kind, profile_for(kind, self._profiles), found) for kind, found in strict.items() if found
        ]
        return odd, quotes, readings


@dataclass(slots=True)
class _Taken:
    """What the typed decoder made of the messages of one kind; all numbers ascend."""

    parts: list[_Typed] = field(default_factory=list)
    singles: Sequence[int] = ()
    batches: Sequence[int] = ()
    failed: list[int] = field(default_factory=list)


def _by_table(sources: Sequence[Source]) -> dict[KindTable | None, Sequence[int]]:
    """Numbers of the messages by the table that decodes them."""
    tables = [source.table for source in sources]
    if len(set(tables)) == 1:
        return {tables[0]: range(len(tables))}
    found: dict[KindTable | None, list[int]] = {}
    for number, table in enumerate(tables):
        found.setdefault(table, []).append(number)
    return dict(found)


def _typed(table: KindTable, numbers: Sequence[int], payloads: Sequence[bytes], heads: list[Any]) -> _Taken:
    """Decode the messages of one kind, and fill in their heads; what fails is left to the strict decoder."""
    is_all = len(numbers) == len(payloads)
    outers, failed = _each(_decode_outer, payloads if is_all else [payloads[number] for number in numbers])
    taken = _Taken(failed=[numbers[place] for place in failed])
    numbers, outers = _kept(numbers, outers, failed)
    if [outer.samples for outer in outers].count(None) < len(outers):
        batched = [place for place, outer in enumerate(outers) if outer.samples is not None]
        _typed_batches(table, [numbers[place] for place in batched], [outers[place] for place in batched], taken)
        for place in batched:
            heads[numbers[place]] = outers[place]
        numbers, outers = _kept(numbers, outers, batched)
    values, failed = _each(table.decode, [outer.metrics for outer in outers])
    if failed:
        taken.failed = sorted([*taken.failed, *(numbers[place] for place in failed)])
        outers = _kept(numbers, outers, failed)[1]
        numbers, values = _kept(numbers, values, failed)
    if len(numbers) == len(heads):
        heads[:] = outers
    else:
        for number, outer in zip(numbers, outers, strict=True):
            heads[number] = outer
    message = np.array(numbers, dtype=np.int64)
    taken.parts.append(_Typed(table, message, np.zeros(len(message), dtype=np.int64), outers, values))
    taken.singles = numbers
    return taken


def _typed_batches(table: KindTable, numbers: Sequence[int], outers: Sequence[Any], taken: _Taken) -> None:
    """The samples of messages that carry many: of each message all or none."""
    message: list[int] = []
    index: list[int] = []
    said: list[Any] = []
    values: list[Any] = []
    whole: list[int] = []
    for number, outer in zip(numbers, outers, strict=True):
        made, failed = _each(table.decode, [sample.metrics for sample in outer.samples])
        if failed or bytes(outer.metrics):
            taken.failed.append(number)
            continue
        whole.append(number)
        message += [number] * len(made)
        index += range(len(made))
        said += _samples_said(outer)
        values += made
    taken.failed.sort()
    taken.batches = whole
    parts = np.array(message, dtype=np.int64), np.array(index, dtype=np.int64)
    taken.parts.append(_Typed(table, *parts, said, values))


def _samples_said(outer: Any) -> list[Any]:
    """The samples of one message with what they take from it."""
    ts, up_ms, mode, cycle = outer.ts, outer.up_ms, outer.mode, outer.cycle
    samples: list[Any] = outer.samples
    if ts is None and up_ms < 0 and mode is None and cycle is None:
        return samples
    return [
        _Sample(
            metrics=sample.metrics,
            ts=ts if sample.ts is None else sample.ts,
            up_ms=up_ms if sample.up_ms < 0 else sample.up_ms,
            mode=mode if sample.mode is None else sample.mode,
            cycle=cycle if sample.cycle is None else sample.cycle,
        )
        for sample in samples
    ]


def _each(decode: Callable[[Any], Any], texts: Iterable[Any]) -> tuple[list[Any], list[int]]:
    """Each text decoded, ``None`` where that fails, and the places where it does."""
    made: list[Any] = []
    failed: list[int] = []
    remaining = iter(texts)
    while True:
        try:
            made.extend(map(decode, remaining))  # what was made before a failure stays
        except _NOT_TYPED:
            failed.append(len(made))
            made.append(None)
        else:
            return made, failed


def _kept(numbers: Sequence[int], items: list[Any], dropped: Sequence[int]) -> tuple[Sequence[int], list[Any]]:
    """Both without what stands at some places."""
    if not dropped:
        return numbers, items
    gone = set(dropped)
    return (
        [number for place, number in enumerate(numbers) if place not in gone],
        [item for place, item in enumerate(items) if place not in gone],
    )


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
    except _NOT_TYPED:
        return []
    return [pair for sample in value.get("samples", [value]) for pair in sample["metrics"].items()]


def _head_of(refusal: Refused) -> Any:
    """The head of a refused message."""
    identity = refusal.identity
    return _Outer(boot=identity.boot, seq=-1 if identity.seq is None else identity.seq)


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


def _rows_of(part: _Typed, odd: set[int]) -> tuple[Rows, NDArray[np.int64], NDArray[np.int64]]:
    """Columns of typed samples; how many quotes each should have in its message, and its readings."""
    table, said = part.table, part.said
    values = table.matrix(part.values)
    readings = np.count_nonzero(values == values, axis=1)  # noqa: PLR0124 - NaN is no reading
    is_odd = odd_rows(values, readings)
    ts_ms, is_text = _times([item.ts for item in said], is_odd)
    up_ms = np.array([item.up_ms for item in said], dtype=np.int64)
    modes = [item.mode for item in said]
    cycles = [item.cycle for item in said]
    quotes = readings + 1 + is_text + (ts_ms != NO_TIME) + (up_ms >= 0)
    quotes += 2 * (present(modes, is_odd).astype(np.int64) + present(cycles, is_odd))
    odd.update(part.message[is_odd].tolist())
    rows = Rows(
        table.kind,
        len(table.own),
        table.names,
        part.message,
        part.index,
        ts_ms,
        up_ms,
        modes,
        cycles,
        values,
        TEXT_SEPARATOR.join([item.metrics for item in said]),
        bool(table.own),
    )
    return rows, 2 * quotes, readings


def _times(texts: list[Any], is_odd: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Event times in ms, and which were text; a text that is no time marks its row as odd."""
    ts_ms = np.full(len(texts), NO_TIME, dtype=np.int64)
    is_text = np.zeros(len(texts), dtype=np.bool_)
    if set(map(type, texts)) == {str} and set(map(len, texts)) == {USUAL_LENGTH}:
        parsed, is_usual = parse_many_ms(texts)
        is_text[:] = True
        if is_usual.all():
            return parsed, is_text
        ts_ms[:] = np.where(is_usual, parsed, NO_TIME)
    else:
        usual = [number for number, text in enumerate(texts) if type(text) is str and len(text) == USUAL_LENGTH]
        if usual:
            parsed, is_usual = parse_many_ms([texts[number] for number in usual])
            ts_ms[usual] = np.where(is_usual, parsed, NO_TIME)
            is_text[usual] = True
    for number in np.flatnonzero(ts_ms == NO_TIME).tolist():
        text = texts[number]
        if isinstance(text, str):
            is_text[number] = True
            try:
                ts_ms[number] = parse_ms(text)
            except ValueError:
                is_odd[number] = True
        elif text is not None:
            ts_ms[number] = clamp_ms(text)
    return ts_ms, is_text
