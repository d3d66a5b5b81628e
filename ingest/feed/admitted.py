"""Decoded messages + their judgement → what is handed on: the same at the tip and when read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ingest.books.judgement import DUPLICATE, GOOD, Judgement, code_of
from ingest.sample import AdmittedBatch, Event, Lesson, Passed, Result, SampleBlock, SampleFlag, Status
from ingest.wire.columns import BatchDecoder, Decoded
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.event import EventMessage
from ingest.wire.lesson import LessonMessage
from ingest.wire.meaning import Meanings, unpack_meanings
from ingest.wire.result import ResultMessage
from ingest.wire.sample_rows import NO_TIME, Rows, left_out, merged, take
from ingest.wire.source import Source
from ingest.wire.status import StatusMessage


@dataclass(frozen=True, slots=True)
class _Marks:
    """What is said of single messages of a batch: times set by us, places among messages of one time, who is retained."""

    times: Mapping[tuple[int, int], int]
    offsets: Mapping[int, int]
    retained: Sequence[bool]


POISON_DETAIL = "it made a reader fail twice"

_POISON = code_of(RefusalReason.POISON)


def decode_admitted(
    decoder: BatchDecoder,
    judgement: Judgement,
    topics: Sequence[str | bytes],
    payloads: Sequence[bytes],
    retained: Sequence[bool],
) -> AdmittedBatch:
    """A batch read back from the journal: equal to the one that admission handed on, without judging again."""
    poison = [] if judgement.codes is None else [n for n, code in enumerate(judgement.codes) if code == _POISON]
    meanings = None if judgement.meanings is None else unpack_meanings(judgement.meanings)
    return batch_of(decode_without(decoder, topics, payloads, poison, meanings), judgement, retained)


def decode_without(
    decoder: BatchDecoder,
    topics: Sequence[str | bytes],
    payloads: Sequence[bytes],
    poison: Sequence[int],
    meanings: Meanings | None,
) -> Decoded:
    """A batch decoded without the payloads that break a reader; those messages are refused as ``poison``."""
    if not poison:
        return decoder.decode(topics, payloads, meanings)
    left_out = set(poison)
    kept = [b"" if number in left_out else payload for number, payload in enumerate(payloads)]
    decoded = decoder.decode(topics, kept, meanings)
    decoded.refuse(dict.fromkeys(poison, Refused(RefusalReason.POISON, POISON_DETAIL)))
    return decoded


def batch_of(decoded: Decoded, judgement: Judgement, retained: Sequence[bool]) -> AdmittedBatch:
    """All good messages of a batch as blocks, events, statuses and results."""
    times = {(message, index): ts_ms for message, index, ts_ms in judgement.times}
    events: list[Event] = []
    statuses: list[Status] = []
    results: list[Result] = []
    lessons: list[Lesson] = []
    spoken: dict[str, int] | None = None
    for number in sorted(decoded.others):
        if judgement.code(number) != GOOD:
            continue
        source, message = decoded.sources[number], decoded.others[number]
        if isinstance(message, EventMessage):
            events.append(_event(source, message, times.get((number, 0)), judgement.received_ms))
        elif isinstance(message, StatusMessage):
            spoken = _last_spoken(decoded, judgement) if spoken is None else spoken
            status = _status(source, message, judgement.received_ms, is_retained=retained[number])
            statuses += [
                replace(status, appliance_id=who, kind=kind, is_followed=spoken.get(who, -1) > number)
                for who, kind in message.of or ((source.appliance_id, source.kind),)
            ]
        elif isinstance(message, ResultMessage):
            results.append(_result(source, message, judgement.received_ms))
        elif isinstance(message, LessonMessage):
            lessons.append(message.lesson)
    good = _good_rows(decoded.rows, judgement, dict(judgement.left_out))
    marks = _Marks(times, dict(judgement.offsets), retained)
    return AdmittedBatch(
        judgement.position,
        judgement.received_ms,
        judgement.count,
        _blocks(good, decoded, judgement, marks),
        tuple(events),
        tuple(statuses),
        tuple(results),
        _passed(decoded, judgement, good),
        _blocks(_good_rows(decoded.impossible, judgement, {}), decoded, judgement, marks),
        tuple(lessons),
    )


def _passed(decoded: Decoded, judgement: Judgement, good: Sequence[Rows]) -> tuple[Passed, ...]:
    """The messages that say which number they are and of which nothing comes: refused, or no reading of them is left."""
    if judgement.codes is None and not judgement.left_out:
        return ()
    heard = {message for rows in good for message in rows.message.tolist()}
    gone = {number for number, _ in judgement.left_out} - heard
    codes = judgement.codes or b""
    refused = [number for number, code in enumerate(codes) if code not in (GOOD, DUPLICATE)]
    return tuple(
        Passed(decoded.sources[number].appliance_id, head.boot, head.seq)
        for number in sorted({*refused, *gone})
        if (head := decoded.heads[number]).boot is not None and head.seq >= 0
    )


def _good_rows(all_rows: Sequence[Rows], judgement: Judgement, masks: Mapping[int, bytes]) -> list[Rows]:
    """The samples of good messages, without the readings that are left out."""
    codes = None if judgement.codes is None else np.frombuffer(judgement.codes, dtype=np.uint8)
    good = []
    for part in all_rows:
        rows = part if codes is None else take(part, np.flatnonzero(codes[part.message] == GOOD))
        rows = left_out(rows, masks) if masks else rows
        if len(rows.message):
            good.append(rows)
    return good


def _blocks(good: Sequence[Rows], decoded: Decoded, judgement: Judgement, marks: _Marks) -> tuple[SampleBlock, ...]:
    """One block per kind, in order of arrival; kinds in order of their names."""
    by_kind: dict[str, list[Rows]] = {}
    for rows in good:
        by_kind.setdefault(rows.kind, []).append(rows)
    return tuple(_block(merged(parts), decoded, judgement.received_ms, marks) for _, parts in sorted(by_kind.items()))


def _block(rows: Rows, decoded: Decoded, received_ms: int, marks: _Marks) -> SampleBlock:
    """The block of one kind: the profile's metrics always, others where a sample reports them, by name."""
    own = rows.own_names
    extra = sorted(
        (name, own + column)
        for column, name in enumerate(rows.names[own:])
        if not np.isnan(rows.values[:, own + column]).all()
    )
    columns = [*range(own), *(column for _, column in extra)]
    values = rows.values if columns == list(range(len(rows.names))) else np.ascontiguousarray(rows.values[:, columns])
    ts_ms, flags = _times(rows, received_ms, marks.times)
    if rows.is_profiled and extra:
        is_unknown = ~np.isnan(values[:, own:]).all(axis=1)
        flags[is_unknown] |= np.uint8(SampleFlag.UNKNOWN_METRIC)
    messages = rows.message.tolist()
    if True in marks.retained:
        flags[[marks.retained[message] for message in messages]] |= np.uint8(SampleFlag.RETAINED)
    return SampleBlock(
        rows.kind,
        (*rows.names[:own], *(name for name, _ in extra)),
        [decoded.sources[message].appliance_id for message in messages],
        ts_ms,
        values,
        rows.modes,
        rows.cycles,
        decoded.seqs[rows.message],
        _index(rows, marks.offsets),
        flags,
        received_ms,
        rows.metrics_text,
        [decoded.heads[message].boot for message in messages],
    )


