"""Dead letters that are judged again: stored once, accounted for once, and refused anew where nothing was mended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import mqtt5
import pytest

from ingest.admission.admission import Admitted
from ingest.books.registry import Registry
from ingest.books.replays import ReplayAnswer
from ingest.clock import ManualClock
from ingest.feed.feed import AdmittedFeed
from ingest.loops.admit import Admitter
from ingest.loops.commit import Committer, ReceivedBatch
from ingest.loops.replays import GONE, Replays
from ingest.mqtt.frames import take_publishes, unpack
from ingest.wire.columns import BatchDecoder
from ingest.wire.dead_letter import KEPT_BYTES, RefusalReason
from tests.ingest.admission.bench import NOW, WASHER, Bench, row
from tests.ingest.journal.memory_journal import MemoryJournal

DAY_MS = 86_400_000
BIG = (
    f"{WASHER}/telemetry",
    {"boot": "b1", "seq": 0, "samples": [{"metrics": {"power_w": float(n)}} for n in range(200)]},
)
"""More than a letter keeps."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Admission over empty books that registers nobody by itself."""
    made = Bench(tmp_path, is_auto_registering=False)
    yield made
    made.books.close()


def again(bench: Bench, letters: Sequence[int], *messages: tuple[str, object]) -> Admitted:
    """One batch in which dead letters come again, dated as they were."""
    topics = [topic for topic, _ in messages]
    payloads = [json.dumps(body).encode() for _, body in messages]
    bench.position += 1
    return bench.admission.admit(
        bench.position, NOW + 100, topics, payloads, [False] * len(topics), dict(enumerate(letters))
    )


def ask(bench: Bench) -> list[int]:
    """Ask to have all letters judged again."""
    numbers = [letter.number for letter in bench.letters()]
    bench.books.ask_replay(numbers, now_ms=NOW + DAY_MS)
    return numbers


def mend(bench: Bench) -> None:
    """Register the washer, for whose absence its messages were refused."""
    Registry(bench.books).add("w1", "washing_machine", now_ms=NOW)


def test_a_letter_that_is_mended_is_stored_and_moves_in_the_ledger(bench: Bench) -> None:
    """It is good at the time at which it first came, the letter is gone, and its seq is stored and no longer dead-lettered."""
    sent = [bench.telemetry(0), bench.telemetry(1)]
    bench.send(*sent)
    before = bench.ledger()
    mend(bench)

    admitted = again(bench, ask(bench), *sent)

    assert before == [row("b1", 1, (0, 2, 0, 0))]
    (block,) = admitted.batch.blocks
    assert block.seq.tolist() == [0, 1]
    assert block.ts_ms.tolist() == [NOW + 100, NOW + 100]
    assert bench.ledger() == [row("b1", 1, (2, 0, 0, 0))]
    assert bench.letters() == []
    bench.restart()
    bench.send(bench.telemetry(2))
    assert bench.ledger() == [row("b1", 2, (3, 0, 0, 0))]


def test_a_letter_that_came_into_the_journal_twice_counts_once(bench: Bench) -> None:
    """A process may be killed between the journal and the books: what comes again a second time is passed over."""
    bench.send(bench.telemetry(0))
    mend(bench)
    letters = ask(bench)
    again(bench, letters, bench.telemetry(0))

    second = again(bench, letters, bench.telemetry(0))

    assert second.batch.blocks == ()
    assert bench.ledger() == [row("b1", 0, (1, 0, 0, 0))]


def test_what_nobody_asks_for_is_passed_over(bench: Bench) -> None:
    """Without a wish in the books nothing that is marked as a letter gets in."""
    mend(bench)

    admitted = again(bench, [77], bench.telemetry(0))

    assert admitted.batch.blocks == ()
    assert bench.ledger() == []


def test_a_letter_that_is_refused_again_stays_with_its_new_reason(bench: Bench) -> None:
    """It is one letter as before and counted once, without a nack, and can be asked for anew."""
    message = bench.telemetry(0, ts=NOW - 400 * DAY_MS)
    bench.send(message)
    before = bench.books.dead_letter_counts()
    mend(bench)

    admitted = again(bench, ask(bench), message)

    (letter,) = bench.letters()
    assert (letter.reason, letter.replayed_ms, letter.asked_ms) == (RefusalReason.TIME_OUT_OF_RANGE, NOW + DAY_MS, None)
    assert (admitted.nacks, admitted.refused) == ((), {})
    assert bench.books.dead_letter_counts() == before
    assert bench.ledger() == [row("b1", 0, (0, 1, 0, 0))]


def test_a_client_that_counts_nothing_is_accounted_for_as_well(bench: Bench) -> None:
    """Its message moves from dead-lettered to stored, at its time or at that of its first arrival, beside what is stored then."""
    sent = [bench.telemetry(ts=NOW), bench.telemetry(power=7.0), bench.telemetry(power=8.0)]
    bench.send(*sent)
    before = bench.ledger()
    mend(bench)
    bench.send(bench.telemetry(power=9.0))

    admitted = again(bench, ask(bench), *sent)

    assert before == [row(None, None, (0, 3, None, 0))]
    (block,) = admitted.batch.blocks
    assert block.ts_ms.tolist() == [NOW, NOW + 100, NOW + 100]
    assert len(set(zip(block.ts_ms.tolist(), block.index.tolist(), strict=True))) == 3
    assert bench.ledger() == [row(None, None, (4, 0, None, 0))]


