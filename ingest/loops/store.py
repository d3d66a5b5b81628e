"""Loop: cursor "store" → telemetry store.

What was admitted is gathered into writes of a useful size, written, and only then the cursor moves: a crash in between
repeats a write, which is the same points again. While the store can't be used everything waits in the journal; the loop
tries again with full jitter, without bound. A sample that the store can never take is kept as a dead letter, and the loop
goes on. Where it ``reads_ahead``, what comes next is read while a write is under way. It refuses to sleep: :meth:`StoreWriter.run_once` says how long to wait, :meth:`StoreWriter.run` waits so that a
stop ends it at once.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import structlog

from ingest.backoff import Backoff
from ingest.books.file import BooksError
from ingest.store import StoreRejected, StoreUnavailable

if TYPE_CHECKING:
    import random
    import threading
    from collections.abc import Callable, Sequence

    from ingest.clock import Clock
    from ingest.sample import AdmittedBatch, SampleBlock
    from ingest.store import TelemetryStore

log = structlog.get_logger(__name__)

CURSOR = "store"
IDLE_WAIT_S = 0.5
PRUNE_EVERY_MS = 3_600_000
DAY_MS = 86_400_000


class Feed(Protocol):
    """Gives what was admitted, in order."""

    def next(self, after: int) -> AdmittedBatch | None:
        """The batch behind position ``after``, None when there is none yet."""
        ...

    def wait(self, timeout_s: float) -> object:
        """Block until there may be something new."""
        ...


@dataclass(frozen=True, slots=True)
class RefusedSample:
    """A sample of the journal batch at ``position`` that was admitted and that the store can never take."""

    position: int
    block: SampleBlock
    row: int
    why: str


class WriterBooks(Protocol):
    """Keeps the cursor and the dead letters."""

    def cursor(self, name: str) -> int:
        """How far a reader has read."""
        ...

    def save_cursor(self, name: str, position: int) -> None:
        """Make a reader's position durable."""
        ...


RETRYING = Backoff(1.0, 60.0)
RETRYING_DOWN = Backoff(1.0, 5.0)


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """How much is gathered for one write, how long it may wait, and how attempts are spaced."""

    samples: int = 5_000
    linger_s: float = 0.03
    """How long few samples wait for more; not where it ``reads_ahead``: there the wait is the write under way."""
    backoff: Backoff = RETRYING
    backoff_down: Backoff = RETRYING_DOWN
    """Where nobody answers at all: asking costs nothing, and a backlog is to be drained as soon as the store is back."""
    retention_days: float | None = None
    reads_ahead: bool = False
    """Worth a thread where the store is another process, which works while we would only wait."""


@dataclass(slots=True)
class _Gathered:
    """Batches for one write, how many samples they hold, and when they are to be written at the latest."""

    batches: list[AdmittedBatch] = field(default_factory=list)
    samples: int = 0
    write_at: float = 0.0


@dataclass(slots=True)
class WriterStats:
    """What the writer has done; read by health and metrics."""

    position: int = 0
    writes: int = 0
    samples_stored: int = 0
    readings_stored: int = 0
    samples_rejected: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    trouble: str | None = None
    """Why the store can't be used now, as a sentence; None while it can."""
    trouble_since_ms: int | None = None


