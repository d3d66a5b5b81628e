"""Event time: the same findings for any order of arrival within the watermark; behind it, late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.finding import Finding
from detectors.loop.reorder import Reorder
from detectors.loop.runner import Runner
from detectors.pipeline import Pipeline
from detectors.state import checkpoint
from ingest.sample import AdmittedBatch, Event, EventType, Passed, SampleBlock, SampleFlag
from tests.detectors.made_fleet import FRIDGE, PROFILES, START_MS, ListFeed, fridge
from tests.detectors.memory_sink import MemorySink
from tests.examples import tries

STEP_MS = 10_000
COUNT = 480
KIND = "refrigerator"
FRESH_FOOD, DOOR = FRIDGE.index("fresh_food_c"), FRIDGE.index("door_open")


@dataclass(frozen=True)
class Sent:
    """One message of one appliance, as the service gets it at ``arrival_ms``."""

    appliance_id: str
    ts_ms: int
    seq: int | None
    values: tuple[float, ...] | None = None
    code: str | None = None
    arrival_ms: int = 0
    boot: str = "b00t"


def story(*, is_counted: bool, seed: int = 3) -> list[Sent]:
    """Two refrigerators for an hour and a half: one door stays open, the other's sensor breaks and it sends error codes."""
    rng = np.random.default_rng(seed)
    usual = np.nan_to_num(fridge(1, days=1)[1][0])
    sent = []
    for name in ("A", "B"):
        seq = 0
        for number in range(COUNT):
            ts = START_MS + 43_200_000 - COUNT * STEP_MS // 2 + number * STEP_MS
            values = usual + rng.normal(0, 0.2, len(FRIDGE))
            values[DOOR] = name == "A" and number > 60
            if name == "B" and 100 < number < 120:
                values[FRESH_FOOD] = 500.0
            sent.append(Sent(name, ts, seq if is_counted else None, tuple(values.tolist())))
            seq += 1
            if name == "B" and number % 150 in ((145, 147, 149) if is_counted else (149,)):
                sent.append(Sent(name, ts + 1, seq if is_counted else None, code="E99"))
                seq += 1
    return sent


def arrive(sent: Sequence[Sent], delays_ms: Sequence[int], *, cut: int) -> list[AdmittedBatch]:
    """The messages in the order of their arrival, ``cut`` to a batch."""
    late = [replace(one, arrival_ms=one.ts_ms + delay) for one, delay in zip(sent, delays_ms, strict=True)]
    late.sort(key=lambda one: one.arrival_ms)
    pieces = [late[start : start + cut] for start in range(0, len(late), cut)]
    return [batch_of(position, piece) for position, piece in enumerate(pieces, start=1)]


def batch_of(position: int, piece: Sequence[Sent]) -> AdmittedBatch:
    """One journal batch."""
    samples = [one for one in piece if one.values is not None]
    received = max(one.arrival_ms for one in piece)
    events = tuple(
        Event(one.appliance_id, KIND, one.ts_ms, received, EventType.ERROR_CODE, one.code,
              boot=None if one.seq is None else one.boot, seq=one.seq)
        for one in piece if one.code is not None
    )  # fmt: skip
    blocks = (block_of(samples, received),) if samples else ()
    return AdmittedBatch(position, received, len(piece), blocks, events)


def block_of(samples: Sequence[Sent], received_ms: int) -> SampleBlock:
    """Samples as admission hands them on."""
    count = len(samples)
    return SampleBlock(
        KIND,
        FRIDGE,
        [one.appliance_id for one in samples],
        np.array([one.ts_ms for one in samples], np.int64),
        np.array([one.values for one in samples], float),
        ["cooling"] * count,
        [None] * count,
        np.array([-1 if one.seq is None else one.seq for one in samples], np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.uint8),
        received_ms,
        boots=[None if one.seq is None else one.boot for one in samples],
    )


def last_words(position: int, after_ms: int) -> AdmittedBatch:
    """A batch of nobody's, so late that all that waits has waited long enough."""
    return AdmittedBatch(position, after_ms + 200_000, 0)


