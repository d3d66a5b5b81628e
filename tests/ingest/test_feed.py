"""Admitted batches for readers: the same from memory and from the journal, in order, bounded."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from ingest.admitter import Admitter
from ingest.feed import AdmittedFeed, size_of
from ingest.journal.sqlite import SqliteJournal
from ingest.sample import AdmittedBatch, Result, ResultState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ingest.journal import JournalBatch


@dataclass(frozen=True)
class Verdict:
    """A batch and its answers."""

    batch: AdmittedBatch
    answers: Sequence[tuple[str, bytes]] = ()


@dataclass
class PlainAdmission:
    """Admits everything as one result per batch, and remembers in which order."""

    position: int = 0
    admitted: list[int] = field(default_factory=list)
    decoded: list[int] = field(default_factory=list)
    answers: Sequence[tuple[str, bytes]] = ()
    failure: Exception | None = None

    def admitted_position(self) -> int:
        """The newest position."""
        return self.position

    def admit(self, batch: JournalBatch) -> Verdict:
        """Let everything through."""
        if self.failure is not None:
            raise self.failure
        self.admitted.append(batch.position)
        self.position = batch.position
        return Verdict(_admitted(batch), self.answers)

    def decode(self, batch: JournalBatch) -> AdmittedBatch:
        """The same once more."""
        self.decoded.append(batch.position)
        return _admitted(batch)


def _admitted(batch: JournalBatch) -> AdmittedBatch:
    result = Result("f1", "refrigerator", 1, batch.received_ms, batch.frames.decode(), ResultState.SUCCEEDED)
    return AdmittedBatch(batch.position, batch.received_ms, batch.count, results=(result,))


@dataclass
class Way:
    """Journal → admitter → feed, driven by hand."""

    journal: SqliteJournal
    admission: PlainAdmission
    feed: AdmittedFeed
    admitter: Admitter
    answers: list[tuple[str, bytes]]

    def append(self, *names: str, is_handed: bool = True) -> list[int]:
        """Journal a batch per name; in memory handed to admission or not."""
        positions = []
        for name in names:
            before = self.journal.tip()
            position = self.journal.append([name.encode()], count=1, received_ms=7)
            if is_handed:
                (batch,) = self.journal.read(before, limit_bytes=1)
                self.admitter.offer(before, batch)
            positions.append(position)
        return positions

    def admit(self) -> None:
        """Admit all that is there."""
        while self.journal.tip() > self.admitter.stats.position:
            self.admitter.run_once(0)


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    """An empty journal and what stands behind it."""
    journal = SqliteJournal.open_writer(tmp_path)
    yield _way(journal, PlainAdmission())
    journal.close()


def _way(journal: SqliteJournal, admission: PlainAdmission, memory_bytes: int = 1 << 20) -> Way:
    feed = AdmittedFeed(journal, admission, memory_bytes=memory_bytes)
    answers: list[tuple[str, bytes]] = []
    return Way(
        journal, admission, feed, Admitter(journal, admission, on_admitted=feed.offer, answer=answers.extend), answers
    )


def _all(feed: AdmittedFeed, after: int = 0) -> list[str]:
    """What a reader gets from a position on."""
    names = []
    while (batch := feed.next(after)) is not None:
        assert batch.position > after
        after = batch.position
        names.append(batch.results[0].command_id)
    return names


def test_each_reader_gets_every_batch_in_order(way: Way) -> None:
    """Readers at different cursors get the same batches in the same order, at the tip without decoding again."""
    first, *_ = way.append("a", "b", "c")
    way.admit()

    assert _all(way.feed) == ["a", "b", "c"]
    assert _all(way.feed, first) == ["b", "c"]
    assert way.admission.decoded == []


def test_nothing_is_given_before_it_is_admitted(way: Way) -> None:
    """A batch that is durable but not yet judged is not given to any reader."""
    way.append("a")

    assert way.feed.next(0) is None
    way.admit()
    assert _all(way.feed) == ["a"]


def test_a_reader_behind_is_served_from_the_journal(way: Way) -> None:
    """After a restart, what a former process admitted is decoded again from the journal, then memory takes over."""
    way.append("a", "b")
    way.admit()
    again = _way(way.journal, way.admission)
    again.append("c", "d")
    again.admit()

    assert _all(again.feed) == ["a", "b", "c", "d"]
    assert len(again.admission.decoded) == 2


def test_memory_is_bounded(way: Way) -> None:
    """However much is admitted, the feed holds no more than its bound, and readers still get everything."""
    names = [f"name-{number}" for number in range(50)]
    one = size_of(AdmittedBatch(1, 7, 1, results=(Result("f1", "k", 1, 7, "x", ResultState.SUCCEEDED),)))
    narrow = _way(way.journal, way.admission, memory_bytes=one * 5)
    narrow.append(*names)
    narrow.admit()

    assert _all(narrow.feed) == names
    assert len(narrow.admission.decoded) == 45


def test_another_process_polls(way: Way) -> None:
    """A feed to which nothing is offered reads what the other process has admitted, and no further."""
    reader = AdmittedFeed(way.journal, way.admission, poll_s=0.001)
    way.append("a", "b")
    assert reader.next(0) is None
    way.admit()

    reader.wait(60)

    assert _all(reader) == ["a", "b"]


def test_a_waiting_reader_is_woken(way: Way) -> None:
    """A reader that waits at the tip is woken by the next admitted batch."""
    way.append("a")
    way.admit()
    (position,) = way.append("b")
    woken = threading.Event()

    def wait() -> None:
        while way.feed.next(position - 1) is None:
            way.feed.wait(60)
        woken.set()

    thread = threading.Thread(target=wait)
    thread.start()
    way.admit()
    thread.join(60)

    assert woken.is_set()


def test_admission_catches_up_from_its_cursor(tmp_path: Path) -> None:
    """What is durable but not judged when the process dies is judged after the next start, once and in order."""
    journal = SqliteJournal.open_writer(tmp_path)
    admission = PlainAdmission()
    before = _way(journal, admission)
    before.append("a", "b", "c")
    before.admitter.run_once(0)

    after = _way(journal, admission)
    after.admit()

    assert admission.admitted == [1, 2, 3]
    assert after.admitter.stats.read_back == 2
    assert _all(after.feed) == ["a", "b", "c"]
    journal.close()


def test_what_was_not_handed_over_is_read_back(way: Way) -> None:
    """Batches that did not fit into memory on their way to admission are read from the journal, in order."""
    way.append("a")
    way.append("b", "c", is_handed=False)
    way.append("d")
    way.admit()

    assert way.admission.admitted == [1, 2, 3, 4]
    assert _all(way.feed) == ["a", "b", "c", "d"]


def test_answers_of_admission_go_to_the_courier(way: Way) -> None:
    """Acks and nacks that admission gives with a batch are passed on."""
    way.admission.answers = [("fettle/v1/k/f1/ack", b"{}")]
    way.append("a")
    way.admit()

    assert way.answers == [("fettle/v1/k/f1/ack", b"{}")]


def test_a_failed_admission_is_repeated(way: Way) -> None:
    """Where admission fails nothing is given on and the cursor stays; the same batch comes again."""
    way.append("a")
    way.admission.failure = OSError("disk")
    with pytest.raises(OSError, match="disk"):
        way.admitter.run_once(0)
    assert way.feed.next(0) is None

    way.admission.failure = None
    way.admit()

    assert _all(way.feed) == ["a"]


def test_a_stop_ends_the_wait(way: Way) -> None:
    """A stopped admitter returns at once and asks to be driven no further."""
    way.admitter.stop()

    assert way.admitter.run_once(60) is False
