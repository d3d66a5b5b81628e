"""Dead letters that somebody asked to have judged again → the journal, each marked with its number.

Driven by the loop that admits. The whole message is taken from the journal where it still stands there, else from the letter,
if that keeps all of it. What is under way is not sent again; what a former process left is, and admission passes it over.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from ingest.books.replays import Replayed
from ingest.loops.commit import ReceivedBatch
from ingest.mqtt.frames import MalformedFrameError, take_publishes, unpack
from ingest.mqtt.replay_mark import frame_of
from ingest.wire.dead_letter import KEPT_BYTES, RefusalReason, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.books.replays import AskedLetter
    from ingest.journal import Journal
    from ingest.mqtt.frames import Messages

LETTERS_PER_TURN = 200
TURN_MS = 1000
GONE = "Only its beginning is kept, and the journal has dropped the rest: it can't be judged again."


class AskedLetters(Protocol):
    """What this needs of the books (:class:`ingest.books.books.Books`)."""

    def asked_letters(self, *, limit: int) -> list[AskedLetter]:
        """The first letters that are to be judged again."""
        ...

    def settle_replays(self, replayed: Sequence[Replayed]) -> None:
        """Write how letters have ended that can't even come again."""
        ...


class Replays:
    """Takes up what was asked for, at most once a second; one thread drives it."""

    def __init__(self, journal: Journal, books: AskedLetters, append: Callable[[ReceivedBatch], None]) -> None:
        """``append`` hands a batch to whoever writes the journal (:meth:`ingest.loops.commit.Committer.submit`)."""
        self._journal = journal
        self._books = books
        self._append = append
        self._under_way: set[int] = set()
        self._looked_ms: int | None = None

    def turn(self, now_ms: int) -> None:
        """Hand on what is asked for and not yet under way; raises the errors of books and journal."""
        if self._looked_ms is not None and 0 <= now_ms - self._looked_ms < TURN_MS:
            return
        self._looked_ms = now_ms
        asked = self._books.asked_letters(limit=LETTERS_PER_TURN)
        self._under_way &= {letter.number for letter in asked}
        fresh = [letter for letter in asked if letter.number not in self._under_way]
        for position, letters in groupby(fresh, lambda letter: letter.position):
            self._send(position, list(letters))

    def _send(self, position: int, letters: list[AskedLetter]) -> None:
        """The letters of one batch of the journal."""
        messages = self._messages(position)
        batch = ReceivedBatch(letters[0].received_ms, is_replay=True)
        for letter in letters:
            frame = _frame(letter, messages)
            if frame is None or (run := take_publishes(memoryview(frame))) is None:
                refusal = Refused(RefusalReason.TOO_LARGE, GONE)
                self._books.settle_replays([Replayed(letter.number, refusal, letter.is_counted)])
                continue
            batch.take(run)
            self._under_way.add(letter.number)
        if batch.count:
            self._append(batch)

    def _messages(self, position: int) -> Messages | None:
        """What stood in the journal there; None where it has dropped it, or can't be read."""
        found = self._journal.read(position - 1, limit_bytes=1)
        if not found or found[0].position != position:
            return None
        try:
            return unpack(found[0].frames)
        except MalformedFrameError:
            return None


def _frame(letter: AskedLetter, messages: Messages | None) -> bytes | None:
    """The whole message, marked; None where it is not known any more."""
    if messages is not None and letter.message < len(messages.payloads):
        number = letter.message
        return frame_of(
            letter.number, messages.raw_topics[number], messages.payloads[number], is_retained=messages.retained[number]
        )
    if len(letter.payload) >= KEPT_BYTES:
        return None
    return frame_of(letter.number, letter.topic.encode(), letter.payload, is_retained=False)
