"""The writer: gathers, writes, moves the cursor, waits while the store is away, and never loses or doubles a sample."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from ingest.books.books import Books, BooksBusy
from ingest.books.dead_letters import list_dead_letters
from ingest.clock import ManualClock
from ingest.feed.unstorable import keep_unstorable
from ingest.loops.store import DAY_MS, RefusedSample, StoreWriter, WriterOptions
from ingest.sample import AdmittedBatch
from ingest.store import StoreUnavailable
from ingest.store.embedded import EmbeddedStore
from tests.contract.store_suite import FOREVER, T0, make_block

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ingest.sample import SampleBlock


@dataclass
class ListFeed:
    """A feed out of a list."""

    batches: list[AdmittedBatch] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    stop: threading.Event | None = None

    def next(self, after: int) -> AdmittedBatch | None:
        """The batch behind ``after``."""
        return next((batch for batch in self.batches if batch.position > after), None)

    def wait(self, timeout_s: float) -> None:
        """Nothing ever comes: note the wait, and end the loop."""
        self.waited.append(timeout_s)
        if self.stop is not None:
            self.stop.set()


@dataclass
class PlainBooks:
    """Cursors in a dictionary."""

    cursors: dict[str, int] = field(default_factory=dict)

    def cursor(self, name: str) -> int:
        """How far a reader has read."""
        return self.cursors.get(name, 0)

    def save_cursor(self, name: str, position: int) -> None:
        """Keep a position."""
        self.cursors[name] = position


class MoodyStore(EmbeddedStore):
    """An embedded store that is away as often as it is told, before or after it has stored."""

    troubles: list[tuple[str, StoreUnavailable]]
    pruned: list[int]

    def write(self, blocks: Sequence[SampleBlock]) -> None:
        """Store, or be away."""
        when, error = self.troubles.pop(0) if self.troubles else ("never", None)
        if when == "before" and error:
            raise error
        super().write(blocks)
        if error:
            raise error

    def prune(self, before_ms: int) -> None:
        """Note what was asked."""
        self.pruned.append(before_ms)
        super().prune(before_ms)


@dataclass
class Workshop:
    """A writer with everything around it."""

    store: MoodyStore
    feed: ListFeed = field(default_factory=ListFeed)
    books: PlainBooks = field(default_factory=PlainBooks)
    refused: list[RefusedSample] = field(default_factory=list)
    clock: ManualClock = field(default_factory=lambda: ManualClock(T0))
    seconds: float = 0.0

    def writer(self, **options: float) -> StoreWriter:
        """A writer that begins where the books say."""
        return StoreWriter(
            self.feed,
            self.store,
            self.books,
            refuse=self.refused.extend,
            clock=self.clock,
            chance=random.Random(1),
            options=WriterOptions(**options),  # type: ignore[arg-type]  # the test's numbers are the right ones
            monotonic=lambda: self.seconds,
        )

    def admit(self, position: int, *blocks: SampleBlock) -> None:
        """Let one batch in."""
        self.feed.batches.append(AdmittedBatch(position, T0, sum(map(len, blocks)), blocks))

    def run_until_idle(self, writer: StoreWriter) -> list[float]:
        """Run, passing over every wait, until nothing is left; returns the waits."""
        waits = []
        while self.books.cursor("store") < self.feed.batches[-1].position:
            waits.append(writer.run_once())
            self.seconds += waits[-1]
        return waits


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    """A workshop with an empty store."""
    store = MoodyStore.open(tmp_path / "telemetry.db")
    assert isinstance(store, MoodyStore)
    store.troubles, store.pruned = [], []
    yield Workshop(store)
    store.close()


def some(appliance_id: str, *, first: int, count: int) -> SampleBlock:
    """A block of ``count`` samples."""
    rows = [(appliance_id, T0 + first + ms, {"power_w": float(ms), "door_open": 0.0}) for ms in range(count)]
    return make_block(rows, seq=first)


def test_writes_and_moves_the_cursor(shop: Workshop) -> None:
    """What was admitted is in the store, then the cursor stands behind it; batches without samples only move the cursor."""
    shop.admit(3, some("a1", first=0, count=4), some("a2", first=0, count=2))
    shop.admit(4)
    writer = shop.writer()

    shop.run_until_idle(writer)

    assert shop.store.count_readings("refrigerator") == 12
    assert shop.books.cursors == {"store": 4}
    assert (writer.stats.samples_stored, writer.stats.readings_stored, writer.stats.writes) == (6, 12, 1)
    assert writer.stats.position == 4


def test_lingers_for_small_writes_only(shop: Workshop) -> None:
    """Few samples wait for the linger time, enough of them are written at once."""
    writer = shop.writer(samples=10, linger_s=0.03)
    shop.admit(1, some("a1", first=0, count=9))

    assert writer.run_once() == pytest.approx(0.03)
    assert shop.store.count_readings("refrigerator") == 0
    shop.admit(2, some("a1", first=9, count=1))
    assert writer.run_once() == 0.0

    assert shop.store.count_readings("refrigerator") == 20
    assert writer.stats.writes == 1


def test_does_not_linger_where_it_reads_ahead(shop: Workshop) -> None:
    """Where what comes next is read during a write, few samples are written at once."""
    writer = shop.writer(samples=10, linger_s=0.03, reads_ahead=True)
    shop.admit(1, some("a1", first=0, count=1))

    assert writer.run_once() == 0.0

    assert shop.store.count_readings("refrigerator") == 2


@pytest.mark.parametrize(("kind", "longest_s"), [("busy", 60.0), ("down", 5.0)])
def test_waits_while_the_store_is_away(shop: Workshop, kind: str, longest_s: float) -> None:
    """An unavailable store holds the cursor; waits are random within a growing bound, and nothing is lost or doubled.

    Where nobody answers at all, the bound is small: a backlog is drained soon after the store is back.
    """
    away = StoreUnavailable("it sleeps", kind=kind)
    shop.store.troubles = [("before", away)] * 9 + [("after", away)]
    shop.admit(1, some("a1", first=0, count=4))
    writer = shop.writer(linger_s=0.0)

    waits = shop.run_until_idle(writer)

    bounds = [min(longest_s, 2.0**attempt) for attempt in range(10)]
    assert len(waits) == 11
    assert all(0 <= wait <= bound for wait, bound in zip(waits, bounds, strict=False))
    assert max(waits) > longest_s / 6
    assert writer.stats.errors == {kind: 10}
    assert writer.stats.trouble is None
    assert shop.store.count_readings("refrigerator") == 8


def test_says_why_it_waits(shop: Workshop) -> None:
    """While the store is away, the stats say so in the store's words and since when; batches are gathered no further."""
    shop.store.troubles = [("before", StoreUnavailable("it sleeps", kind="down", retry_after_s=100.0))]
    shop.admit(1, some("a1", first=0, count=4))
    writer = shop.writer(samples=1)

    wait_s = writer.run_once()

    assert wait_s == 100.0
    assert (writer.stats.trouble, writer.stats.trouble_since_ms) == ("it sleeps", T0)
    assert shop.books.cursors == {}
    assert writer.run_once() == 100.0


