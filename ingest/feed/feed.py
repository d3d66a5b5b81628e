"""What was admitted, for readers: at the tip from memory, behind it from the journal.

Each reader (``store``, ``detect``, ``desk``) asks for the batch behind its cursor. Batches that admission has just
finished are shared from memory, bounded in bytes, until all readers that are on the move have passed them; whoever has
fallen behind, has stood still, has just started, or lives in another process gets the same batches decoded again from the
journal by what admission decided then. Nothing is judged twice.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING, Protocol

import structlog

from ingest.books.file import BooksError
from ingest.feed.admitted import decode_admitted
from ingest.journal import JournalError
from ingest.mqtt.frames import unpack
from ingest.sample import AdmittedBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.books.judgement import Judgement
    from ingest.journal import Journal, JournalBatch
    from ingest.sample import SampleBlock
    from ingest.wire.columns import BatchDecoder

log = structlog.get_logger(__name__)

MEMORY_BYTES = 64 * 2**20
"""What readers that can't keep up for a moment are spared to decode again."""
STANDING_STILL_S = 3.0
"""A reader that asks for nothing for so long is not waited for: its store may be away for days."""
READ_AHEAD_BYTES = 4 * 2**20
POLL_S = 0.25
"""How often a process that doesn't admit looks for news."""

_BYTES_PER_SAMPLE = 208
"""Id, boot, mode and cycle references, times, seq, index and flags of one sample."""
_BYTES_PER_OBJECT = 600


class Judgements(Protocol):
    """What a feed needs of the books (:class:`ingest.books.books.Books`)."""

    def cursor(self, name: str) -> int:
        """How far a reader has read."""
        ...

    def judgement(self, position: int) -> Judgement | None:
        """What admission decided about one batch."""
        ...


class AdmittedFeed:
    """Gives admitted batches in order; thread-safe, any number of readers."""

    def __init__(
        self,
        journal: Journal,
        books: Judgements,
        make_decoder: Callable[[], BatchDecoder],
        *,
        memory_bytes: int = MEMORY_BYTES,
        poll_s: float = POLL_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``make_decoder``: a decoder belongs to one thread, so each reader that is behind gets its own."""
        self._journal = journal
        self._books = books
        self._make_decoder = make_decoder
        self._memory_bytes = memory_bytes
        self._poll_s = poll_s
        self._monotonic = monotonic
        self._readers: dict[int, tuple[int, float]] = {}
        """Of each thread that reads from memory: behind which position, and when it last asked."""
        self._changed = threading.Condition()
        self._held: deque[tuple[AdmittedBatch, int]] = deque()
        self._positions: list[int] = []
        self._held_from: int | None = None
        """Behind this position every admitted batch is held; ``None`` where none was offered."""
        self._held_bytes = 0
        self._admitted = 0
        self._own = threading.local()
        self.trouble: str | None = None
        """Why the journal or the books can't be read now, ``None`` while they can."""

    def offer(self, before: int, batch: AdmittedBatch) -> None:
        """Hand in what was just admitted, behind position ``before``; called by the one thread that admits."""
        size = size_of(batch)
        with self._changed:
            if self._held_from is None or (self._positions[-1:] or [self._held_from])[0] != before:
                self._held.clear()
                self._positions.clear()
                self._held_bytes = 0
                self._held_from = before
            self._held.append((batch, size))
            self._positions.append(batch.position)
            self._held_bytes += size
            passed = self._passed_by_all()
            while self._held_bytes > self._memory_bytes or (self._held and self._positions[0] <= passed):
                dropped, dropped_bytes = self._held.popleft()
                self._positions.pop(0)
                self._held_bytes -= dropped_bytes
                self._held_from = dropped.position
            self._admitted = batch.position
            self._changed.notify_all()

    def next(self, after: int) -> AdmittedBatch | None:
        """The first batch behind position ``after``; ``None`` when caught up, or while journal or books can't be read."""
        with self._changed:
            if self._held_from is not None and after >= self._held_from:
                self._readers[threading.get_ident()] = (after, self._monotonic())
                place = bisect_right(self._positions, after)
                return self._held[place][0] if place < len(self._held) else None
            self._readers.pop(threading.get_ident(), None)
        try:
            batch = self._read(after)
        except (JournalError, BooksError) as error:
            if self.trouble is None:
                log.warning("feed_waits", sentence=str(error))
            self.trouble = str(error)
            return None
        self.trouble = None
        return batch

    def wait(self, timeout_s: float) -> None:
        """Block until there may be something new, at most ``timeout_s``."""
        with self._changed:
            if self._held_from is None:
                timeout_s = min(timeout_s, self._poll_s)
            self._changed.wait(timeout_s)

    def _passed_by_all(self) -> int:
        """Up to which position every reader on the move has read; -1 where there is none."""
        since = self._monotonic() - STANDING_STILL_S
        self._readers = {thread: said for thread, said in self._readers.items() if said[1] >= since}
        return min((after for after, _ in self._readers.values()), default=-1)

    def _read(self, after: int) -> AdmittedBatch | None:
        """From the journal, some batches ahead; never beyond what was admitted."""
        own = self._own
        ahead: deque[JournalBatch] = own.ahead if getattr(own, "after", None) == after else deque()
        if not ahead:
            ahead.extend(self._journal.read(after, limit_bytes=READ_AHEAD_BYTES))
        own.ahead, own.after = ahead, after
        if not ahead or not self._is_admitted(ahead[0].position):
            return None
        raw = ahead.popleft()
        own.after = raw.position
        return self._decode(raw)

    def _decode(self, raw: JournalBatch) -> AdmittedBatch:
        judgement = self._books.judgement(raw.position)
        if judgement is None:  # retention has dropped it, and drops the batch next
            return AdmittedBatch(raw.position, raw.received_ms, 0)
        own = self._own
        if not hasattr(own, "decoder"):
            own.decoder = self._make_decoder()
        messages = unpack(raw.frames)
        return decode_admitted(own.decoder, judgement, messages.raw_topics, messages.payloads, messages.retained)

    def _is_admitted(self, position: int) -> bool:
        if position > self._admitted:
            self._admitted = max(self._admitted, self._books.cursor("admit"))
        return position <= self._admitted


def size_of(batch: AdmittedBatch) -> int:
    """About how many bytes of memory a batch holds."""
    rare = len(batch.events) + len(batch.statuses) + len(batch.results)
    return _BYTES_PER_OBJECT * (1 + rare) + sum(_block_bytes(block) for block in batch.blocks)


def _block_bytes(block: SampleBlock) -> int:
    return block.values.nbytes + _BYTES_PER_SAMPLE * len(block) + len(block.metrics_text or b"")
