"""Admitted batches for readers: the same from memory and from the journal, in order, bounded."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mqtt5
import pytest

from ingest.admission.admission import Admission
from ingest.books.books import Books, BooksBusy
from ingest.clock import ManualClock
from ingest.feed.feed import STANDING_STILL_S, AdmittedFeed, size_of
from ingest.journal import JournalBatch, JournalError
from ingest.journal.sqlite import SqliteJournal
from ingest.loops.admit import Admitter
from ingest.sample import AdmittedBatch, Result, ResultState
from ingest.wire.columns import BatchDecoder, Decoded
from ingest.wire.dead_letter import RefusalReason
from ingest.wire.meaning import Meanings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


TOPIC = "fettle/v1/refrigerator/f1/result"


def _frame(name: str) -> bytes:
    payload = b'{"id": "%b", "state": "succeeded", "ts": 1790000000000}' % name.encode()
    return mqtt5.PublishPacket(TOPIC, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1).write()


@dataclass
class Way:
    """Journal → admitter → feed, driven by hand."""

    journal: SqliteJournal
    books: Books
    feed: AdmittedFeed
    admitter: Admitter
    answers: list[tuple[str, bytes]]
    again: CountingDecoder

    def append(self, *names: str, is_handed: bool = True) -> list[int]:
        """Journal a batch per name; in memory handed to admission or not."""
        positions = []
        for name in names:
            before = self.journal.tip()
            position = self.journal.append([_frame(name)], count=1, received_ms=1_790_000_000_000)
            if is_handed:
                (batch,) = self.journal.read(before, limit_bytes=1)
                self.admitter.offer(before, batch)
            positions.append(position)
        return positions

    def admit(self) -> None:
        """Admit all that is there."""
        while self.journal.tip() > self.admitter.stats.position:
            self.admitter.run_once(0)

    def restarted(self, memory_bytes: int = 1 << 20, monotonic: Callable[[], float] = time.monotonic) -> Way:
        """The same journal and books after a restart."""
        return _way(self.journal, self.books, memory_bytes, monotonic)


class CountingDecoder(BatchDecoder):
    """Counts what is decoded again."""

    batches = 0

    def decode(
        self, topics: Sequence[str | bytes], payloads: Sequence[bytes], meanings: Meanings | None = None
    ) -> Decoded:
        """Decode and count."""
        self.batches += 1
        return super().decode(topics, payloads, meanings)


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    """An empty journal and what stands behind it."""
    journal = SqliteJournal.open_writer(tmp_path / "journal")
    books = Books.open(tmp_path / "books.db")
    yield _way(journal, books)
    books.close()
    journal.close()


def _way(
    journal: SqliteJournal,
    books: Books,
    memory_bytes: int = 1 << 20,
    monotonic: Callable[[], float] = time.monotonic,
) -> Way:
    again = CountingDecoder()
    feed = AdmittedFeed(journal, books, lambda: again, memory_bytes=memory_bytes, monotonic=monotonic)
    answers: list[tuple[str, bytes]] = []
    admitter = Admitter(
        journal,
        Admission(books, BatchDecoder()),
        after=books.cursor("admit"),
        clock=ManualClock(1_790_000_000_000),
        on_admitted=feed.offer,
        answer=answers.extend,
    )
    return Way(journal, books, feed, admitter, answers, again)


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
    assert way.again.batches == 0


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
    again = way.restarted()
    again.append("c", "d")
    again.admit()

    assert _all(again.feed) == ["a", "b", "c", "d"]
    assert again.again.batches == 2


def test_memory_is_bounded(way: Way) -> None:
    """However much is admitted, the feed holds no more than its bound, and readers still get everything."""
    names = [f"name-{number}" for number in range(50)]
    one = size_of(AdmittedBatch(1, 7, 1, results=(Result("f1", "k", 1, 7, "x", ResultState.SUCCEEDED),)))
    narrow = way.restarted(memory_bytes=one * 5)
    narrow.append(*names)
    narrow.admit()

    assert _all(narrow.feed) == names
    assert narrow.again.batches == 45


def test_what_all_readers_have_passed_is_let_go(way: Way) -> None:
    """Memory keeps a batch for the slowest reader that is on the move, and not for one that stands still."""
    now_s = [0.0]
    way = way.restarted(monotonic=lambda: now_s[0])

    def held() -> int:
        return len(way.feed._held)

    (first, second) = way.append("a", "b")
    way.admit()
    assert held() == 2  # nobody has read yet: whoever starts next finds all

    slow = threading.Thread(target=lambda: way.feed.next(first))
    slow.start()
    slow.join()
    assert _all(way.feed) == ["a", "b"]
    way.append("c")
    way.admit()
    assert held() == 2  # b and c

    now_s[0] += STANDING_STILL_S + 1
    assert _all(way.feed, second) == ["c"]
    way.append("d")
    way.admit()
    assert held() == 1
    assert way.again.batches == 0
    assert _all(way.feed, first) == ["b", "c", "d"]
    assert way.again.batches == 2


def test_another_process_polls(way: Way) -> None:
    """A feed to which nothing is offered reads what the other process has admitted, and no further."""
    reader = AdmittedFeed(way.journal, way.books, BatchDecoder, poll_s=0.001)
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


def test_admission_catches_up_from_its_cursor(way: Way) -> None:
    """What is durable but not judged when the process dies is judged after the next start, once and in order."""
    way.append("a", "b", "c")
    way.admitter.run_once(0)

    after = way.restarted()
    after.admit()

    assert after.admitter.stats.read_back == after.admitter.stats.messages == 2
    assert _all(after.feed) == ["a", "b", "c"]


def test_what_was_not_handed_over_is_read_back(way: Way) -> None:
    """Batches that did not fit into memory on their way to admission are read from the journal, in order."""
    way.append("a")
    way.append("b", "c", is_handed=False)
    way.append("d")
    way.admit()

    assert way.admitter.stats.messages == 4
    assert _all(way.feed) == ["a", "b", "c", "d"]


def test_nacks_go_to_the_courier(way: Way) -> None:
    """A refused message is answered to the appliance, and counted under its reason."""
    way.journal.append([mqtt5.PublishPacket(TOPIC, b"garbage").write()], count=1, received_ms=7)
    way.admit()

    ((topic, payload),) = way.answers
    assert topic == "fettle/v1/refrigerator/f1/nack"
    assert b"not_json" in payload
    assert way.admitter.stats.refused == {RefusalReason.NOT_JSON: 1}
    assert way.feed.next(0) is not None


def test_books_that_cannot_be_written_are_tried_again(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the books fail nothing is given on, the reason is told and the cursor stays; the same batch comes again."""
    monkeypatch.setattr("ingest.loops.admit.RETRY_S", 0.0)
    way.append("a")
    way.books.connection.execute("PRAGMA query_only = ON")
    way.admitter.run_once(0)
    assert way.feed.next(0) is None
    assert way.admitter.stats.sentence is not None

    way.books.connection.execute("PRAGMA query_only = OFF")
    way.admit()

    assert _all(way.feed) == ["a"]
    assert way.admitter.stats.sentence is None