def _index(rows: Rows, offsets: Mapping[int, int]) -> NDArray[np.int64]:
    """The place of each sample (N,): in its message, or among messages of one time."""
    if not offsets:
        return rows.index
    return rows.index + np.array([offsets.get(message, 0) for message in rows.message.tolist()], dtype=np.int64)


def _times(
    rows: Rows, received_ms: int, times: Mapping[tuple[int, int], int]
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Final event times, and the flags that speak of time."""
    is_absent = rows.ts_ms == NO_TIME
    flags = np.where(is_absent, np.uint8(SampleFlag.ARRIVAL_TIME), np.uint8(0)).astype(np.uint8)
    ts_ms = np.where(is_absent, received_ms, rows.ts_ms)
    if times:
        for row, key in enumerate(zip(rows.message.tolist(), rows.index.tolist(), strict=True)):
            if key in times:
                ts_ms[row] = times[key]
                if not is_absent[row]:
                    flags[row] |= np.uint8(SampleFlag.REDATED)
    return ts_ms, flags


def _event(source: Source, message: EventMessage, ts_ms: int | None, received_ms: int) -> Event:
    """An event with its final time."""
    said_ms = received_ms if message.ts_ms is None else message.ts_ms
    return Event(
        source.appliance_id,
        source.kind,
        said_ms if ts_ms is None else ts_ms,
        received_ms,
        message.type,
        message.code,
        message.data,
        message.boot,
        message.seq,
    )


def _status(source: Source, message: StatusMessage, received_ms: int, *, is_retained: bool) -> Status:
    """A status; a time later than its arrival is taken as its arrival."""
    return Status(
        source.appliance_id,
        source.kind,
        received_ms if message.ts_ms is None else min(message.ts_ms, received_ms),
        received_ms,
        message.state,
        is_retained,
        message.until_ms,
        message.interval_s,
        message.model,
        message.serial,
        message.firmware,
        message.region,
        message.capabilities,
        home=message.home,
        batch=message.batch,
    )


def _last_spoken(decoded: Decoded, judgement: Judgement) -> dict[str, int]:
    """The last message of each appliance that is good telemetry or a good event."""
    return {
        source.appliance_id: number
        for number, source in enumerate(decoded.sources)
        if judgement.code(number) == GOOD
        and (number not in decoded.others or isinstance(decoded.others[number], EventMessage))
    }


def _result(source: Source, message: ResultMessage, received_ms: int) -> Result:
    """A result; a time later than its arrival is taken as its arrival."""
    return Result(
        source.appliance_id,
        source.kind,
        min(message.ts_ms, received_ms),
        received_ms,
        message.command_id,
        message.state,
        message.reason,
        message.data,
    )
