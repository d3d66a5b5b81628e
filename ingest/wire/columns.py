"""A journal batch's messages → columns: the fast path around the strict decoder.

Our own telemetry is decoded into typed structs and checked in bulk. Whatever a bulk check finds odd is asked of the
strict decoder (message.py), which alone decides whether and why a message is refused; so both paths always agree. Decoding
is pure: the same messages give the same columns, live and when read back. A decoder belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta, Raw
from numpy.typing import NDArray

from ingest.profiles import load_profiles, profile_for
from ingest.profiles.definition import Profile
from ingest.sample import MAX_SAMPLES_PER_MESSAGE
from ingest.wire.dead_letter import Refused
from ingest.wire.event import EventMessage
from ingest.wire.foreign import ForeignCodec
from ingest.wire.foreign.devices import Device
from ingest.wire.guards import odd_messages, odd_rows, present
from ingest.wire.kind_table import KindTable
from ingest.wire.message import Message
from ingest.wire.source import Source, Sources
from ingest.wire.strict_json import SEQ_MAX
from ingest.wire.telemetry import TelemetryMessage
from ingest.wire.timestamp import USUAL_LENGTH, clamp_ms, parse_many_ms, parse_ms
from ingest.wire.topic import TopicScheme

TABLES_MAX = 256
NO_TIME = -(2**63)
"""Stands in ``ts_ms`` where a sample gives no time."""

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


@dataclass(slots=True)
class Rows:
    """Samples of one kind as columns; N rows in order of arrival.

    ``message`` and ``index`` say where a row came from, ``ts_ms`` is :data:`NO_TIME` and ``up_ms`` -1 where absent.
    ``values`` is (N, M) over ``names``, the profile's metrics first.
    """

    kind: str
    own_names: int
    names: tuple[str, ...]
    message: NDArray[np.int64]
    index: NDArray[np.int64]
    ts_ms: NDArray[np.int64]
    up_ms: NDArray[np.int64]
    modes: list[str | None]
    cycles: list[str | None]
    values: NDArray[np.float64]
    metrics_json: list[bytes]
    is_profiled: bool


@dataclass(slots=True)
class Decoded:
    """What a batch says, before anything is judged.

    ``heads[i]`` has ``boot`` (or None) and ``seq`` (or -1) of message i; ``others`` holds every message that is no
    telemetry, every refusal, and ``None`` for a sound message that carries nothing; what is in neither is telemetry with
    its rows in ``rows``.
    """

    sources: list[Source]
    heads: list[Any]
    others: dict[int, Message | Refused | None] = field(default_factory=dict)
    rows: list[Rows] = field(default_factory=list)
    seqs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    unknown_keys: int = 0


class _Pending:
    """Rows of one kind on their way; parallel lists."""

    __slots__ = ("index", "message", "raw", "said", "strict", "values")

    def __init__(self) -> None:
        self.message: list[int] = []
        self.index: list[int] = []
        self.said: list[Any] = []
        self.values: list[Any] = []
        self.raw: list[Any] = []
        self.strict: list[tuple[int, int, Any, Mapping[str, float]]] = []


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

    def decode(self, topics: Sequence[str], payloads: Sequence[bytes]) -> Decoded:
        """All messages of a batch."""
        decoded = Decoded([], [])
        pending: dict[str, _Pending] = {}
        singles: list[int] = []
        batches: list[int] = []
        known = self.sources.known
        current: KindTable | None = None
        rows = _Pending()
        for number, topic in enumerate(topics):
            source = known.get(topic) or self.sources.of(topic)
            decoded.sources.append(source)
            table = source.table
            if table is None:
                decoded.heads.append(self._strict(number, source, payloads[number], decoded, pending))
                continue
            if table is not current:
                current = table
                rows = pending.get(table.kind) or pending.setdefault(table.kind, _Pending())
            try:
                outer = _decode_outer(payloads[number])
                if outer.samples is not None:
                    _take_samples(number, table, outer, rows)
                    batches.append(number)
                else:
                    rows.values.append(table.decode(outer.metrics))
                    rows.message.append(number)
                    rows.index.append(0)
                    rows.said.append(outer)
                    singles.append(number)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError):
                outer = self._strict(number, source, payloads[number], decoded, pending)
            decoded.heads.append(outer)
        self._finish(decoded, payloads, pending, singles, batches)
        return decoded

    def _table_of(self, kind: str) -> KindTable | None:
        """The table of a kind; none beyond the bound, so that invented kinds take no memory."""
        table = self._tables.get(kind)
        if table is None and len(self._tables) < TABLES_MAX:
            table = self._tables[kind] = KindTable(kind, profile_for(kind, self._profiles))
        return table

    def _strict(
        self, number: int, source: Source, payload: bytes, decoded: Decoded, pending: dict[str, _Pending]
    ) -> Any:
        """Ask the strict decoder; returns the head of the message."""
        try:
            message = source.decode(payload)
        except Refused as refusal:
            decoded.others[number] = refusal
            return _Outer(boot=refusal.identity.boot, seq=-1 if refusal.identity.seq is None else refusal.identity.seq)
        if message is not None:
            decoded.unknown_keys += message.unknown_keys
        if not isinstance(message, TelemetryMessage):
            decoded.others[number] = message
            if isinstance(message, EventMessage) and message.seq is not None:
                return _Outer(boot=message.boot, seq=message.seq)
            return _Outer()
        rows = pending.get(source.kind) or pending.setdefault(source.kind, _Pending())
        for index, sample in enumerate(message.samples):
            rows.strict.append((number, index, sample, sample.metrics))
        table = source.table
        if table is not None:
            table.meet(name for sample in message.samples for name in sample.metrics)
            if b"true" in payload or b"false" in payload:
                table.expect_booleans()
        return _Outer(boot=message.boot, seq=-1 if message.seq is None else message.seq)

    def _finish(
        self,
        decoded: Decoded,
        payloads: Sequence[bytes],
        pending: dict[str, _Pending],
        singles: list[int],
        batches: list[int],
    ) -> None:
        """Make the columns, check in bulk, and ask the strict decoder about what is odd."""
        decoded.seqs = np.array([head.seq for head in decoded.heads], dtype=np.int64)
        quotes = np.zeros(len(payloads), dtype=np.int64)
        odd: set[int] = set()
        for kind, rows in pending.items():
            table = self._tables.get(kind)
            if rows.message and table is not None:
                made, per_row = _fast_rows(kind, table, rows, odd)
                decoded.rows.append(made)
                quotes += np.bincount(made.message, per_row, len(payloads)).astype(np.int64)
            if rows.strict:
                decoded.rows.append(_strict_rows(kind, profile_for(kind, self._profiles), rows))
            if table is not None:
                table.learn()
        odd.update(odd_messages(decoded, payloads, quotes, singles=singles, batches=batches))
        refused = set()
        for number in odd:
            try:
                decoded.sources[number].decode(payloads[number])
            except Refused as refusal:
                refused.add(number)
                decoded.others[number] = refusal
                identity = refusal.identity
                decoded.heads[number] = _Outer(boot=identity.boot, seq=-1 if identity.seq is None else identity.seq)
                decoded.seqs[number] = decoded.heads[number].seq
        if refused:
            decoded.rows = [_without(rows, refused) for rows in decoded.rows]


def _take_samples(number: int, table: KindTable, outer: Any, rows: _Pending) -> None:
    """The samples of one message become rows, all or none."""
    if bytes(outer.metrics):
        raise msgspec.ValidationError("metrics beside samples")
    values = [table.decode(sample.metrics) for sample in outer.samples]
    rows.message.extend([number] * len(values))
    rows.index.extend(range(len(values)))
    rows.values.extend(values)
    ts, up_ms, mode, cycle = outer.ts, outer.up_ms, outer.mode, outer.cycle
    if ts is None and up_ms < 0 and mode is None and cycle is None:
        rows.said.extend(outer.samples)
        return
    for sample in outer.samples:
        rows.said.append(
            _Sample(
                metrics=sample.metrics,
                ts=ts if sample.ts is None else sample.ts,
                up_ms=up_ms if sample.up_ms < 0 else sample.up_ms,
                mode=mode if sample.mode is None else sample.mode,
                cycle=cycle if sample.cycle is None else sample.cycle,
            )
        )


def _fast_rows(kind: str, table: KindTable, pending: _Pending, odd: set[int]) -> tuple[Rows, NDArray[np.int64]]:
    """Columns of the rows that the typed decoder took, and how many quotes each should have in its message."""
    said = pending.said
    message = np.array(pending.message, dtype=np.int64)
    values = table.matrix(pending.values)
    raws = [bytes(item.metrics) for item in said]
    counts = (~np.isnan(values)).sum(axis=1)
    is_odd = odd_rows(raws, values, counts)
    texts = [item.ts for item in said]
    ts_ms, is_text = _times(texts, is_odd)
    up_ms = np.array([item.up_ms for item in said], dtype=np.int64)
    modes = [item.mode for item in said]
    cycles = [item.cycle for item in said]
    quotes = counts + 1 + is_text + (ts_ms != NO_TIME) + (up_ms >= 0)
    quotes += 2 * (present(modes, is_odd).astype(np.int64) + present(cycles, is_odd))
    odd.update(message[is_odd].tolist())
    index = np.array(pending.index, dtype=np.int64)
    rows = Rows(
        kind, len(table.own), table.names, message, index, ts_ms, up_ms, modes, cycles, values, raws, bool(table.own)
    )
    return rows, 2 * quotes


def _times(texts: list[Any], is_odd: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Event times in ms, and which were text; a text that is no time marks its row as odd."""
    ts_ms = np.full(len(texts), NO_TIME, dtype=np.int64)
    is_text = np.zeros(len(texts), dtype=np.bool_)
    usual = [number for number, text in enumerate(texts) if type(text) is str and len(text) == USUAL_LENGTH]
    if usual:
        chosen = texts if len(usual) == len(texts) else [texts[number] for number in usual]
        parsed, is_usual = parse_many_ms(chosen)
        ts_ms[usual] = np.where(is_usual, parsed, NO_TIME)
        is_text[usual] = True
        if len(usual) == len(texts) and is_usual.all():
            return ts_ms, is_text
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


