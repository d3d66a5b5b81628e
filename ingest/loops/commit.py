"""Loop: what has arrived → journal → "durable".

The receiving side hands in batches; one thread appends them. What has arrived while a commit was running is committed
together, so the slower the disk, the larger the batches. A journal that can't be written now is tried again for as long
as it takes: nothing is acknowledged meanwhile, and the receiving side stops reading when its bound is reached.

When nothing has come for a while, that is written down once, as a batch without messages: readers who wait for a message
that is missing know time only from the journal, so that a replay waits exactly as long. While this process is away nothing
can come, and its next start counts the silence from there.
"""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from ingest.journal import JournalBatch, JournalError
from ingest.mqtt.publish_layout import joined

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.clock import Clock
    from ingest.journal import Journal
    from ingest.mqtt.connection import Connection
    from ingest.mqtt.frames import PublishRun
    from ingest.mqtt.publish_layout import Layout

log = structlog.get_logger(__name__)

COMMIT_BYTES_MAX = 4 * 2**20
RETRY_S = 0.5
WAIT_S = 1.0
SILENCE_MS = 61_000
"""A little more than detection waits for a missing message (detectors/loop/reorder.py)."""


@dataclass(slots=True)
class ReceivedBatch:
    """Whole PUBLISH frames in receive order, and where to acknowledge them."""

    received_ms: int = 0
    frames: list[bytes] = field(default_factory=list)
    layouts: list[Layout] = field(default_factory=list)
    count: int = 0
    size: int = 0
    acknowledgements: int = 0
    pubacks: list[tuple[Connection, bytes]] = field(default_factory=list)
    is_replay: bool = False
    """Whether it is the service's own: dead letters that come again, dated as they were when they came first, or lessons."""

    def take(self, run: PublishRun) -> None:
        """Add what has come."""
        self.frames.append(run.frames)
        self.layouts.append(run.layout)
        self.count += run.count
        self.size += len(run.frames)
        self.acknowledgements += run.acknowledgements


@dataclass(slots=True)
class CommitStats:
    """What the committer has done; read by health and metrics."""

    commits: int = 0
    messages: int = 0
    bytes: int = 0
    errors: int = 0
    sentence: str | None = None
    """Why the journal can't be written now, ``None`` while it can."""


class Committer:
    """Appends batches to the journal, in one thread."""

    def __init__(
        self,
        journal: Journal,
        *,
        on_durable: Callable[[list[ReceivedBatch]], None],
        on_appended: Callable[[int, JournalBatch], None],
        clock: Clock,
        retry_s: float = RETRY_S,
    ) -> None:
        """``on_durable`` is called in the committer's thread; ``on_appended`` gets the position before, and the batch.

        Silence is measured by ``clock``, which also dates what is received.
        """
        self._journal = journal
        self._clock = clock
        self._spoke_ms: int | None = clock.now_ms()
        """When something was received last; None when the silence since then is noted, or nothing ever came."""
        self._on_durable = on_durable
        self._on_appended = on_appended
        self._retry_s = retry_s
        self._queue: queue.SimpleQueue[ReceivedBatch | None] = queue.SimpleQueue()
        self._set_aside: ReceivedBatch | None = None
        self._is_stopping = threading.Event()
        self.stats = CommitStats()

    def submit(self, batch: ReceivedBatch) -> None:
        """Hand in a batch; the caller bounds how much is under way."""
        self._queue.put(batch)

    def run_once(self, timeout_s: float = WAIT_S) -> bool:
        """Wait for a batch and commit it with all that has arrived meanwhile; False when asked to stop.

        Notes in the journal, once, that nothing has come for :data:`SILENCE_MS`.
        """
        first = self._set_aside
        self._set_aside = None
        try:
            if first is None:
                first = self._queue.get(timeout=timeout_s) if timeout_s else self._queue.get_nowait()
        except queue.Empty:
            self._note_silence(self._clock.now_ms())
            return True
        if first is None:
            return False
        batches = [first]
        size = first.size
        goes_on = True
        while size < COMMIT_BYTES_MAX and not first.is_replay:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                goes_on = False
                break
            if following.is_replay:
                self._set_aside = following
                break
            batches.append(following)
            size += following.size
        return self._commit(batches) and goes_on

    def stop(self) -> None:
        """Commit what was handed in, then end; a journal that can't be written is given up."""
        self._is_stopping.set()
        self._queue.put(None)

    def _note_silence(self, now_ms: int) -> None:
        """Append a batch without messages once it is time; a journal that can't be written is asked again later."""
        if self._spoke_ms is None:
            return
        self._spoke_ms = min(self._spoke_ms, now_ms)  # a clock that was set back
        if now_ms - self._spoke_ms < SILENCE_MS:
            return
        with suppress(JournalError):
            before = self._journal.tip()
            if before:
                position = self._journal.append([], count=0, received_ms=now_ms)
                self._on_appended(before, JournalBatch(position, now_ms, 0, b""))
            self._spoke_ms = None

    def _commit(self, batches: list[ReceivedBatch]) -> bool:
        frames = b"".join([piece for batch in batches for piece in batch.frames])
        count = sum(batch.count for batch in batches)
        received_ms = batches[-1].received_ms
        while True:
            try:
                before = self._journal.tip()
                position = self._journal.append([frames], count=count, received_ms=received_ms)
                break
            except JournalError as error:
                self.stats.errors += 1
                if self.stats.sentence != str(error):
                    log.warning("journal_unavailable", sentence=str(error))
                self.stats.sentence = str(error)
                if self._is_stopping.wait(self._retry_s):
                    return False
        if self.stats.sentence is not None:
            log.info("journal_available_again")
            self.stats.sentence = None
        if not batches[0].is_replay:
            self._spoke_ms = received_ms
        self.stats.commits += 1
        self.stats.messages += count
        self.stats.bytes += len(frames)
        if not batches[0].is_replay:
            self._on_durable(batches)
        layout = joined([layout for batch in batches for layout in batch.layouts])
        self._on_appended(before, JournalBatch(position, received_ms, count, frames, layout))
        return True
