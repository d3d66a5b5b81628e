"""Admission and time: event times, clients without boot, acks and what they wait for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.books.event_time import DAY_MS
from ingest.books.ledger import GAP_GIVEN_UP_MS
from ingest.clock import from_ms
from ingest.sample import SampleFlag
from ingest.wire.dead_letter import RefusalReason
from tests.ingest.admission.bench import NOW, WASHER, Bench, assert_equal, row


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Admission over empty books."""
    made = Bench(tmp_path)
    yield made
    made.books.close()


def test_wrong_time_is_refused_or_redated(bench: Bench) -> None:
    """A time out of range is set by up-time where this boot gave a good one before, else the message is refused."""
    old = NOW - 40 * DAY_MS
    first = bench.send(bench.telemetry(0, ts=old, up_ms=1000))
    second = bench.send(
        bench.telemetry(1, ts=NOW, up_ms=5000), bench.telemetry(2, ts=old, up_ms=7000), bench.telemetry(3, ts=old)
    )

    (block,) = second.batch.blocks
    assert first.refused == second.refused == {RefusalReason.TIME_OUT_OF_RANGE: 1}
    assert block.ts_ms.tolist() == [NOW, NOW + 2000]
    assert [SampleFlag(flag) for flag in block.flags.tolist()] == [SampleFlag.NONE, SampleFlag.REDATED]
    assert bench.ledger() == [row("b1", 3, (2, 2, 0, 0))]


def test_anchor_survives_a_restart(bench: Bench) -> None:
    """What a boot's up-time meant is remembered over a restart of the service."""
    bench.send(bench.telemetry(0, ts=NOW, up_ms=5000))
    bench.restart()

    admitted = bench.send(bench.telemetry(1, ts=0, up_ms=6000))

    assert admitted.batch.blocks[0].ts_ms.tolist() == [NOW + 1000]


@pytest.mark.parametrize(
    ("ts_ms", "is_good"), [(-31 * DAY_MS, True), (-31 * DAY_MS - 1, False), (300_000, True), (300_001, False)]
)
def test_edges_of_the_window(bench: Bench, ts_ms: int, is_good: bool) -> None:
    """The acceptance window is 31 days back and 5 minutes ahead of arrival, both ends included."""
    admitted = bench.send(bench.telemetry(0, ts=NOW + 100 + ts_ms))

    assert (admitted.refused == {}) is is_good


def test_time_of_arrival_stands_in(bench: Bench) -> None:
    """A message without time gets the time of its arrival, flagged."""
    (block,) = bench.send(bench.telemetry(0), bench.telemetry(1)).batch.blocks

    assert block.ts_ms.tolist() == [NOW + 100] * 2
    assert set(block.flags.tolist()) == {int(SampleFlag.ARRIVAL_TIME)}
    assert len(set(block.time_ns().tolist())) == 2


def test_client_without_boot_is_known_by_time(bench: Bench) -> None:
    """(id, ts) identifies a message of a client that counts nothing, also over a restart."""
    bench.send(bench.telemetry(ts=NOW, power=1.0), bench.telemetry(ts=NOW + 1, power=2.0))
    bench.restart()
    again = bench.send(bench.telemetry(ts=NOW, power=1.0), bench.telemetry(ts=NOW + 1, power=3.0))

    assert again.duplicates == 1
    assert again.refused == {RefusalReason.EQUIVOCATION: 1}
    assert bench.ledger() == [row(None, None, (2, 0, None, 1))]


def test_client_without_boot_and_time_is_never_a_duplicate(bench: Bench) -> None:
    """Equal messages without any identity are each stored, a millisecond apart."""
    first = bench.send(*[bench.telemetry()] * 3)
    bench.now -= 100
    second = bench.send(bench.telemetry())

    times = [ts for admitted in (first, second) for ts in admitted.batch.blocks[0].ts_ms.tolist()]
    assert times == [NOW + 100, NOW + 101, NOW + 102, NOW + 103]
    assert bench.ledger() == [row(None, None, (4, 0, None, 0))]
    assert_equal(bench.read_back(0), first.batch)


