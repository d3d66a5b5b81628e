"""What people found out → the journal, so that live, restart and replay learn the same from it.

Driven by the loop that admits. The desk keeps lessons in order; what was appended and admitted is noted there. A lesson that
was appended and not noted, for the process died in between, comes again under its number, by which whoever learns knows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ingest.loops.commit import ReceivedBatch
from ingest.mqtt.frames import own_frame, take_publishes
from ingest.wire.lesson import encode_lesson, lesson_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.sample import AdmittedBatch, Lesson

LESSONS_PER_TURN = 200
TURN_MS = 1000


class LessonSource(Protocol):
    """Where lessons come from: the service desk; it may wait for a database."""

    def lessons(self, *, after: int, limit: int) -> Sequence[Lesson]:
        """Those that are not noted yet and whose number is beyond ``after``, in the order of their numbers."""
        ...

    def note_lessons(self, upto: int) -> bool:
        """All up to this number stand in the journal; False where that can't be written down now."""
        ...


class Lessons:
    """Takes up what was found out, at most once a second; one thread drives it."""

    def __init__(self, source: LessonSource, append: Callable[[ReceivedBatch], None]) -> None:
        """``append`` hands a batch to whoever writes the journal (:meth:`ingest.loops.commit.Committer.submit`)."""
        self._source = source
        self._append = append
        self._sent = 0
        self._admitted = 0
        self._noted = 0
        self._looked_ms: int | None = None

    def turn(self, now_ms: int) -> None:
        """Hand on what is new, and note what stands in the journal."""
        if self._looked_ms is not None and 0 <= now_ms - self._looked_ms < TURN_MS:
            return
        self._looked_ms = now_ms
        if self._admitted > self._noted and self._source.note_lessons(self._admitted):
            self._noted = self._admitted
        fresh = self._source.lessons(after=self._sent, limit=LESSONS_PER_TURN)
        batch = ReceivedBatch(now_ms, is_replay=True)
        for lesson in fresh:
            frame = own_frame(lesson_topic(lesson), encode_lesson(lesson))
            run = take_publishes(memoryview(frame))
            assert run is not None, "a frame that was just written can be read"  # noqa: S101
            batch.take(run)
            self._sent = max(self._sent, lesson.number)
        if batch.count:
            self._append(batch)

    def admitted(self, _before: int, batch: AdmittedBatch) -> None:
        """Hear what was admitted behind a position."""
        self._admitted = max([self._admitted, *(lesson.number for lesson in batch.lessons)])
