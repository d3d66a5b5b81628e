"""The strict decoder: garbage gets exactly one reason, the first in the contract's order."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.wire.dead_letter import PAYLOAD_BYTES_MAX, Identity, RefusalReason, Refused
from ingest.wire.message import decode
from ingest.wire.nesting import fault_of
from ingest.wire.strict_json import parse
from ingest.wire.timestamp import format_ms, parse_many_ms, parse_ms
from ingest.wire.topic import Channel, Topic, TopicScheme
from tests.examples import tries

TELEMETRY = Topic("refrigerator", "f1", Channel.TELEMETRY)


def _reason(payload: bytes, channel: Channel = Channel.TELEMETRY) -> RefusalReason | None:
    try:
        decode(Topic("refrigerator", "f1", channel), payload)
    except Refused as refusal:
        return refusal.reason
    return None


def _with(**changes: Any) -> bytes:
    return json.dumps({"boot": "b", "seq": 1, "metrics": {"power_w": 1}} | changes).encode()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{" + b" " * PAYLOAD_BYTES_MAX, RefusalReason.TOO_LARGE),
        (b"\xff" + b" " * PAYLOAD_BYTES_MAX, RefusalReason.TOO_LARGE),
        (b'{"metrics": {"power_w": 1}, "x": "\xff"', RefusalReason.NOT_UTF8),
        (b"\xed\xa0\x80", RefusalReason.NOT_UTF8),
        (b"", RefusalReason.NOT_JSON),
        (b"   ", RefusalReason.NOT_JSON),
        (b"\xef\xbb\xbf{}", RefusalReason.NOT_JSON),
        (b'{"metrics": {"power_w": NaN}}', RefusalReason.NOT_JSON),
        (b'{"metrics": {"power_w": Infinity}}', RefusalReason.NOT_JSON),
        (b'{"metrics": {"power_w": -Infinity}}', RefusalReason.NOT_JSON),
        (b'{"metrics": {"power_w": 01}}', RefusalReason.NOT_JSON),
        (b'{"metrics": {"power_w": 1}} x', RefusalReason.NOT_JSON),
        (b'{"metrics": {"power_w": 1}}\x00', RefusalReason.NOT_JSON),
        (b'{"mode": "\x00", "metrics": {"power_w": 1}}', RefusalReason.NOT_JSON),
        (b'{"mode": "\\ud800", "metrics": {"power_w": 1}}', RefusalReason.NOT_JSON),
        (b'{"mode": "\\udc00\\ud800", "metrics": {"power_w": 1}}', RefusalReason.NOT_JSON),
        (b'{"a": 1, "a": 2, "mode": "\\ud800"}', RefusalReason.NOT_JSON),
        (b"[" * 9 + b'"\\ud800"' + b"]" * 9, RefusalReason.NOT_JSON),
        (b"[" * 30000, RefusalReason.NOT_JSON),
        (b"[" * 30000 + b"]" * 30000, RefusalReason.TOO_DEEP),
        (b'{"a":' * 9 + b"1" + b"}" * 9, RefusalReason.TOO_DEEP),
        (b'{"a":' * 200 + b"1e999" + b"}" * 200, RefusalReason.TOO_DEEP),
        (b"[" * 70 + b"1," + b"]" * 70, RefusalReason.NOT_JSON),
        (b"[" * 70 + b"1 1" + b"]" * 70, RefusalReason.NOT_JSON),
        (b"[" * 70 + b'{"a" 1}' + b"]" * 70, RefusalReason.NOT_JSON),
        (b"[" * 70 + b'{"a":1,}' + b"]" * 70, RefusalReason.NOT_JSON),
        (b"[" * 70 + b'{"a":[],"b":{},"c":[1,{"d":null}]}' + b"]" * 70, RefusalReason.TOO_DEEP),
        (b"[" * 70 + b"]" * 69 + b"}", RefusalReason.NOT_JSON),
        (b"[]" * 70, RefusalReason.NOT_JSON),
        (b'{"a":' * 7 + b"[1]" + b"}" * 7, RefusalReason.SCHEMA),
        (b"7", RefusalReason.SCHEMA),
        (b"{}", RefusalReason.SCHEMA),
        (b'{"metrics": {}}', RefusalReason.SCHEMA),
        (b'{"metrics": [1]}', RefusalReason.SCHEMA),
        (b'{"metrics": {"power_w": 1, "power_w": 1}}', RefusalReason.SCHEMA),
        (b'{"x": {"a": 1, "a": 1}, "metrics": {"power_w": 1}}', RefusalReason.SCHEMA),
        (b'{"mode": "\\u0000", "metrics": {"power_w": 1}}', RefusalReason.SCHEMA),
        (b'{"metrics": {"power_w": 18446744073709551616}}', RefusalReason.SCHEMA),
        (b'{"metrics": {"power_w": -9223372036854775809}}', RefusalReason.SCHEMA),
        (b'{"x": 18446744073709551616, "metrics": {"power_w": 1}}', RefusalReason.SCHEMA),
        (b'{"metrics": {"power_w": ' + b"9" * 5000 + b"}}", RefusalReason.SCHEMA),
        (b'{"metrics": {"power_w": 1e400}}', RefusalReason.SCHEMA),
        (b'{"metrics": {"power_w": null}}', RefusalReason.SCHEMA),
        (b'{"metrics": {"power_w": "1"}}', RefusalReason.SCHEMA),
        (b'{"metrics": {"ts": 1}}', RefusalReason.SCHEMA),
        (b'{"metrics": {"appliance_id": 1}}', RefusalReason.SCHEMA),
        (b'{"metrics": {"Power": 1}}', RefusalReason.SCHEMA),
        (b'{"samples": []}', RefusalReason.SCHEMA),
        (b'{"samples": [{"metrics": {"a": 1}}], "metrics": {"a": 1}}', RefusalReason.SCHEMA),
        (_with(boot=None), RefusalReason.SCHEMA),
        (_with(boot="a b"), RefusalReason.SCHEMA),
        (_with(seq=2**63 - 1), RefusalReason.SCHEMA),
        (_with(seq=2**63 - 2, ts=2**64 - 1), None),
        (_with(boot="x" * 33), RefusalReason.SCHEMA),
        (_with(seq=-1), RefusalReason.SCHEMA),
        (_with(seq=1.0), RefusalReason.SCHEMA),
        (_with(seq=True), RefusalReason.SCHEMA),
        (_with(seq="1"), RefusalReason.SCHEMA),
        (b'{"boot": "b", "metrics": {"power_w": 1}}', RefusalReason.SCHEMA),
        (b'{"seq": 1, "metrics": {"power_w": 1}}', RefusalReason.SCHEMA),
        (_with(ts="yesterday"), RefusalReason.SCHEMA),
        (_with(ts="2026-02-30T00:00:00Z"), RefusalReason.SCHEMA),
        (_with(ts="2026-02-20T00:00:00"), RefusalReason.SCHEMA),
        (_with(ts=None), RefusalReason.SCHEMA),
        (_with(ts=True), RefusalReason.SCHEMA),
        (_with(mode=3), RefusalReason.SCHEMA),
        (_with(appliance_id=3), RefusalReason.SCHEMA),
        (_with(appliance_id="f2", seq="x"), RefusalReason.SCHEMA),
        (_with(appliance_id="f2"), RefusalReason.IDENTITY_MISMATCH),
        (_with(appliance_id="f1"), None),
        (b" \n" + _with() + b"\t ", None),
        (_with(metrics={"power_w": 2**64 - 1, "door_open": True, "a": -(2**63)}), None),
    ],
)
def test_first_reason_holds(payload: bytes, reason: RefusalReason | None) -> None:
    """A payload is refused for the first reason of the contract's order, or not at all."""
    assert _reason(payload) == reason