def findings_of(batches: Sequence[AdmittedBatch], *, is_ordered: bool = True) -> list[Finding]:
    """What the detect path says, in the order of event time."""
    batches = [*batches, last_words(batches[-1].position + 1, batches[-1].received_ms)]
    if is_ordered:
        sink = MemorySink()
        runner = Runner(ListFeed(batches), sink, Pipeline(PROFILES))
        runner.start()
        while runner.run_once():
            pass
        runner.commit()
        assert runner.order.held_samples == 0
        found = sink.findings
    else:
        pipeline = Pipeline(PROFILES)
        found = [finding for batch in batches for finding in pipeline.fold(batch).findings]
    return sorted(found, key=lambda one: (one.appliance_id, one.raised_ms, one.fault_mode, one.cleared_ms or 0))


@cache
def in_order(*, is_counted: bool) -> list[Finding]:
    """What is said of the story where everything arrives at once."""
    sent = story(is_counted=is_counted)
    return findings_of(arrive(sent, [0] * len(sent), cut=50))


def test_the_story_has_something_to_tell() -> None:
    """The made-up hour raises a rule, a fault of the data and an error code, counted or not."""
    channels = {finding.channel.value for finding in in_order(is_counted=True)}

    assert channels == {"rule", "data", "error_code"}
    assert {finding.channel.value for finding in in_order(is_counted=False)} == channels


@settings(max_examples=tries(10, quick=3))
@given(seed=st.integers(0, 10**6), cut=st.integers(1, 700), is_counted=st.booleans())
def test_any_order_of_arrival_within_the_watermark_leads_to_the_same_findings(
    seed: int, cut: int, *, is_counted: bool
) -> None:
    """Each message up to 60 s late, in batches of any size: the findings are equal, with their times, scores and evidence."""
    sent = story(is_counted=is_counted)
    delays = np.random.default_rng(seed).integers(0, 60_000, len(sent)).tolist()

    found = findings_of(arrive(sent, delays, cut=max(cut, 20)))

    assert found == in_order(is_counted=is_counted)


def test_without_the_order_arrival_decides() -> None:
    """Negative control: the same shuffled messages straight into the pipeline lead to other findings."""
    sent = story(is_counted=True)
    shuffled = [np.random.default_rng(seed).integers(0, 60_000, len(sent)).tolist() for seed in range(3, 6)]

    found = [findings_of(arrive(sent, delays, cut=20), is_ordered=False) for delays in shuffled]

    assert sum(one != in_order(is_counted=True) for one in found) >= 2


def take_all(reorder: Reorder, sent: Sequence[Sent], *, first: int = 1) -> list[tuple[str, int, bool]]:
    """One batch per message; (id, seq, whether late) of what goes on, in order."""
    told = []
    for position, one in enumerate(sent, start=first):
        batch = reorder.take(batch_of(position, [one]))
        for block in batch.blocks:
            late = (block.flags & SampleFlag.LATE) > 0
            told += list(zip(block.appliance_ids, block.seq.tolist(), late.tolist(), strict=True))
    return told


def plain(seq: int, *, ts_ms: int | None = None, arrival_ms: int | None = None, boot: str = "b00t") -> Sent:
    """A sample a minute, at once."""
    ts_ms = START_MS + seq * 60_000 if ts_ms is None else ts_ms
    return Sent(
        "A", ts_ms, seq, (4.0,) * len(FRIDGE), arrival_ms=ts_ms if arrival_ms is None else arrival_ms, boot=boot
    )


def test_the_next_of_its_boot_goes_on_at_once() -> None:
    """A message that nothing can precede does not wait."""
    reorder = Reorder()

    assert take_all(reorder, [plain(0), plain(1), plain(2)]) == [("A", 0, False), ("A", 1, False), ("A", 2, False)]
    assert reorder.stats.held_samples == 0


