"""Loop: cursor "admit" → judged → feed, acks, nacks.

Batches come from the commit thread in memory; what doesn't fit there, and what a former process left, is read from the
journal behind the cursor. One thread drives it. Admission judges; this loop refuses to.
"""

from __future__ import annotations

import gc
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog

from ingest.books.books import BooksError
from ingest.journal import JournalError
from ingest.mqtt.frames import MalformedFrameError, Messages, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ingest.admission.admission import Admitted
    from ingest.admission.answers import Said
    from ingest.clock import Clock
    from ingest.journal import Journal, JournalBatch
    from ingest.sample import AdmittedBatch
    from ingest.wire.dead_letter import RefusalReason

log = structlog.get_logger(__name__)

HANDED_BYTES_MAX = 16 * 2**20
READ_BYTES = 4 * 2**20
RETRY_S = 1.0
COLLECT_EVERY = 50_000
"""Objects made between two runs of the garbage collector, in the whole process: admission makes many and no cycles, and
looking through all it remembers at the usual 700 took a third of its time while appliances were seen for the first time."""


@dataclass(slots=True)
class AdmitterStats:
    """How far admission is and what it decided; read by health and metrics."""

    position: int = 0
    batches: int = 0
    messages: int = 0
    duplicates: int = 0
    unknown_keys: int = 0
    readings_refused: int = 0
    """Readings under names of metrics that were too many for their appliance."""
    refused: dict[RefusalReason, int] = field(default_factory=dict)
    read_back: int = 0
    """Batches that came from the journal, not from memory."""
    sentence: str | None = None
    """Why the books can't be written now, ``None`` while they can."""
    journal_sentence: str | None = None
    """Why the journal can't be read now, ``None`` while it can."""


class Judging(Protocol):
    """Judges batches, durably (:class:`ingest.admission.admission.Admission`)."""

    def admit(
        self,
        position: int,
        received_ms: int,
        topics: Sequence[str | bytes],
        payloads: Sequence[bytes],
        retained: Sequence[bool],
        letters: Mapping[int, int] | None = None,
    ) -> Admitted:
        """Judge one batch and keep the judgement; called with each batch in order.

        ``letters``: which messages are dead letters that come again, by number.
        """
        ...

    def acks_due(self, now_ms: int) -> list[Said]:
        """Acks that are due now."""
        ...


class Admitter:
    """Takes batches to admission, in order, each once."""

    def __init__(
        self,
        journal: Journal,
        admission: Judging,
        *,
        after: int,
        clock: Clock,
        on_admitted: Callable[[int, AdmittedBatch], None],
        answer: Callable[[Iterable[tuple[str, bytes]]], None],
        replays: Callable[[int], None] | None = None,
    ) -> None:
        """``after`` is the books' cursor ``admit``; by ``clock`` acks are spaced and missing messages are waited for.

        ``replays`` takes up the dead letters that are to be judged again (:meth:`ingest.loops.replays.Replays.turn`);
        without it none are.

        ``on_admitted`` gets the position before, and the batch (:meth:`ingest.feed.feed.AdmittedFeed.offer`); ``answer`` gets
        acks and nacks (:meth:`ingest.mqtt.courier.Courier.answer`).
        """
        self._journal = journal
        self._admission = admission
        self._clock = clock
        self._on_admitted = on_admitted
        self._answer = answer
        self._replays = replays
        self._changed = threading.Condition()
        self._handed: deque[tuple[int, JournalBatch]] = deque()
        self._handed_bytes = 0
        self._is_stopping = False
        self.stats = AdmitterStats(position=after)

    def offer(self, before: int, batch: JournalBatch) -> None:
        """Hand in a durable batch that stands behind position ``before``; for the commit thread."""
        with self._changed:
            if self._handed_bytes + len(batch.frames) <= HANDED_BYTES_MAX:
                self._handed.append((before, batch))
                self._handed_bytes += len(batch.frames)
            self._changed.notify()

    def run_once(self, timeout_s: float = 1.0) -> bool:
        """Admit what is there, or wait for it; False when asked to stop."""
        for batch in self._taken(timeout_s):
            if self._is_stopping or not self._admit(batch):
                break
        acks = self._admission.acks_due(self._clock.now_ms())
        if acks:
            self._answer([(said.topic, said.payload) for said in acks])
        self._take_up_replays()
        return not self._is_stopping

    def run(self) -> None:
        """Drive the loop until asked to stop."""
        gc.set_threshold(COLLECT_EVERY)
        while self.run_once():
            pass

    def stop(self) -> None:
        """End after the batch at hand; the rest is admitted after the next start."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()

    def _take_up_replays(self) -> None:
        """Letters that can't be taken up now are taken up later; everything else goes on."""
        if self._replays is None:
            return
        try:
            self._replays(self._clock.now_ms())
        except (BooksError, JournalError) as error:
            log.warning("replays_wait", sentence=str(error))

    def _admit(self, batch: JournalBatch) -> bool:
        """Have one batch judged and pass it on; False where the books can't be written now."""
        stats = self.stats
        messages = _messages(batch)
        try:
            admitted = self._admission.admit(
                batch.position,
                batch.received_ms,
                messages.raw_topics,
                messages.payloads,
                messages.retained,
                messages.letters,
            )
        except BooksError as error:
            if stats.sentence != str(error):
                log.warning("admission_waits", sentence=str(error))
            stats.sentence = str(error)
            with self._changed:
                self._changed.wait_for(lambda: self._is_stopping, RETRY_S)
            return False
        before, stats.position, stats.sentence = stats.position, batch.position, None
        stats.batches += 1
        stats.messages += len(messages.payloads)
        stats.duplicates += admitted.duplicates
        stats.unknown_keys += admitted.unknown_keys
        stats.readings_refused += admitted.readings_refused
        for reason, count in admitted.refused.items():
            stats.refused[reason] = stats.refused.get(reason, 0) + count
        self._on_admitted(before, admitted.batch)
        if admitted.nacks:
            self._answer([(said.topic, said.payload) for said in admitted.nacks])
        return True

    def _taken(self, timeout_s: float) -> Sequence[JournalBatch]:
        """The next batches; none, after a while, where the journal can't be read now."""
        try:
            return self._take(timeout_s)
        except JournalError as error:
            if self.stats.journal_sentence != str(error):
                log.warning("admission_waits", sentence=str(error))
            self.stats.journal_sentence = str(error)
            with self._changed:
                self._changed.wait_for(lambda: self._is_stopping, RETRY_S)
            return []

    def _take(self, timeout_s: float) -> Sequence[JournalBatch]:
        """The next batches behind the cursor, from memory where they continue it, else from the journal."""
        position = self.stats.position
        tip = self._journal.tip()
        self.stats.journal_sentence = None
        with self._changed:
            self._drop_old(position)
            if not self._handed and tip <= position and not self._is_stopping:
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


def _messages(batch: JournalBatch) -> Messages:
    """The batch's messages; none, and a line in the log, where its frames can't be read."""
    try:
        return unpack(batch.frames, batch.layout)
    except MalformedFrameError as error:
        log.error("journal_batch_unreadable", position=batch.position, messages=batch.count, error=str(error))  # noqa: TRY400
        return Messages()