@pytest.mark.parametrize(
    ("channel", "payload", "reason"),
    [
        (Channel.EVENT, b'{"type": "party"}', RefusalReason.SCHEMA),
        (Channel.EVENT, b'{"type": "error_code"}', RefusalReason.SCHEMA),
        (Channel.EVENT, b'{"type": "error_code", "code": 7}', RefusalReason.SCHEMA),
        (Channel.EVENT, b'{"type": "cycle_finished", "data": {}}', RefusalReason.SCHEMA),
        (Channel.EVENT, b'{"type": "part_replaced"}', RefusalReason.SCHEMA),
        (Channel.EVENT, b'{"type": "setting_changed", "data": {"name": "x"}}', RefusalReason.SCHEMA),
        (Channel.EVENT, b'{"type": "firmware_updated", "data": {"to": 3}}', RefusalReason.SCHEMA),
        (Channel.EVENT, b'{"type": "moved", "data": []}', RefusalReason.SCHEMA),
        (Channel.EVENT, b'{"type": "moved"}', None),
        (Channel.EVENT, b'{"type": "cycle_started", "boot": "b", "seq": 0}', None),
        (Channel.EVENT, b'{"type": "moved", "appliance_id": "f2"}', RefusalReason.IDENTITY_MISMATCH),
        (Channel.STATUS, b"", None),
        (Channel.STATUS, b'{"state": "asleep"}', RefusalReason.SCHEMA),
        (Channel.STATUS, b'{"state": "online", "capabilities": "buffer"}', RefusalReason.SCHEMA),
        (Channel.STATUS, b'{"state": "online", "interval_s": 0}', RefusalReason.SCHEMA),
        (Channel.STATUS, b'{"state": "online", "interval_s": true}', RefusalReason.SCHEMA),
        (Channel.STATUS, b'{"state": "offline", "appliance_id": "f2"}', RefusalReason.IDENTITY_MISMATCH),
        (Channel.RESULT, b'{"id": "c", "state": "accepted"}', RefusalReason.SCHEMA),
        (Channel.RESULT, b'{"state": "accepted", "ts": 1}', RefusalReason.SCHEMA),
        (Channel.RESULT, b'{"id": "c", "state": "done", "ts": 1}', RefusalReason.SCHEMA),
        (Channel.RESULT, b'{"id": "c", "state": "accepted", "ts": 1}', None),
        (Channel.ACK, b"{}", RefusalReason.UNKNOWN_TOPIC),
        (Channel.COMMAND, b"{}", RefusalReason.UNKNOWN_TOPIC),
    ],
)
def test_other_channels(channel: Channel, payload: bytes, reason: RefusalReason | None) -> None:
    """Events, statuses and results are read as strictly as telemetry; on our own channels nobody speaks to us."""
    assert _reason(payload, channel) == reason