@dataclass
class BusyBooks(PlainBooks):
    """Books that another process holds at first."""

    busy: int = 2

    def save_cursor(self, name: str, position: int) -> None:
        """Be busy, then keep a position."""
        if self.busy:
            self.busy -= 1
            raise BooksBusy("the books can't be written: database is locked")
        super().save_cursor(name, position)


def test_busy_books_are_tried_again(shop: Workshop) -> None:
    """While another process holds the books the writer says so and waits; then nothing is lost or doubled."""
    shop.books = BusyBooks()
    shop.admit(1, some("a1", first=0, count=3))
    writer = shop.writer()

    shop.seconds += writer.run_once()
    shop.seconds += writer.run_once()
    trouble = writer.stats.trouble
    shop.run_until_idle(writer)

    assert trouble == "the books can't be written: database is locked"
    assert writer.stats.errors == {"books": 2}
    assert (writer.stats.trouble, shop.books.cursors, writer.stats.samples_stored) == (None, {"store": 1}, 3)
    assert shop.store.count_readings("refrigerator") == 6


def test_a_crash_repeats_a_write_and_changes_nothing(shop: Workshop) -> None:
    """A writer that died between store and cursor writes again, and every sample is there once."""
    shop.admit(1, some("a1", first=0, count=4))
    shop.store.write(shop.feed.batches[0].blocks)

    shop.run_until_idle(shop.writer())

    assert shop.store.count_readings("refrigerator") == 8


def test_goes_on_behind_the_books_cursor(shop: Workshop) -> None:
    """A new writer begins behind the cursor that the books hold."""
    shop.admit(1, some("a1", first=0, count=4))
    shop.admit(2, some("a1", first=4, count=4))
    shop.books.save_cursor("store", 1)

    shop.run_until_idle(shop.writer())

    assert shop.store.read("refrigerator", "a1", None, **FOREVER).ts_ms.tolist() == [T0 + ms for ms in range(4, 8)]


