"""The bulk decoder: it agrees with the strict one on every message, good or garbage."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.sample import TEXT_SEPARATOR
from ingest.wire import columns, typed
from ingest.wire.columns import BatchDecoder, Decoded
from ingest.wire.dead_letter import Refused
from ingest.wire.kind_table import LEARNED_MAX
from ingest.wire.message import decode
from ingest.wire.sample_rows import NO_TIME
from ingest.wire.source import Source
from ingest.wire.telemetry import TelemetryMessage
from ingest.wire.topic import TopicScheme
from tests.examples import tries

TOPIC = "fettle/v1/washing_machine/w1/telemetry"
GOOD: dict[str, Any] = {
    "boot": "6f1c2a9b",
    "seq": 7,
    "ts": "2026-11-21T20:39:12.250Z",
    "up_ms": 7123456,
    "mode": "wash",
    "cycle": "1182",
    "metrics": {"power_w": 92.4, "water_c": 4, "door_locked": True},
}


SWAPS = [
    (b'"seq": 7', b'"seq": 7, "seq": 8'),
    (b'"power_w": 92.4', b'"power_w": 1, "power_w": 2'),
    (b'"boot"', b'"b\\u006fot"'),
    (b'"wash"', b'"wa\\u0000sh"'),
    (b'"wash"', b'"\\ud800"'),
    (b'"wash"', b'"\\ud83d\\ude00"'),
    (b'"wash"', '"冷却"'.encode()),
    (b'"wash"', b'"\xff"'),
    (b'"wash"', b'"' + b"x" * 300 + b'"'),
    (b'"wash"', b'"a\\"b"'),
    (b"92.4", b"1e400"),
    (b"92.4", b"NaN"),
    (b"92.4", b"-Infinity"),
    (b"92.4", b"18446744073709551616"),
    (b"92.4", b"18446744073709551615"),
    (b"92.4", b"1.8446744073709552e19"),
    (b"92.4", b"-9223372036854775809"),
    (b"92.4", b"null"),
    (b"92.4", b'"92.4"'),
    (b"92.4", b"true"),
    (b"92.4", b"{}"),
    (b"true", b"truer"),
    (b"true", b"1true"),
    (b'"door_locked": true', b'"door:true": 1'),
    (b'"door_locked": true', b'"door_true": 1'),
    (b'"door_locked"', b'"mode"'),
    (b'"door_locked"', b'"Door"'),
    (b'"door_locked"', b'"new_metric_c"'),
    (b'"cycle"', b'"colour"'),
    (b'"cycle": "1182"', b'"cycle": 1182'),
    (b'"up_ms": 7123456', b'"up_ms": -1'),
    (b'"up_ms": 7123456', b'"up_ms": 1.5'),
    (b'"seq": 7', b'"seq": -1'),
    (b'"seq": 7', b'"seq": true'),
    (b'"seq": 7', b'"seq": 9223372036854775807'),
    (b'"seq": 7', b'"seq": 9223372036854775808'),
    (b'"seq": 7, ', b""),
    (b'"boot": "6f1c2a9b", ', b""),
    (b'"boot": "6f1c2a9b", "seq": 7, ', b""),
    (b'"6f1c2a9b"', b'""'),
    (b'"6f1c2a9b"', b'"' + b"a" * 33 + b'"'),
    (b'"6f1c2a9b"', b'"a_b"'),
    (b'"6f1c2a9b"', '"é"'.encode()),
    (b'"6f1c2a9b"', b"null"),
    (b'"2026-11-21T20:39:12.250Z"', b'"2026-02-30T20:39:12.250Z"'),
    (b'"2026-11-21T20:39:12.250Z"', b'"2026-11-21T20:39:60.250Z"'),
    (b'"2026-11-21T20:39:12.250Z"', b'"2026-11-30T23:59:60.250Z"'),
    (b'"2026-11-21T20:39:12.250Z"', b'"2026-11-21T20:39:12Z"'),
    (b'"2026-11-21T20:39:12.250Z"', b'"2026-11-21T20:39:12+01:00"'),
    (b'"2026-11-21T20:39:12.250Z"', b'"2026-11-21 20:39:12.2Z"'),
    (b'"2026-11-21T20:39:12.250Z"', b'"2026-11-21T20:39:12.25\xc3\xa9"'),
    (b'"2026-11-21T20:39:12.250Z"', b"1795293552250"),
    (b'"2026-11-21T20:39:12.250Z"', b"-9223372036854775808"),
    (b'"2026-11-21T20:39:12.250Z"', b"18446744073709551615"),
    (b'"2026-11-21T20:39:12.250Z"', b"1.5"),
    (b'"2026-11-21T20:39:12.250Z"', b"null"),
    (b'"ts": "2026-11-21T20:39:12.250Z", ', b""),
    (b'"boot"', b'"appliance_id": "w1", "boot"'),
    (b'"boot"', b'"appliance_id": "w2", "boot"'),
    (b'"boot"', b'"appliance_id": 1, "boot"'),
    (b'"metrics"', b'"metrics": {"power_w": 1}, "metrics"'),
    (b'"metrics"', b'"samples": [{"metrics": {"power_w": 1}}], "metrics"'),
    (b'"metrics"', b'"samples": [], "x"'),
]
"""What to replace in a good message by what."""


def _strict(payload: bytes, topic: str = TOPIC) -> TelemetryMessage | Refused:
    parsed = TopicScheme().parse(topic)
    assert parsed is not None
    try:
        message = decode(parsed, payload)
    except Refused as refusal:
        return refusal
    assert isinstance(message, TelemetryMessage)
    return message


def _samples_of(decoded: Decoded, number: int) -> list[tuple[Any, ...]]:
    """What the columns say of one message, in the form of :func:`_samples_said`."""
    found = []
    for rows in decoded.rows:
        for row in np.flatnonzero(rows.message == number):
            metrics = {
                name: value
                for name, value in zip(rows.names, rows.values[row].tolist(), strict=True)
                if value == value  # noqa: PLR0124 - NaN
            }
            received = rows.metrics_text.split(TEXT_SEPARATOR)[row]
            text = {name: float(value) for name, value in json.loads(received).items()}
            assert text == metrics
            ts_ms, up_ms = int(rows.ts_ms[row]), int(rows.up_ms[row])
            found.append(
                (
                    int(rows.index[row]),
                    metrics,
                    None if ts_ms == NO_TIME else ts_ms,
                    rows.modes[row],
                    rows.cycles[row],
                    None if up_ms < 0 else up_ms,
                )
            )
    return sorted(found, key=lambda sample: sample[0])


def _samples_said(message: TelemetryMessage) -> list[tuple[Any, ...]]:
    return [
        (index, dict(sample.metrics), sample.ts_ms, sample.mode, sample.cycle, sample.up_ms)
        for index, sample in enumerate(message.samples)
    ]


def _assert_agree(payloads: list[bytes], topic: str = TOPIC, decoder: BatchDecoder | None = None) -> None:
    """Both ways give the same samples and identity, or the same refusal, for every message of the batch."""
    decoded = (decoder or BatchDecoder()).decode([topic] * len(payloads), payloads)
    for number, payload in enumerate(payloads):
        strict, bulk = _strict(payload, topic), decoded.others.get(number)
        head = decoded.heads[number]
        if isinstance(strict, Refused):
            assert isinstance(bulk, Refused), payload
            assert (bulk.reason, bulk.detail, bulk.identity) == (strict.reason, strict.detail, strict.identity), payload
            assert _samples_of(decoded, number) == []
        else:
            assert bulk is None, payload
            assert (head.boot, head.seq) == (strict.boot, -1 if strict.seq is None else strict.seq)
            assert _samples_of(decoded, number) == _samples_said(strict), payload


def _odd_batches(good: bytes) -> list[bytes]:
    """Messages of many samples, and texts that are no message at all."""
    batch = {
        "boot": "b",
        "seq": 1,
        "mode": "spin",
        "samples": [{"ts": 1, "metrics": {"power_w": 1}}, {"ts": 2, "metrics": {"water_c": 2}, "mode": "wash"}],
    }
    many = json.dumps(batch).encode()
    return [
        many,
        many.replace(b'"mode": "wash"', b'"mode": "wash", "mode": "x"'),
        many.replace(b'"mode": "wash"', b'"seq": 1'),
        many.replace(b'{"water_c": 2}', b"{}"),
        many.replace(b'{"water_c": 2}', b'{"water_c": 2, "water_c": 3}'),
        many.replace(b'{"water_c": 2}', b'{"new_c": 18446744073709551616}'),
        many.replace(b'"ts": 2', b'"ts": "never"'),
        many.replace(b'"spin"', b'"' + b"x" * 300 + b'"'),
        json.dumps({"samples": [{"ts": 1, "metrics": {"power_w": 1}}] * 512}).encode(),
        json.dumps({"samples": [{"ts": 1, "metrics": {"power_w": 1}}] * 513}).encode(),
        json.dumps({"metrics": {f"m{number}_c": number for number in range(64)}}).encode(),
        json.dumps({"metrics": {f"m{number}_c": number for number in range(65)}}).encode(),
        json.dumps({"metrics": {"power_w": 1}, "x": "y" * 62000}).encode(),
        json.dumps({"metrics": {"power_w": 1}}).encode() + b" " * 62000,
        b"",
        b"\xef\xbb\xbf" + good,
        b"[" * 20 + b"]" * 20,
        b"{}",
        b"[]",
        b"7",
        b'{"metrics":{}}',
    ]


def _mutations() -> list[bytes]:
    good = json.dumps(GOOD).encode()
    compact = json.dumps(GOOD, separators=(",", ":")).encode()
    mutated = [text.replace(old, new, 1) for old, new in SWAPS for text in (good,)]
    tight = [compact.replace(b"92.4", b"true"), compact.replace(b"true", b"false"), compact + b" ", compact + b"x"]
    return [good, compact, *mutated, *tight, *_odd_batches(good)]


def test_all_mutations_in_one_batch_agree() -> None:
    """Garbage among good messages gets exactly its own reason, and no good message is lost by its neighbours."""
    payloads = _mutations()
    random.Random(7).shuffle(payloads)

    _assert_agree(payloads)


def test_learned_metrics_change_nothing_but_speed() -> None:
    """A decoder that has learned new metrics gives what a fresh one gives."""
    decoder = BatchDecoder()
    payloads = _mutations()

    for _ in range(3):
        _assert_agree(payloads, decoder=decoder)


@pytest.mark.parametrize("number", range(len(_mutations())))
def test_each_mutation_alone_agrees(number: int) -> None:
    """The reason of a message depends on nothing but itself."""
    _assert_agree([_mutations()[number]])


def test_generic_kind_learns_within_bounds() -> None:
    """A kind without profile takes any metric; what is learned is bounded, the rest is decoded all the same."""
    decoder = BatchDecoder()
    topic = "fettle/v1/toaster/t1/telemetry"

    for start in range(0, 3 * LEARNED_MAX, 50):
        metrics = {f"metric{number}_c": number + 0.5 for number in range(start, start + 50)}
        _assert_agree([json.dumps({"metrics": metrics}).encode()], topic, decoder)

    assert len(decoder.sources.of(topic).table.names) == LEARNED_MAX  # type: ignore[union-attr] # telemetry has a table


_names = st.sampled_from(["power_w", "water_c", "door_locked", "new_c", "other_kpa", "mode", "Bad", ""])
_numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**70), 2**70),
    st.booleans(),
)
_values = st.one_of(_numbers, _numbers, _numbers, st.none(), st.text(max_size=3))
_metrics = st.dictionaries(_names, _values, max_size=5)
_text = st.one_of(st.text(max_size=12), st.sampled_from(["wash", "spin"]))
_times = st.one_of(
    st.integers(-(2**65), 2**65),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.123Z")),
    st.text(max_size=24),
)
_sample = st.fixed_dictionaries(
    {"metrics": _metrics}, optional={"ts": _times, "mode": _text, "cycle": _text, "up_ms": st.integers(-1, 2**64)}
)
_boots = st.one_of(st.text(max_size=3), st.sampled_from(["abc", "6f1c2a9b3d4e5f60"]))
_identity: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"boot": _boots, "seq": st.integers(-1, 2**64)}),
    st.fixed_dictionaries({}, optional={"boot": _boots, "seq": st.integers(0, 9)}),
)
_message = st.builds(
    lambda identity, body: identity | body,
    _identity,
    st.one_of(_sample, st.fixed_dictionaries({"samples": st.lists(_sample, max_size=3)}, optional={"mode": _text})),
)


@st.composite
def _payload(draw: st.DrawFn) -> bytes:
    """A message as some client may write it, now and then damaged."""
    text = json.dumps(
        draw(_message),
        ensure_ascii=draw(st.booleans()),
        separators=draw(st.sampled_from([(",", ":"), (", ", ": ")])),
    )
    raw = text.encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 4)) == 0 and raw:
        at = draw(st.integers(0, len(raw) - 1))
        raw = raw[:at] + draw(st.binary(max_size=2)) + raw[at + draw(st.integers(0, 2)) :]
    return raw


@settings(max_examples=tries(150))
@given(st.lists(_payload(), min_size=1, max_size=5))
@example([b'{"metrics":{"power_w":1,"power_w":1}}', b'{"metrics":{"power_w":1}}'])
def test_random_messages_agree(payloads: list[bytes]) -> None:
    """For random and damaged messages both ways say the same, alone and in company."""
    _assert_agree(payloads)


@settings(max_examples=tries(50))
@given(st.lists(st.lists(_payload(), min_size=1, max_size=3), min_size=2, max_size=4))
@example([[b'{"metrics":{"new_c":true}}'], [b'{"metrics":{"new_c":1.5}}'], [b'{"metrics":{"new_c":false}}'] * 2])
@example([[b'{"metrics":{"door_locked":1}}'], [b'{"metrics":{"door_locked":true,"power_w":true}}'] * 2])
def test_one_decoder_agrees_batch_after_batch(batches: list[list[bytes]]) -> None:
    """What a decoder has learned of names, numbers and booleans changes nothing that it says."""
    decoder = BatchDecoder()

    for payloads in batches:
        _assert_agree(payloads, decoder=decoder)


@settings(max_examples=tries(100))
@given(st.binary(max_size=200))
def test_any_bytes_agree(payload: bytes) -> None:
    """Arbitrary bytes get exactly one reason, the same both ways."""
    _assert_agree([payload])


def test_without_the_guards_garbage_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bulk checks are what catches duplicate keys, empty metrics and integers beyond 64 bit on the fast path."""
    payloads = [
        b'{"metrics":{"power_w":1,"power_w":2}}',
        b'{"metrics":{}}',
        b'{"metrics":{"power_w":18446744073709551616}}',
        b'{"boot":"a","seq":1,"seq":2,"metrics":{"power_w":1}}',
    ]
    guarded = BatchDecoder().decode([TOPIC] * 4, payloads)
    monkeypatch.setattr(typed, "odd_rows", lambda values, _readings: np.zeros(len(values), dtype=np.bool_))
    monkeypatch.setattr(columns, "odd_messages", lambda *_args, **_kwargs: [])
    unguarded = BatchDecoder().decode([TOPIC] * 4, payloads)

    assert sorted(guarded.others) == [0, 1, 2, 3]
    assert not unguarded.others