def test_a_missing_message_is_awaited_for_a_minute() -> None:
    """What comes behind a gap waits for it, goes on in order when it is filled, and alone after 60 s."""
    at = START_MS + 600_000
    close = [plain(seq, ts_ms=at + seq * 1_000) for seq in range(8)]
    reorder = Reorder()

    assert take_all(reorder, [close[0], close[2], close[3]]) == [("A", 0, False)]
    assert reorder.stats.held_samples == 2
    assert take_all(reorder, [close[1]]) == [("A", 1, False), ("A", 2, False), ("A", 3, False)]
    assert take_all(reorder, [close[5]]) == []
    again = reorder.take(AdmittedBatch(9, close[5].arrival_ms + 60_000, 0))
    assert again.blocks[0].seq.tolist() == [5]
    assert take_all(reorder, [close[6]]) == [("A", 6, False)]


def test_behind_the_watermark_a_sample_is_late() -> None:
    """A sample that comes when later ones were handed on long ago is flagged, counted, and changes nothing."""
    reorder = Reorder()
    sent = [plain(0), plain(2), plain(3), plain(4), replace(plain(1), arrival_ms=START_MS + 400_000)]

    assert take_all(reorder, sent) == [
        ("A", 0, False), ("A", 2, False), ("A", 3, False), ("A", 4, False), ("A", 1, True)
    ]  # fmt: skip
    assert reorder.stats.late_samples == 1


def test_a_buffered_burst_in_its_own_order_is_not_late() -> None:
    """Hours of messages kept while the line was down are scored, also where the newest one overtook them."""
    reorder = Reorder()
    back = START_MS + 7_200_000
    burst = [plain(seq, arrival_ms=back + 1_000 + seq) for seq in range(1, 119)]

    told = take_all(reorder, [plain(0), plain(119, arrival_ms=back), *burst, plain(120, arrival_ms=back + 5_000)])

    assert [seq for _, seq, _ in told] == list(range(121))
    assert not any(late for _, _, late in told)
    assert reorder.stats.late_samples == 0


def test_a_burst_opens_findings_dated_by_event_time() -> None:
    """A fault that happened while the line was down is found from the burst, dated when it happened."""
    sent = story(is_counted=True)
    back = sent[-1].ts_ms + 7_200_000
    burst = [replace(one, arrival_ms=back + number) for number, one in enumerate(sent)]
    pieces = [burst[start : start + 100] for start in range(0, len(burst), 100)]

    found = findings_of([batch_of(position, piece) for position, piece in enumerate(pieces, start=1)])

    assert found == in_order(is_counted=True)
    assert all(finding.raised_ms < back for finding in found)


def test_what_waits_is_bounded() -> None:
    """512 samples of one appliance wait at most; beyond the total bound an appliance's own wait ends."""
    at = START_MS + 600_000
    behind = [plain(2 * number, ts_ms=at + number) for number in range(1, 560)]
    one, many = Reorder(), Reorder(held_max=100)

    take_all(one, behind)
    take_all(many, behind)

    assert one.stats.held_samples == 512
    assert many.stats.held_samples <= 101


def test_a_refused_message_is_not_awaited() -> None:
    """The number of a dead-lettered message is taken: what comes behind it does not wait."""
    reorder = Reorder()
    take_all(reorder, [plain(0)])

    reorder.take(AdmittedBatch(2, START_MS + 60_000, 1, passed=(Passed("A", "b00t", 1),)))

    assert take_all(reorder, [plain(2)], first=3) == [("A", 2, False)]


def test_the_tail_of_the_boot_before_is_awaited() -> None:
    """A new boot waits for what may still come of the old one, and nothing is late."""
    at = START_MS + 600_000
    reorder = Reorder()

    told = take_all(
        reorder,
        [
            plain(0, ts_ms=at),
            plain(0, ts_ms=at + 20_000, boot="new"),
            plain(1, ts_ms=at + 10_000, arrival_ms=at + 21_000),
            plain(1, ts_ms=at + 90_000, boot="new"),
            plain(2, ts_ms=at + 91_000, boot="new"),
        ],
    )

    assert told == [("A", seq, False) for seq in (0, 1, 0, 1, 2)]