def _strict_rows(kind: str, profile: Profile, pending: _Pending) -> Rows:
    """Columns of the rows that the strict decoder took."""
    own = tuple(profile.metrics)
    extra = sorted({name for row in pending.strict for name in row[3]} - set(own))
    names = (*own, *extra)
    place = {name: column for column, name in enumerate(names)}
    values = np.full((len(pending.strict), len(names)), np.nan)
    for number, row in enumerate(pending.strict):
        for name, value in row[3].items():
            values[number, place[name]] = value
    samples = [row[2] for row in pending.strict]
    return Rows(
        kind,
        len(own),
        names,
        np.array([row[0] for row in pending.strict], dtype=np.int64),
        np.array([row[1] for row in pending.strict], dtype=np.int64),
        np.array([NO_TIME if sample.ts_ms is None else sample.ts_ms for sample in samples], dtype=np.int64),
        np.array([-1 if sample.up_ms is None else sample.up_ms for sample in samples], dtype=np.int64),
        [sample.mode for sample in samples],
        [sample.cycle for sample in samples],
        values,
        [msgspec.json.encode(sample.metrics) for sample in samples],
        bool(own),
    )


def _without(rows: Rows, messages: set[int]) -> Rows:
    """The rows of all other messages."""
    return take(rows, np.flatnonzero(~np.isin(rows.message, np.fromiter(messages, dtype=np.int64))))


def take(rows: Rows, keep: NDArray[np.int64]) -> Rows:
    """Some rows, by number."""
    if len(keep) == len(rows.message) and (len(keep) == 0 or (np.diff(keep) > 0).all()):
        return rows
    numbers = keep.tolist()
    return Rows(
        rows.kind,
        rows.own_names,
        rows.names,
        rows.message[keep],
        rows.index[keep],
        rows.ts_ms[keep],
        rows.up_ms[keep],
        [rows.modes[number] for number in numbers],
        [rows.cycles[number] for number in numbers],
        rows.values[keep],
        [rows.metrics_json[number] for number in numbers],
        rows.is_profiled,
    )