def test_an_unreadable_batch_does_not_stop_admission(way: Way) -> None:
    """A journal batch that holds no MQTT is passed over, and what is behind it is admitted."""
    way.journal.append([b"\x00garbage"], count=1, received_ms=7)
    way.append("b")
    way.admit()

    assert _all(way.feed, 1) == ["b"]


def test_a_stop_ends_the_wait(way: Way) -> None:
    """A stopped admitter returns at once and asks to be driven no further."""
    way.admitter.stop()

    assert way.admitter.run_once(60) is False


class AwayJournal(SqliteJournal):
    """A journal that lives elsewhere, and can't be reached now and then."""

    is_away = False

    def tip(self) -> int:
        """The newest position, if it can be asked."""
        self._ask()
        return super().tip()

    def read(self, after: int, *, limit_bytes: int) -> list[JournalBatch]:
        """Batches, if they can be read."""
        self._ask()
        return super().read(after, limit_bytes=limit_bytes)

    def _ask(self) -> None:
        if self.is_away:
            raise JournalError("the journal can't be reached")


def test_a_journal_that_is_away_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Admission and readers say why they wait, end when asked to, and go on where they were when the journal is back."""
    monkeypatch.setattr("ingest.loops.admit.RETRY_S", 0.0)
    journal, books = AwayJournal.open_writer(tmp_path), Books.open(tmp_path / "books.db")
    way = _way(journal, books, 1 << 20)
    way.append("c1", "c2", is_handed=False)
    journal.is_away = True

    goes_on = way.admitter.run_once(0)
    nothing = way.restarted().feed
    assert nothing.next(0) is None

    assert goes_on
    assert way.admitter.stats.position == 0
    assert way.admitter.stats.journal_sentence == nothing.trouble == "the journal can't be reached"

    journal.is_away = False
    way.admit()
    first = nothing.next(0)
    assert first is not None
    assert first.results[0].command_id == "c1"
    assert way.admitter.stats.journal_sentence is None
    assert nothing.trouble is None
    books.close()
    journal.close()


def test_books_that_are_held_by_another_program_are_waited_for(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader whose books are locked gets nothing for now and a sentence why, and goes on when they are free again."""
    way.append("a", is_handed=False)
    way.admit()
    behind = way.restarted()
    ask = way.books.judgement

    def locked(_position: int) -> None:
        raise BooksBusy("the books can't be read: database is locked")

    monkeypatch.setattr(behind.books, "judgement", locked)
    assert behind.feed.next(0) is None
    assert behind.feed.trouble == "the books can't be read: database is locked"

    monkeypatch.setattr(behind.books, "judgement", ask)
    batch = behind.feed.next(0)
    assert batch is not None
    assert behind.feed.trouble is None