def test_numbers_that_disagree_with_the_times_make_way_for_them() -> None:
    """A client that counts as it sends, not as it measures, is ordered by its times after its first late sample."""
    at = START_MS + 600_000
    reorder = Reorder()
    times = [0, 30_000, 20_000, 50_000, 40_000, 200_000, 300_000]

    told = take_all(reorder, [plain(seq, ts_ms=at + ms, arrival_ms=at + seq) for seq, ms in enumerate(times)])

    assert told == [("A", 0, False), ("A", 1, False), ("A", 2, True), ("A", 4, False), ("A", 3, False), ("A", 5, False)]


@pytest.mark.parametrize("stop_at", [3, 11, 17])
def test_what_waits_survives_a_restart(stop_at: int) -> None:
    """Stopped at any batch and started from the checkpoint, the findings are those of a run without a stop."""
    sent = story(is_counted=True)
    batches = arrive(sent, np.random.default_rng(5).integers(0, 60_000, len(sent)).tolist(), cut=50)
    batches.append(last_words(batches[-1].position + 1, batches[-1].received_ms))
    sink = MemorySink()
    first = Runner(ListFeed(batches), sink, Pipeline(PROFILES))
    first.start()
    while first.position < stop_at:
        first.run_once()
    first.commit()
    assert first.order.held_samples > 0

    second = Runner(ListFeed(batches), sink, Pipeline(PROFILES))
    second.start()
    while second.run_once():
        pass

    found = sorted(
        sink.findings, key=lambda one: (one.appliance_id, one.raised_ms, one.fault_mode, one.cleared_ms or 0)
    )
    assert found == in_order(is_counted=True)


def test_a_row_of_an_older_version_is_taken_over() -> None:
    """A checkpoint from before lines were kept gives its rows, and the order begins anew."""
    assert checkpoint.without_line(b"\x01row") == (b"\x01row", b"")
    assert checkpoint.without_line(checkpoint.with_line(b"\x01row", b"line")) == (b"\x01row", b"line")
    assert checkpoint.without_line(checkpoint.with_line(b"", b"line")) == (b"", b"line")


def test_an_event_stands_between_the_samples_around_it() -> None:
    """Wherever a batch is cut: the samples before a change of a part teach the old baseline, those behind it the new one."""
    sent = [plain(seq, ts_ms=START_MS + seq * 1_800_000) for seq in range(48 * 4)]
    change = Event("A", KIND, START_MS + 48 * 2 * 1_800_000 + 1, START_MS, EventType.PART_REPLACED)
    whole, cut = Pipeline(PROFILES), Pipeline(PROFILES)

    whole.fold(AdmittedBatch(1, START_MS, 1, (block_of(sent, START_MS),), (change,)))
    cut.fold(AdmittedBatch(1, START_MS, 1, (block_of(sent[: 48 * 2 + 1], START_MS),)))
    cut.fold(AdmittedBatch(2, START_MS, 1, (), (change,)))
    cut.fold(AdmittedBatch(3, START_MS, 1, (block_of(sent[48 * 2 + 1 :], START_MS),)))

    assert whole.packed_changes() == cut.packed_changes()


def test_what_is_in_order_goes_through_untouched() -> None:
    """Samples with their events and refused numbers between them, in order from the first on: the block itself goes on."""
    reorder = Reorder()
    sent = [plain(seq) for seq in (0, 2, 3, 5)]
    event = Event("A", KIND, sent[0].ts_ms + 1, START_MS, EventType.CYCLE_STARTED, boot="b00t", seq=1)
    batch = AdmittedBatch(1, START_MS, 6, (block_of(sent, START_MS),), (event,), passed=(Passed("A", "b00t", 4),))

    taken = reorder.take(batch)

    assert taken.blocks[0] is batch.blocks[0]
    assert taken.events == (event,)
    assert take_all(reorder, [plain(6)], first=2) == [("A", 6, False)]
    assert reorder.stats.held_samples == 0