@pytest.mark.parametrize(
    ("payload", "identity"),
    [
        (b'{"boot": "b", "seq": 3, "metrics": {}}', Identity("b", 3)),
        (b'{"boot": "b", "seq": 3, "x": ' + b"[" * 9 + b"]" * 9 + b"}", Identity("b", 3)),
        (b'{"boot": "b", "seq": 3, "seq": 4, "metrics": {"a": 1}}', Identity(is_readable=False)),
        (b'{"boot": "b", "seq": "3", "metrics": {"a": 1}}', Identity(is_readable=False)),
        (b'{"x": {"boot": "b", "seq": 3}}', Identity()),
        (b"[1]", Identity(is_readable=False)),
        (b"nonsense", Identity(is_readable=False)),
    ],
)
def test_identity_of_a_refused_message(payload: bytes, identity: Identity) -> None:
    """A refused message keeps its boot and seq where both can be read once and for all."""
    with pytest.raises(Refused) as caught:
        decode(TELEMETRY, payload)

    assert caught.value.identity == identity


@settings(max_examples=tries(300))
@given(st.binary(max_size=300))
def test_any_bytes_give_one_reason(payload: bytes) -> None:
    """Arbitrary bytes end in a value or in one refusal, never in another error."""
    for channel in Channel:
        _reason(payload, channel)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=tries(300))
@given(_json)
def test_sound_json_comes_through(value: Any) -> None:
    """What is JSON by the contract is read as it was meant; NaN and lone surrogates are not."""
    text = json.dumps(value)
    try:
        parsed = parse(text.encode())
    except Refused as refusal:
        reason = refusal.reason
    else:
        assert parsed.value == value
        return

    assert reason in {RefusalReason.NOT_JSON, RefusalReason.TOO_DEEP, RefusalReason.SCHEMA}


@settings(max_examples=tries(300))
@given(st.integers(-62135596800000, 253402300799999))
def test_times_come_back(ms: int) -> None:
    """A time written as RFC 3339 is read as the same millisecond, one by one and in bulk."""
    text = format_ms(ms)

    bulk, is_usual = parse_many_ms([text])

    assert parse_ms(text) == ms
    assert is_usual.all()
    assert bulk.tolist() == [ms]


@settings(max_examples=tries(200))
@given(
    st.integers(-62135596800000, 253402300799999 - 59_999),
    st.lists(st.tuples(st.integers(0, 130_000), st.integers(0, 23), st.characters(codec="utf-8")), min_size=2),
)
def test_times_in_company_are_read_as_alone(ms: int, others: list[tuple[int, int, str]]) -> None:
    """In bulk a text of the usual form is the same millisecond as alone, and any other is left to the strict parser."""
    texts = [format_ms(min(ms + more, 253402300799999)) for more, _, _ in others]
    damaged = [text[:at] + mark + text[at + 1 :] for text, (_, at, mark) in zip(texts, others, strict=True)]
    for company in (texts, damaged, [*texts, damaged[0]]):
        bulk, is_usual = parse_many_ms(company)

        for text, read_ms, is_plain in zip(company, bulk.tolist(), is_usual.tolist(), strict=True):
            if is_plain:
                assert read_ms == parse_ms(text)
            else:
                assert text in damaged


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("fettle/v1/dryer/d-1/telemetry", Topic("dryer", "d-1", Channel.TELEMETRY)),
        ("fettle/v1/dryer/d-1/telemetry/x", None),
        ("fettle/v1/Dryer/d-1/telemetry", None),
        ("fettle/v1/dryer/d 1/telemetry", None),
        (f"fettle/v1/dryer/{'x' * 65}/telemetry", None),
        ("fettle/v1/dryer/d-1/gossip", None),
        ("fettle/v2/dryer/d-1/telemetry", None),
        ("xfettle/v1/dryer/d-1/telemetry", None),
        ("", None),
    ],
)
def test_topics(text: str, parts: Topic | None) -> None:
    """A topic is taken apart exactly, or not at all."""
    assert TopicScheme().parse(text) == parts
    assert parts is None or TopicScheme().format(parts) == text


