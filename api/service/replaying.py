"""Dead letters to be judged again: asked for by a person, written into the audit, done by admission.

The audit goes first: nothing is judged again of which nobody knows who wanted it. Both may be repeated.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.audit.chain import record_audit
from alerts.errors import ConflictError, UnknownError
from ingest.books.books import FILE_NAME, Books
from ingest.books.replays import ReplayAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from alerts.database import UnitOfWork
    from ingest.wire.dead_letter import RefusalReason

_REFUSALS = {
    ReplayAnswer.UNKNOWN: (UnknownError, "There is no dead letter {number}; it may have been accepted since."),
    ReplayAnswer.ADMITTED: (
        ConflictError,
        "Dead letter {number} was accepted; what stands here is what a reader behind admission could not take.",
    ),
    ReplayAnswer.EQUIVOCATION: (
        ConflictError,
        "Dead letter {number} contradicts a message of the same number or time that is stored; both can't be.",
    ),
}


@dataclass(frozen=True, slots=True)
class AskedReplays:
    """How many dead letters are judged again now that were not asked for before, of how many that were named."""

    asked: int
    named: int


def replay_letters(data_dir: Path, unit: UnitOfWork, numbers: Sequence[int]) -> AskedReplays:
    """Have these dead letters judged again; raises, and asks for none, where one of them can't be."""
    with _open_books(data_dir) as books:
        for number in numbers:
            answer = books.replay_answer(number)
            if answer in _REFUSALS:
                error, sentence = _REFUSALS[answer]
                raise error(sentence.format(number=number))
        return _ask(books, unit, numbers, ",".join(map(str, numbers[:10])), {"letters": len(numbers)})


def replay_reason(data_dir: Path, unit: UnitOfWork, reason: RefusalReason) -> AskedReplays:
    """Have all dead letters of a reason judged again that can be."""
    with _open_books(data_dir) as books:
        numbers = books.replayable(reason)
        return _ask(books, unit, numbers, reason.value, {"letters": len(numbers)})


@contextmanager
def _open_books(data_dir: Path) -> Iterator[Books]:
    """The books of the data folder; also beside a running service. Where there are none, no letter is kept."""
    if not (data_dir / FILE_NAME).exists():
        raise UnknownError("There are no dead letters: no message was ever judged here.")
    books = Books.open(data_dir / FILE_NAME)
    try:
        yield books
    finally:
        books.close()


def _ask(books: Books, unit: UnitOfWork, numbers: Sequence[int], subject: str, data: dict[str, object]) -> AskedReplays:
    if numbers:
        unit.write(
            lambda t: record_audit(
                t, "dead_letters.replay", subject, before={"is_asked": False}, after={"is_asked": True}, about=data
            )
        )
    return AskedReplays(books.ask_replay(numbers, now_ms=unit.clock.now_ms()), len(numbers))