def test_a_letter_that_was_sent_again_meanwhile_is_known(bench: Bench) -> None:
    """What the appliance itself repeated is stored already: the letter goes, and nothing is stored twice."""
    bench.send(bench.telemetry(ts=NOW))
    mend(bench)
    bench.send(bench.telemetry(ts=NOW))

    admitted = again(bench, ask(bench), bench.telemetry(ts=NOW))

    assert admitted.batch.blocks == ()
    assert bench.ledger() == [row(None, None, (1, 0, None, 1))]
    assert bench.letters() == []


def test_two_letters_of_one_number_are_not_both_stored(bench: Bench) -> None:
    """The second of them contradicts what is stored now, and stays a letter."""
    first, second = bench.telemetry(0, power=1.0), bench.telemetry(0, power=2.0)
    bench.send(first)
    bench.send(second)
    mend(bench)

    admitted = again(bench, ask(bench), first, second)

    assert [len(block) for block in admitted.batch.blocks] == [1]
    assert bench.ledger() == [row("b1", 0, (1, 0, 0, 0))]
    assert [letter.reason for letter in bench.letters()] == [RefusalReason.EQUIVOCATION]


def test_what_can_not_be_judged_again_says_so(bench: Bench) -> None:
    """A contradiction can't be mended, and nobody asks for a letter that is not there."""
    mend(bench)
    bench.send(bench.telemetry(0))
    bench.send(bench.telemetry(0, power=2.0))
    (letter,) = bench.letters()

    assert bench.books.replay_answer(letter.number) is ReplayAnswer.EQUIVOCATION
    assert bench.books.replay_answer(99) is ReplayAnswer.UNKNOWN
    assert bench.books.replayable(RefusalReason.EQUIVOCATION) == []


class Desk:
    """Journal, committer and admitter over the bench's books, driven by hand."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.journal, self.clock = bench, MemoryJournal(), ManualClock(NOW)
        self.batches: list[object] = []
        self.committer = Committer(
            self.journal, on_durable=lambda _: None, on_appended=lambda *_: None, clock=self.clock, retry_s=0
        )
        self.replays = Replays(self.journal, bench.books, self.committer.submit)
        self.admitter = Admitter(
            self.journal,
            bench.admission,
            after=bench.books.cursor("admit"),
            clock=self.clock,
            on_admitted=lambda _before, batch: self.batches.append(batch),
            answer=lambda _: None,
            replays=self.replays.turn,
        )

    def hear(self, *messages: tuple[str, object]) -> None:
        """Messages come, are made durable and judged."""
        batch = ReceivedBatch(self.clock.now_ms())
        for topic, body in messages:
            run = take_publishes(memoryview(_plain(topic, json.dumps(body).encode())))
            assert run is not None
            batch.take(run)
        self.committer.submit(batch)
        self.go_on()

    def go_on(self) -> None:
        """Everything that waits is committed and judged, for two turns."""
        for _ in range(2):
            self.clock.advance(1000)
            self.committer.run_once(0)
            self.admitter.run_once(0)


def _plain(topic: str, payload: bytes) -> bytes:
    """A frame as an appliance sends it."""
    return mqtt5.PublishPacket(topic, payload).write()


def test_a_letter_goes_through_the_journal_and_is_read_back_the_same(bench: Bench) -> None:
    """From the wish to the readers: a batch of its own at the old time, equal for whoever reads it from the journal later."""
    desk = Desk(bench)
    desk.hear(BIG)
    mend(bench)
    assert len(bench.letters()[0].payload) == KEPT_BYTES
    came_ms = desk.journal.batches[0].received_ms

    ask(bench)
    desk.go_on()
    desk.go_on()

    assert [(batch.count, batch.received_ms) for batch in desk.journal.batches] == [(1, came_ms), (1, came_ms)]
    assert bench.letters() == []
    assert bench.ledger() == [row("b1", 0, (1, 0, 0, 0))]
    feed = AdmittedFeed(desk.journal, bench.books, BatchDecoder)
    read = feed.next(1)
    assert read is not None
    assert read.blocks[0].received_ms == came_ms
    assert read.blocks[0].appliance_ids == ["w1"] * 200


def test_a_letter_of_which_only_the_beginning_is_left_says_so(bench: Bench) -> None:
    """Where the journal has dropped the message, a letter that was cut stays as it is, with the reason."""
    desk = Desk(bench)
    desk.hear(BIG)
    mend(bench)
    desk.journal.batches.clear()

    ask(bench)
    desk.go_on()

    assert [letter.detail for letter in bench.letters()] == [GONE]
    assert bench.ledger() == [row("b1", 0, (0, 1, 0, 0))]


def test_no_client_can_pretend_to_be_a_letter() -> None:
    """A batch of the broker's messages holds no letters, whatever its topics say behind the first one."""
    frames = _plain("fettle/v1/washing_machine/w1/telemetry", b"{}") + _plain("$fettle/replay/1/x", b"{}")

    assert unpack(frames).letters == {}


def test_admission_without_a_mark_judges_as_ever(bench: Bench) -> None:
    """The repetition of a dead-lettered message by its appliance stays a duplicate."""
    bench.send(bench.telemetry(0))
    mend(bench)

    admitted = bench.send(bench.telemetry(0))

    assert (admitted.duplicates, bench.ledger()) == (1, [row("b1", 0, (0, 1, 0, 1))])
