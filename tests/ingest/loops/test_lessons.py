"""What people found out, on its way through the journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ingest.clock import ManualClock
from ingest.feed.feed import AdmittedFeed
from ingest.loops.admit import Admitter
from ingest.loops.commit import Committer
from ingest.loops.lessons import Lessons
from ingest.sample import AdmittedBatch, Lesson
from ingest.wire.columns import BatchDecoder
from ingest.wire.lesson import encode_lesson, lesson_topic
from tests.ingest.admission.bench import NOW, Bench
from tests.ingest.journal.memory_journal import MemoryJournal

LESSON = Lesson(
    "w1", "washing_machine", 4, NOW - 5, "belt_slip", "other_fault", "tub_leak", "confirmed", is_foreseen=False
)
NEXT = Lesson("w2", "washing_machine", 7, NOW, "belt_slip", "confirmed")


class Desk:
    """What the desk has, and what it noted."""

    def __init__(self, *known: Lesson) -> None:
        self.known = known
        self.noted = 0
        self.is_away = False

    def lessons(self, *, after: int, limit: int) -> Sequence[Lesson]:
        """Those behind a number and behind what was noted."""
        return [one for one in self.known if one.number > max(after, self.noted)][:limit]

    def note_lessons(self, upto: int) -> bool:
        """Note, unless it is away."""
        self.noted = self.noted if self.is_away else upto
        return not self.is_away


class Way:
    """Journal, committer and admitter, driven by hand."""

    def __init__(self, bench: Bench, desk: Desk, journal: MemoryJournal) -> None:
        self.bench, self.desk, self.journal, self.clock = bench, desk, journal, ManualClock(NOW)
        self.batches: list[AdmittedBatch] = []
        self.committer = Committer(
            journal, on_durable=lambda _: None, on_appended=lambda *_: None, clock=self.clock, retry_s=0
        )
        self.lessons = Lessons(desk, self.committer.submit)
        self.admitter = Admitter(
            journal, bench.admission, after=bench.books.cursor("admit"), clock=self.clock, on_admitted=self._admitted,
            answer=lambda _: None, replays=self.lessons.turn,
        )  # fmt: skip

    def _admitted(self, before: int, batch: AdmittedBatch) -> None:
        self.batches.append(batch)
        self.lessons.admitted(before, batch)

    def go_on(self, turns: int = 3) -> None:
        """Each part has its turns."""
        for _ in range(turns):
            self.clock.advance(1000)
            self.committer.run_once(0)
            self.admitter.run_once(0)

    def heard(self) -> list[int]:
        """The numbers of the lessons that were admitted."""
        return [lesson.number for batch in self.batches for lesson in batch.lessons]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Books in a folder."""
    made = Bench(tmp_path)
    yield made
    made.books.close()


def test_a_lesson_is_admitted_once_as_it_was_said_and_read_back_the_same(bench: Bench) -> None:
    """From the desk to the readers, in order and once; the appliance is neither registered nor heard, and no ledger moves."""
    way = Way(bench, Desk(LESSON, NEXT), MemoryJournal())

    way.go_on(6)

    assert [lesson for batch in way.batches for lesson in batch.lessons] == [LESSON, NEXT]
    assert way.desk.noted == NEXT.number
    assert bench.books.registered("w1").kind is None
    assert bench.ledger() == []
    assert bench.letters() == []
    read = AdmittedFeed(way.journal, bench.books, BatchDecoder).next(0)
    assert read is not None
    assert read.lessons == (LESSON, NEXT)


def test_what_could_not_be_noted_is_noted_later_and_not_appended_again(bench: Bench) -> None:
    """While the desk's database is away lessons stay noted in memory; after a restart they come again under their numbers."""
    way = Way(bench, Desk(LESSON), MemoryJournal())
    way.desk.is_away = True
    way.go_on(6)
    assert (way.heard(), way.desk.noted) == ([4], 0)

    after = Way(bench, way.desk, way.journal)
    after.go_on()
    after.desk.is_away = False
    after.go_on()

    assert (after.heard(), after.desk.noted) == ([4], 4)


def test_what_is_no_lesson_is_refused_and_kept(bench: Bench) -> None:
    """A payload of another form becomes a dead letter, and says why."""
    admitted = bench.send((lesson_topic(LESSON), b'{"number": 1}'), (lesson_topic(NEXT), encode_lesson(NEXT)))

    assert admitted.batch.lessons == (NEXT,)
    assert [letter.reason.value for letter in bench.letters()] == ["schema"]
