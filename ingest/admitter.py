"""Loop: cursor "admit" → judged → feed, acks, nacks.

Batches come from the commit thread in memory; what doesn't fit there, and what a former process left, is read from the
journal behind the cursor. One thread drives it. It refuses to judge: that is admission's work (:mod:`ingest.admission`).
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.journal import Journal, JournalBatch
    from ingest.sample import AdmittedBatch

HANDED_BYTES_MAX = 16 * 2**20
READ_BYTES = 4 * 2**20


@dataclass(slots=True)
class AdmitterStats:
    """How far admission is; read by health and metrics."""

    position: int = 0
    batches: int = 0
    messages: int = 0
    read_back: int = 0
    """Batches that came from the journal, not from memory."""


class Verdict(Protocol):
    """What admission says of one batch."""

    @property
    def batch(self) -> AdmittedBatch:
        """What was let through."""
        ...

    @property
    def answers(self) -> Sequence[tuple[str, bytes]]:
        """Acks and nacks, as topic and payload."""
        ...


class Admission(Protocol):
    """Judges batches, durably."""

    def admitted_position(self) -> int:
        """The newest position that was admitted, durably."""
        ...

    def admit(self, batch: JournalBatch) -> Verdict:
        """Judge a batch once and keep the judgement; called with each batch in order."""
        ...


class Admitter:
    """Takes batches to admission, in order, each once."""

    def __init__(
        self,
        journal: Journal,
        admission: Admission,
        *,
        on_admitted: Callable[[int, AdmittedBatch], None],
        answer: Callable[[Sequence[tuple[str, bytes]]], None],
    ) -> None:
        """``on_admitted`` gets the position before, and the batch (:meth:`ingest.feed.AdmittedFeed.offer`)."""
        self._journal = journal
        self._admission = admission
        self._on_admitted = on_admitted
        self._answer = answer
        self._changed = threading.Condition()
        self._handed: deque[tuple[int, JournalBatch]] = deque()
        self._handed_bytes = 0
        self._is_stopping = False
        self.stats = AdmitterStats(position=admission.admitted_position())

    def offer(self, before: int, batch: JournalBatch) -> None:
        """Hand in a durable batch that stands behind position ``before``; for the commit thread."""
        with self._changed:
            if self._handed_bytes + len(batch.frames) <= HANDED_BYTES_MAX:
                self._handed.append((before, batch))
                self._handed_bytes += len(batch.frames)
            self._changed.notify()

    def run_once(self, timeout_s: float = 1.0) -> bool:
        """Admit what is there, or wait for it; False when asked to stop."""
        batches = self._take(timeout_s)
        for batch in batches:
            before = self.stats.position
            verdict = self._admission.admit(batch)
            self.stats.position = batch.position
            self.stats.batches += 1
            self.stats.messages += batch.count
            self._on_admitted(before, verdict.batch)
            if verdict.answers:
                self._answer(verdict.answers)
            if self._is_stopping:
                break
        return not self._is_stopping

    def stop(self) -> None:
        """End after the batch at hand; the rest is admitted after the next start."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()

    def _take(self, timeout_s: float) -> Sequence[JournalBatch]:
        """The next batches behind the cursor, from memory where they continue it, else from the journal."""
        position = self.stats.position
        with self._changed:
            self._drop_old(position)
            if not self._handed and self._journal.tip() <= position and not self._is_stopping:
                self._changed.wait(timeout_s)
                self._drop_old(position)
            if self._handed and self._handed[0][0] <= position:
                batch = self._handed.popleft()[1]
                self._handed_bytes -= len(batch.frames)
                return [batch]
        if self._is_stopping:
            return []
        batches = self._journal.read(position, limit_bytes=READ_BYTES)
        self.stats.read_back += len(batches)
        return batches

    def _drop_old(self, position: int) -> None:
        while self._handed and self._handed[0][1].position <= position:
            self._handed_bytes -= len(self._handed.popleft()[1].frames)
