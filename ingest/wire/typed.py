"""The typed decoder: our own telemetry as structs, many messages at once; what it can't take is left to the strict one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta, Raw
from numpy.typing import NDArray

from ingest.sample import MAX_SAMPLES_PER_MESSAGE, TEXT_SEPARATOR
from ingest.wire.guards import odd_rows, present
from ingest.wire.kind_table import KindTable
from ingest.wire.sample_rows import NO_TIME, Rows
from ingest.wire.strict_json import SEQ_MAX
from ingest.wire.timestamp import USUAL_LENGTH, clamp_ms, parse_many_ms, parse_ms

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
Outer: Any = msgspec.defstruct(
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
_decode_outer = msgspec.json.Decoder(Outer).decode
NOT_TYPED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError)


@dataclass(slots=True)
class Typed:
    """Samples of one kind as the typed decoder took them; parallel."""

    table: KindTable
    message: NDArray[np.int64]
    index: NDArray[np.int64]
    said: list[Any]
    values: list[Any]


@dataclass(slots=True)
class Taken:
    """What the typed decoder made of the messages of one kind; all numbers ascend."""

    parts: list[Typed] = field(default_factory=list)
    singles: Sequence[int] = ()
    batches: Sequence[int] = ()
    failed: list[int] = field(default_factory=list)


def take_typed(table: KindTable, numbers: Sequence[int], payloads: Sequence[bytes], heads: list[Any]) -> Taken:
    """Decode the messages of one kind, and fill in their heads; what fails is left to the strict decoder."""
    is_all = len(numbers) == len(payloads)
    outers, failed = _each(_decode_outer, payloads if is_all else [payloads[number] for number in numbers])
    taken = Taken(failed=[numbers[place] for place in failed])
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
    taken.parts.append(Typed(table, message, np.zeros(len(message), dtype=np.int64), outers, values))
    taken.singles = numbers
    return taken


def _typed_batches(table: KindTable, numbers: Sequence[int], outers: Sequence[Any], taken: Taken) -> None:
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
    taken.parts.append(Typed(table, *parts, said, values))


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
        except NOT_TYPED:
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


def rows_of(part: Typed, odd: set[int]) -> tuple[Rows, NDArray[np.int64], NDArray[np.int64]]:
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