def test_one_bad_message_among_many_is_found() -> None:
    """One bad message among many good ones is found, and only that one."""
    payloads = [json.dumps(GOOD | {"seq": number}).encode() for number in range(1_280)]
    bad = 773
    payloads[bad] = payloads[bad].replace(b'"mode": "wash"', b'"mode": "wash", "mode": "wash"')

    decoded = BatchDecoder().decode([TOPIC] * len(payloads), payloads)

    assert list(decoded.others) == [bad]
    assert sum(len(rows.message) for rows in decoded.rows) == len(payloads) - 1


def test_the_speakers_of_a_batch_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for foreign messages and then decodes has looked up every topic; of another batch all are looked up anew."""
    decoder = BatchDecoder()
    look, looked = decoder.sources.of_all, list[int]()

    def counted(topics: Sequence[str | bytes]) -> list[Source]:
        looked.append(len(topics))
        return look(topics)

    monkeypatch.setattr(decoder.sources, "of_all", counted)
    first, second = [TOPIC] * 2, [TOPIC.replace("w1", "w2")] * 3
    payloads = [json.dumps(GOOD | {"seq": number}).encode() for number in range(3)]

    assert list(decoder.foreign(first)) == []
    own = decoder.decode(first, payloads[:2], {})
    assert list(decoder.foreign(first)) == []
    other = decoder.decode(second, payloads, {})

    assert [source.appliance_id for source in own.sources] == ["w1", "w1"]
    assert [source.appliance_id for source in other.sources] == ["w2", "w2", "w2"]
    assert looked == [2, 2, 3]