def test_refused_message_of_a_client_without_boot(bench: Bench) -> None:
    """A client that counts nothing has its refused messages in its one row."""
    bench.send(bench.telemetry(ts=NOW), bench.telemetry(ts=0), (f"{WASHER}/telemetry", {"metrics": {}}))

    assert bench.ledger() == [row(None, None, (1, 2, None, 0))]


def test_events_share_the_counter(bench: Bench) -> None:
    """Telemetry and events of a boot are one sequence."""
    event = {"boot": "b1", "seq": 1, "type": "error_code", "code": "E07", "ts": NOW}
    admitted = bench.send(
        bench.telemetry(0), (f"{WASHER}/event", event), bench.telemetry(2), (f"{WASHER}/event", event)
    )

    assert [(item.code, item.seq, item.ts_ms) for item in admitted.batch.events] == [("E07", 1, NOW)]
    assert bench.ledger() == [row("b1", 2, (3, 0, 0, 1))]


def test_status_and_result_pass_outside_the_ledger(bench: Bench) -> None:
    """Statuses and results carry no identity: each is handed on and none is counted."""
    admitted = bench.send(
        (f"{WASHER}/status", {"state": "online", "ts": NOW, "model": "M"}),
        (f"{WASHER}/status", b""),
        (f"{WASHER}/result", {"id": "c1", "state": "accepted", "ts": NOW}),
        (f"{WASHER}/result", {"id": "c1", "state": "accepted", "ts": 0}),
    )

    assert [(item.state, item.model) for item in admitted.batch.statuses] == [("online", "M"), (None, None)]
    assert [item.command_id for item in admitted.batch.results] == ["c1", "c1"]
    assert bench.ledger() == []


def _acks(bench: Bench, after_ms: int = 0) -> list[dict[str, Any]]:
    bench.now += after_ms
    return [json.loads(said.payload) for said in bench.admission.acks_due(bench.now)]


def test_ack_for_appliances_that_buffer(bench: Bench) -> None:
    """After a birth with `buffer` the appliance hears what is durable, at most every two seconds; others hear nothing."""
    bench.send(bench.telemetry(0))
    silent = _acks(bench)
    bench.send((f"{WASHER}/status", {"state": "online", "capabilities": ["buffer"]}), bench.telemetry(1))
    first = _acks(bench)
    bench.send(bench.telemetry(2))
    too_early = _acks(bench)
    later = _acks(bench, 2000)
    nothing_new = _acks(bench, 2000)
    bench.restart()
    bench.send(bench.telemetry(2))
    repeated = _acks(bench)

    assert silent == too_early == nothing_new == []
    assert first == [{"boot": "b1", "upto": 1}]
    assert later == repeated == [{"boot": "b1", "upto": 2}]


def test_acks_are_spaced_as_it_is_told_now(tmp_path: Path) -> None:
    """Whoever runs it may want fewer acks from some moment on; what waits comes with the next one."""
    spaced = [2_000]
    bench = Bench(tmp_path, ack_every_ms=lambda: spaced[0])
    bench.send((f"{WASHER}/status", {"state": "online", "capabilities": ["buffer"]}), bench.telemetry(0))
    first = _acks(bench)
    spaced[0] = 20_000
    bench.send(bench.telemetry(1))

    assert first == [{"boot": "b1", "upto": 0}]
    assert _acks(bench, 19_000) == []
    assert _acks(bench, 1_000) == [{"boot": "b1", "upto": 1}]