def test_a_sample_that_no_store_takes_is_handed_over(shop: Workshop) -> None:
    """A refused sample is handed over with its reason before the cursor moves, and all others are stored."""
    bad = make_block([("a1", T0, {"power_w": 1.0}), ("a1", T0 + 1, {"power_w": float("inf")})])
    shop.admit(1, some("a2", first=0, count=2), bad)
    writer = shop.writer()

    shop.run_until_idle(writer)

    assert [(sample.position, sample.block is bad, sample.row, sample.why) for sample in shop.refused] == [
        (1, True, 1, "a value is not finite")
    ]
    assert shop.store.count_readings("refrigerator") == 5
    assert (writer.stats.samples_rejected, writer.stats.samples_stored, writer.stats.readings_stored) == (1, 3, 5)


def test_prunes_once_an_hour(shop: Workshop) -> None:
    """With a retention the store is asked every hour to drop what is older."""
    writer = shop.writer(retention_days=2)

    for _ in range(5):
        writer.run_once()
        shop.clock.advance(1_800_000)

    assert shop.store.pruned == [T0 - 2 * DAY_MS, T0 + 3_600_000 - 2 * DAY_MS, T0 + 7_200_000 - 2 * DAY_MS]


def test_prunes_however_busy_it_is(shop: Workshop) -> None:
    """A writer that always has something at hand drops what is old all the same; half a day is no day and not none."""
    writer = shop.writer(retention_days=0.5, linger_s=1000)
    shop.admit(1, some("a1", first=0, count=2))

    for _ in range(2):
        assert writer.run_once() > 0
        shop.clock.advance(3_600_000)

    assert shop.store.pruned == [T0 - DAY_MS // 2, T0 + 3_600_000 - DAY_MS // 2]


def test_runs_until_it_is_stopped(shop: Workshop) -> None:
    """The loop writes what is there, waits at the feed when there is nothing, and ends when it is told to."""
    stop = threading.Event()
    shop.feed.stop = stop
    shop.admit(1, some("a1", first=0, count=4))

    shop.writer(samples=1).run(stop)

    assert shop.books.cursors == {"store": 1}
    assert shop.feed.waited == [0.5]


def test_unstorable_samples_become_dead_letters_once(tmp_path: Path) -> None:
    """What the store refused is kept with its reason and its content, once however often it is handed over."""
    block = make_block([("a1", T0, {"power_w": 1.0, "door_open": 0.0})], seq=7, mode="cooling")
    samples = [RefusedSample(3, block, 0, "field type conflict"), RefusedSample(5, block, 0, "again")]
    books = Books.open(tmp_path / "books.db")

    keep_unstorable(books, samples)
    keep_unstorable(books, samples)

    letters = [letter.as_json() for letter in list_dead_letters(books.connection)]
    books.close()
    assert [letter["reason"] for letter in letters] == ["poison", "poison"]
    assert letters[0]["detail"] == "The store refuses it: field type conflict."
    assert letters[0]["topic"] == "fettle/v1/refrigerator/a1/telemetry"
    assert json.loads(letters[0]["payload"]) == {
        "seq": 7,
        "ts": T0,
        "mode": "cooling",
        "metrics": {"power_w": 1.0, "door_open": 0.0},
    }


@pytest.mark.parametrize("reads_ahead", [True, False])
def test_what_comes_next_is_read_while_a_write_is_under_way(tmp_path: Path, *, reads_ahead: bool) -> None:
    """A store that answers only when the next batch has been read gets its answer where the writer reads ahead."""
    read_on = threading.Event()

    class NotingFeed(ListFeed):
        def next(self, after: int) -> AdmittedBatch | None:
            if after >= 1:
                read_on.set()
            return super().next(after)

    class SlowStore(MoodyStore):
        def write(self, blocks: Sequence[SampleBlock]) -> None:
            seen.append(read_on.wait(5.0 if reads_ahead else 0.0))
            super().write(blocks)

    seen: list[bool] = []
    store = SlowStore.open(tmp_path / "telemetry.db")
    assert isinstance(store, SlowStore)
    store.troubles, store.pruned = [("after", StoreUnavailable("away", kind="down"))], []
    shop = Workshop(store, feed=NotingFeed())
    for position in (1, 2, 3):
        shop.admit(position, some("a1", first=position, count=1))
    writer = shop.writer(samples=1, reads_ahead=reads_ahead)

    shop.run_until_idle(writer)

    assert seen[0] is reads_ahead
    assert writer.stats.samples_stored == 3
    assert store.count_readings("refrigerator") == 6
    store.close()
