"""Loop: what has arrived → journal → "durable".

The receiving side hands in batches; one thread appends them. What has arrived while a commit was running is committed
together, so the slower the disk, the larger the batches. A journal that can't be written now is tried again for as long
as it takes: nothing is acknowledged meanwhile, and the receiving side stops reading when its bound is reached.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from ingest.journal import JournalBatch, JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.journal import Journal
    from ingest.mqtt.connection import Connection

log = structlog.get_logger(__name__)

COMMIT_BYTES_MAX = 4 * 2**20
RETRY_S = 0.5


@dataclass(slots=True)
class ReceivedBatch:
    """Whole PUBLISH frames in receive order, and where to acknowledge them."""

    received_ms: int = 0
    frames: list[bytes] = field(default_factory=list)
    count: int = 0
    size: int = 0
    acknowledgements: int = 0
    pubacks: list[tuple[Connection, bytes]] = field(default_factory=list)


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
        retry_s: float = RETRY_S,
    ) -> None:
        """``on_durable`` is called in the committer's thread; ``on_appended`` gets the position before, and the batch."""
        self._journal = journal
        self._on_durable = on_durable
        self._on_appended = on_appended
        self._retry_s = retry_s
        self._queue: queue.SimpleQueue[ReceivedBatch | None] = queue.SimpleQueue()
        self._is_stopping = threading.Event()
        self.stats = CommitStats()

    def submit(self, batch: ReceivedBatch) -> None:
        """Hand in a batch; the caller bounds how much is under way."""
        self._queue.put(batch)

    def run_once(self) -> bool:
        """Wait for a batch and commit it with all that has arrived meanwhile; False when asked to stop."""
        first = self._queue.get()
        if first is None:
            return False
        batches = [first]
        size = first.size
        goes_on = True
        while size < COMMIT_BYTES_MAX:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                goes_on = False
                break
            batches.append(following)
            size += following.size
        return self._commit(batches) and goes_on

    def stop(self) -> None:
        """Commit what was handed in, then end; a journal that can't be written is given up."""
        self._is_stopping.set()
        self._queue.put(None)

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
        self.stats.commits += 1
        self.stats.messages += count
        self.stats.bytes += len(frames)
        self._on_durable(batches)
        self._on_appended(before, JournalBatch(position, received_ms, count, frames))
        return True