def test_ack_stops_at_a_gap_for_ten_minutes(bench: Bench) -> None:
    """`upto` halts before a missing seq, passes refused ones, and gives the gap up ten minutes later."""
    bench.send((f"{WASHER}/status", {"state": "online", "capabilities": ["buffer"]}))
    bad = (f"{WASHER}/telemetry", b'{"boot": "b1", "seq": 1, "metrics": {}}')
    bench.send(bench.telemetry(0), bad, bench.telemetry(5), bench.telemetry(6))
    before = _acks(bench)
    waiting = [ack for _ in range(9) for ack in _acks(bench, GAP_GIVEN_UP_MS // 10)]
    given_up = _acks(bench, GAP_GIVEN_UP_MS // 10)
    bench.send(bench.telemetry(3))
    late = _acks(bench, 2000)

    assert before == [{"boot": "b1", "upto": 1}]
    assert waiting == []
    assert given_up == late == [{"boot": "b1", "upto": 6}]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_clock_that_is_set_gives_up_no_gap(bench: Bench, *, is_restarted: bool) -> None:
    """When the service's clock jumps an hour ahead, a missing message is waited for as long as without the jump."""
    bench.send((f"{WASHER}/status", {"state": "online", "capabilities": ["buffer"]}))
    bench.send(bench.telemetry(0), bench.telemetry(5))
    before = [] if is_restarted else _acks(bench)
    if is_restarted:
        bench.restart()

    bench.now += 3_600_000
    bench.send(bench.telemetry(6))
    after = _acks(bench)

    assert {ack["upto"] for ack in before + after} == {0}


def test_a_good_time_behind_an_event_is_an_anchor(bench: Bench) -> None:
    """Where a boot's first message is an event, the first sample with a good time still lets later ones be re-dated."""
    bench.send((f"{WASHER}/event", {"boot": "b1", "seq": 0, "type": "cycle_started"}))
    bench.send(bench.telemetry(1, ts=NOW, up_ms=1000))

    admitted = bench.send(bench.telemetry(2, ts=0, up_ms=61_000))

    (block,) = admitted.batch.blocks
    assert block.ts_ms.tolist() == [NOW + 60_000]
    assert block.flags.tolist() == [SampleFlag.REDATED]


def test_old_boot_is_acked_too(bench: Bench) -> None:
    """What an appliance still holds of an earlier boot is acked for that boot."""
    bench.send((f"{WASHER}/status", {"state": "online", "capabilities": ["buffer"]}))
    bench.send(bench.telemetry(0, boot="b1"), bench.telemetry(0, boot="b2"), bench.telemetry(1, boot="b1"))

    acks = _acks(bench) + _acks(bench, 2000)

    assert sorted(acks, key=lambda ack: ack["boot"]) == [{"boot": "b1", "upto": 1}, {"boot": "b2", "upto": 0}]


def test_largest_numbers_pass_through(bench: Bench) -> None:
    """The largest seq, up-time and times that the wire lets through break nothing behind it."""
    top = 2**63 - 2
    admitted = bench.send(
        bench.telemetry(top, ts=NOW, up_ms=top),
        bench.telemetry(top, boot="b2", ts=2**64 - 1),
        bench.telemetry(0, boot="b3", ts=-(2**63)),
        bench.telemetry(0, boot="b4", ts="9999-12-31T23:59:59-23:59"),
        (f"{WASHER}/status", {"state": "sleeping", "ts": -(2**63), "until": 2**64 - 1}),
        (f"{WASHER}/result", {"id": "c", "state": "failed", "ts": 2**64 - 1}),
    )
    bench.send(bench.telemetry(top, ts=NOW, up_ms=top))

    assert bench.ledger()[0] == row("b1", top, (1, 0, top, 1))
    assert len(admitted.batch.blocks[0]) == 1
    assert admitted.batch.blocks[0].time_ns()[0] // 1_000_000 == NOW
    (status,) = admitted.batch.statuses
    assert status.until_ms is not None
    assert from_ms(status.until_ms).year == 9999
    assert from_ms(status.ts_ms).year == 1
    assert admitted.batch.results[0].ts_ms == NOW + 100