def test_root_is_a_setting() -> None:
    """Under another root the same scheme holds."""
    scheme = TopicScheme("acme/fleet/1")

    assert scheme.parse("acme/fleet/1/dryer/d/status") == Topic("dryer", "d", Channel.STATUS)
    assert scheme.parse("fettle/v1/dryer/d/status") is None
    assert scheme.subscriptions() == ("acme/fleet/1/#",)


@pytest.mark.parametrize(
    "text",
    ["2016-12-31T23:59:60Z", "2016-12-31T23:59:60.999Z", "2017-01-01T00:59:60.5+01:00", "2016-12-31T15:59:60-08:00"],
)
def test_a_leap_second_is_the_last_millisecond_of_its_month(text: str) -> None:
    """T15: it is neither refused nor put into the next day, and lies between the seconds around it."""
    assert parse_ms("2016-12-31T23:59:59.999Z") == parse_ms(text) < parse_ms("2017-01-01T00:00:00Z")
    assert _reason(_with(ts=text)) is None


@pytest.mark.parametrize(
    "text",
    ["2026-11-21T20:39:60Z", "2016-12-30T23:59:60Z", "2016-12-31T23:59:60+01:00", "2016-12-31T23:58:60Z",
     "2016-12-31T23:59:61Z", "2016-12-31T23:60:00Z"],
)  # fmt: skip
def test_a_second_that_can_be_no_leap_second_is_no_time(text: str) -> None:
    """T15: ``:60`` stands at the end of a month in UTC or nowhere."""
    with pytest.raises(ValueError, match="no time that exists"):
        parse_ms(text)

    assert _reason(_with(ts=text)) is RefusalReason.SCHEMA


def test_the_end_of_the_calendar_has_no_leap_second_behind_it() -> None:
    """The last second of year 9999 is clamped like any other time there."""
    with pytest.raises(ValueError, match="no time that exists"):
        parse_ms("9999-12-31T23:59:60-01:00")


_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6), st.sampled_from(['"', "\\", "[{", "}]", "\x7f", "é"]),
)  # fmt: skip
_TREES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4))  # fmt: skip
_ODD = st.sampled_from([*'[]{},:"\\1-.e0 tn\t', "\x01", "\x02", "\x03", "null", "NaN", "\u00a0", ""])


def _is_json(text: str) -> bool:
    """What the standard parser says, which recurses."""

    def refuse(name: str) -> Any:
        raise ValueError(name)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


@settings(max_examples=tries(300))
@given(
    tree=_TREES,
    wrap=st.lists(
        st.sampled_from(["[%s]", '{"a": %s}', '[1, %s, "]"]', '{"b": [], "a" :%s}']), min_size=1, max_size=90
    ),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 2), _ODD), max_size=2),
)
def test_deep_text_is_json_if_the_standard_parser_says_so(
    tree: object, wrap: list[str], edits: list[tuple[float, int, str]]
) -> None:
    """Whole, or with some characters taken out or put in: the flat reading and the recursive one agree."""
    text = json.dumps(tree, ensure_ascii=False)
    for around in wrap:
        text = around.replace("%s", text)
    for where, taken, put in edits:
        at = int(where * len(text))
        text = text[:at] + put + text[at + taken :]
    payload = text.encode("utf-8", "replace")

    is_container = payload.strip(b" \t\n\r")[:1] in (b"[", b"{")
    assert (fault_of(payload) is None) == (is_container and _is_json(payload.decode()))


@pytest.mark.parametrize("payload", [b"[" * 30_000 + b"]" * 30_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000])
def test_a_flood_of_brackets_costs_little(payload: bytes) -> None:
    """Sixty thousand characters that nest are refused without a step in Python for each: by far fewer calls than brackets."""
    calls = 0

    def count(_frame: object, _event: str, _argument: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        assert _reason(payload) is RefusalReason.TOO_DEEP
    finally:
        sys.setprofile(None)
    assert calls < 500
