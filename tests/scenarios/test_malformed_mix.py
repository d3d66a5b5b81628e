"""One message in a hundred is malformed, in every way there is: each is kept with its reason, and no good one is lost."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from ingest.wire.dead_letter import RefusalReason
from tests.scenarios.line import Line
from tests.world.fleet import KIND, PROFILES, START_MS

GOOD = 2_000
PER_BATCH = 200
TOPIC = f"fettle/v1/{KIND}"

BAD: list[tuple[str, bytes, RefusalReason]] = [
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":1},"mode":"\xff\xfe"}', RefusalReason.NOT_UTF8),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":NaN}}', RefusalReason.NOT_JSON),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":Infinity}}', RefusalReason.NOT_JSON),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":-Infinity}}', RefusalReason.NOT_JSON),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":1e400}}', RefusalReason.SCHEMA),
    (
        f"{TOPIC}/bad/telemetry",
        b'{"boot":"b","seq":18446744073709551616,"metrics":{"power_w":1}}',
        RefusalReason.SCHEMA,
    ),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":' + b"9" * 5000 + b"}}", RefusalReason.SCHEMA),
    (f"{TOPIC}/bad/telemetry", b"[" * 30_000 + b"]" * 30_000, RefusalReason.TOO_DEEP),
    (f"{TOPIC}/bad/telemetry", b'{"a":' * 9 + b"1" + b"}" * 9, RefusalReason.TOO_DEEP),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":1},"mode":"a\\u0000b"}', RefusalReason.SCHEMA),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":1},"mode":"\\ud800"}', RefusalReason.NOT_JSON),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":1},"metrics":{"power_w":2}}', RefusalReason.SCHEMA),
    (f"{TOPIC}/bad/telemetry", b'\xef\xbb\xbf{"metrics":{"power_w":1}}', RefusalReason.NOT_JSON),
    (f"{TOPIC}/bad/telemetry", b"", RefusalReason.NOT_JSON),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":1}} x', RefusalReason.NOT_JSON),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":', RefusalReason.NOT_JSON),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":"1"}}', RefusalReason.SCHEMA),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":null}}', RefusalReason.SCHEMA),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":[]}', RefusalReason.SCHEMA),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{}}', RefusalReason.SCHEMA),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"time":1}}', RefusalReason.SCHEMA),
    (f"{TOPIC}/bad/telemetry", b"7", RefusalReason.SCHEMA),
    (f"{TOPIC}/bad/telemetry", b'{"metrics":{"power_w":1},"x":"' + b"x" * 61_440 + b'"}', RefusalReason.TOO_LARGE),
    (f"{TOPIC}/bad/telemetry", b'{"appliance_id":"other","metrics":{"power_w":1}}', RefusalReason.IDENTITY_MISMATCH),
    (f"{TOPIC}/bad/telemetry", b'{"ts":4294967296000,"metrics":{"power_w":1}}', RefusalReason.TIME_OUT_OF_RANGE),
    (f"{TOPIC}/bad/event", b'{"type":"no_such_type"}', RefusalReason.SCHEMA),
    (f"{TOPIC}/bad/status", b'{"state":"dancing"}', RefusalReason.SCHEMA),
    ("elsewhere/bad/telemetry", b'{"metrics":{"power_w":1}}', RefusalReason.UNKNOWN_TOPIC),
]


def good(number: int) -> tuple[str, bytes]:
    """One of many messages of ten appliances."""
    appliance, seq = number % 10, number // 10
    at_ms = START_MS + seq * 20_000
    payload = f'{{"boot":"b{appliance}","seq":{seq},"ts":{at_ms},"metrics":{{"power_w":{1000 + number % 97},"serial":{number}}}}}'
    return f"{TOPIC}/h{appliance}/telemetry", payload.encode()


def arrive(line: Line, messages: list[tuple[str, bytes]]) -> float:
    """Let all arrive, some hundred together; the seconds of computing that took."""
    began = time.process_time()
    for start in range(0, len(messages), PER_BATCH):
        line.arrive(messages[start : start + PER_BATCH], START_MS + (start + PER_BATCH) * 2_000)
    return time.process_time() - began


def mixed(seed: int) -> tuple[list[tuple[str, bytes]], Counter[tuple[str, bytes, RefusalReason]]]:
    """Good messages with one malformed among a hundred, and the letters that are due."""
    chance, messages, due = random.Random(seed), list[tuple[str, bytes]](), Counter[tuple[str, bytes, RefusalReason]]()
    kinds = list(BAD)
    chance.shuffle(kinds)
    every = GOOD // len(kinds)
    for number in range(GOOD):
        messages.append(good(number))
        if number % every == 0 and kinds:
            topic, payload, reason = kinds.pop()
            messages.append((topic, payload))
            due[topic, payload[:4096], reason] += 1
    return messages, due


def test_every_malformed_message_is_kept_with_its_reason() -> None:
    """T17: all of the malformed stand in the dead letters, each under its one reason, and all good ones are stored."""
    line = Line(PROFILES, START_MS)
    messages, due = mixed(17)

    arrive(line, messages)

    assert Counter((one.topic, one.payload, one.reason) for one in line.letters()) == due
    assert sum(due.values()) == len(BAD) >= GOOD // 100
    assert line.readings() == 2 * GOOD
    rows = {row.id: row for row in line.ledger().values() if row.boot}
    assert all((row.stored, row.dead_lettered, row.gap) == (GOOD // 10, 0, 0) for row in rows.values())
    assert len(rows) == 10


@pytest.mark.parametrize("bad", BAD, ids=[f"{number}-{reason}" for number, (_, _, reason) in enumerate(BAD)])
def test_one_malformed_message_among_good_ones_costs_only_itself(bad: tuple[str, bytes, RefusalReason]) -> None:
    """T17: whichever it is, its neighbours in the same batch are stored."""
    line = Line(PROFILES, START_MS)
    topic, payload, reason = bad

    line.arrive([good(0), (topic, payload), good(1)], START_MS + 1000)

    assert [letter.reason for letter in line.letters()] == [reason]
    assert line.readings() == 4


def test_a_seq_beyond_64_bit_is_nobodys_seq() -> None:
    """T17: a seq that can't be read takes no other number's place: the boot's first message still counts."""
    line = Line(PROFILES, START_MS)
    topic = f"{TOPIC}/h1/telemetry"
    beyond = b'{"boot":"b","seq":99999999999999999999999,"metrics":{"power_w":1}}'

    line.arrive([(topic, beyond), (topic, b'{"boot":"b","seq":0,"metrics":{"power_w":1}}')], START_MS)

    row = line.ledger()["h1", "b"]
    assert (row.stored, row.dead_lettered, row.duplicates) == (1, 0, 0)
    assert [letter.reason for letter in line.letters()] == [RefusalReason.SCHEMA]


def test_a_reason_that_is_wrong_would_be_noticed() -> None:
    """T17, control: a good message among the malformed has no letter, so the count is of the malformed alone."""
    line = Line(PROFILES, START_MS)

    line.arrive([good(0)], START_MS + 1000)

    assert not line.letters()