class StoreWriter:
    """Moves what was admitted into the telemetry store; one thread drives it."""

    def __init__(
        self,
        feed: Feed,
        store: TelemetryStore,
        books: WriterBooks,
        *,
        refuse: Callable[[Sequence[RefusedSample]], None],
        clock: Clock,
        chance: random.Random,
        options: WriterOptions | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feed = feed
        self._store = store
        self._books = books
        self._refuse = refuse
        self._clock = clock
        self._chance = chance
        self._options = options or WriterOptions()
        self._monotonic = monotonic
        self._gathered, self._ahead = _Gathered(), _Gathered()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fettle-store-write")  # starts with the first write
        self._attempts = 0
        self._prune_at_ms = 0
        self.stats = WriterStats(position=books.cursor(CURSOR))

    def run(self, stop: threading.Event) -> None:
        """Go on until ``stop`` is set; at most half a second passes until it is noticed."""
        while not stop.is_set():
            wait_s = self.run_once()
            if wait_s <= 0:
                continue
            if self._gathered.batches:
                stop.wait(wait_s)
            else:
                self._feed.wait(min(wait_s, IDLE_WAIT_S))

    def run_once(self) -> float:
        """Gather what is there and write it if it is time; returns how many seconds there is nothing to do."""
        self._prune()
        self._gather(self._gathered, self.stats.position)
        if not self._gathered.batches:
            return IDLE_WAIT_S
        wait_s = self._gathered.write_at - self._monotonic()
        if wait_s > 0 and (self._attempts or self._gathered.samples < self._options.samples):
            return wait_s
        return self._write()

    def _gather(self, gathered: _Gathered, after: int) -> None:
        """Take batches until there are enough for a write."""
        while gathered.samples < self._options.samples and not self._attempts:
            batch = self._feed.next(gathered.batches[-1].position if gathered.batches else after)
            if batch is None:
                return
            if not gathered.batches:
                linger_s = 0.0 if self._options.reads_ahead else self._options.linger_s
                gathered.write_at = self._monotonic() + linger_s
            gathered.batches.append(batch)
            gathered.samples += sum(len(block) for block in batch.blocks)

    def _write(self) -> float:
        """Write what was gathered and move the cursor, or say when to try again."""
        batches = self._gathered.batches
        blocks = [block for batch in batches for block in batch.blocks]
        positions = [batch.position for batch in batches for _ in batch.blocks]
        rejected: Sequence[tuple[int, int, str]] = ()
        try:
            if blocks:
                self._store_blocks(blocks)
        except StoreUnavailable as error:
            return self._hold(error)
        except StoreRejected as error:
            rejected = error.rejected
        position = batches[-1].position
        try:
            if rejected:
                log.warning("samples_rejected", count=len(rejected), first=rejected[0][2])
                self._refuse(
                    [RefusedSample(positions[number], blocks[number], row, why) for number, row, why in rejected]
                )
            self._books.save_cursor(CURSOR, position)
        except BooksError as error:  # the write is repeated with the next attempt: the same points again
            return self._hold(StoreUnavailable(str(error), kind="books"))
        self._note_success()
        self._count(blocks, rejected)
        self.stats.position = position
        self._gathered, self._ahead = self._ahead, _Gathered()
        return 0.0

    def _store_blocks(self, blocks: Sequence[SampleBlock]) -> None:
        """Write, and read on meanwhile where that pays; raises what the store raises."""
        if not self._options.reads_ahead:
            self._store.write(blocks)
            return
        writing = self._thread.submit(self._store.write, blocks)
        try:
            self._gather(self._ahead, self._gathered.batches[-1].position)
        finally:
            writing.result()

    def _hold(self, error: StoreUnavailable) -> float:
        """Keep everything and try later: full jitter, never sooner than the store asked for."""
        backoff = self._options.backoff_down if error.kind == "down" else self._options.backoff
        wait_s = max(backoff.wait_s(self._attempts, self._chance), error.retry_after_s or 0.0)
        self._attempts += 1
        self._gathered.write_at = self._monotonic() + wait_s
        self.stats.errors[error.kind] = self.stats.errors.get(error.kind, 0) + 1
        if self.stats.trouble != str(error):
            log.warning("store_unavailable", kind=error.kind, reason=str(error))
        self.stats.trouble = str(error)
        if self.stats.trouble_since_ms is None:
            self.stats.trouble_since_ms = self._clock.now_ms()
        return wait_s

    def _note_success(self) -> None:
        """The store works (again)."""
        if self.stats.trouble_since_ms is not None:
            log.info("store_available", after_s=round((self._clock.now_ms() - self.stats.trouble_since_ms) / 1000, 1))
        self._attempts = 0
        self.stats.trouble = None
        self.stats.trouble_since_ms = None

    def _count(self, blocks: Sequence[SampleBlock], rejected: Sequence[tuple[int, int, str]]) -> None:
        """Add one write to the stats."""
        readings = sum(int(np.count_nonzero(~np.isnan(block.values))) for block in blocks)
        lost = sum(int(np.count_nonzero(~np.isnan(blocks[number].values[row]))) for number, row, _ in rejected)
        self.stats.writes += bool(blocks)
        self.stats.samples_stored += sum(map(len, blocks)) - len(rejected)
        self.stats.readings_stored += readings - lost
        self.stats.samples_rejected += len(rejected)

    def _prune(self) -> None:
        """Once an hour, let the store drop what is older than the retention."""
        now_ms = self._clock.now_ms()
        if self._options.retention_days is None or now_ms < self._prune_at_ms:
            return
        self._prune_at_ms = now_ms + PRUNE_EVERY_MS
        try:
            self._store.prune(now_ms - round(self._options.retention_days * DAY_MS))
        except StoreUnavailable as error:
            log.warning("store_not_pruned", kind=error.kind, reason=str(error))
