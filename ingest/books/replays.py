"""Replays: dead letters that are judged again because somebody asked, after what they were refused for was mended.

Asked for in any process, judged by admission alone. A letter is asked for once however often somebody asks, and its outcome
is written in the transaction of the batch in which it came again: accepted or known already, and the letter is gone; refused,
and it stays with what it is refused for now. What is marked with a letter that nobody asks for is passed over, so a letter
that came into the journal twice counts once. Functions on a connection.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ingest.books.dead_letters import forget_kept
from ingest.wire.dead_letter import RefusalReason, Refused


class ReplayAnswer(StrEnum):
    """What becomes of the wish to have a letter judged again."""

    ASKED = "asked"
    UNKNOWN = "unknown"
    ADMITTED = "admitted"
    """It was judged good, and a reader behind admission could not take it: judging says nothing new."""
    EQUIVOCATION = "equivocation"
    """Another message of its number or time is stored; both can't be."""


@dataclass(frozen=True, slots=True)
class AskedLetter:
    """A letter that is to be judged again."""

    number: int
    position: int
    message: int
    received_ms: int
    topic: str
    payload: bytes
    """The beginning of it, as far as it is kept."""
    is_counted: bool
    """Whether the ledger counts it as dead-lettered."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a letter has ended that was judged again; ``refusal`` is None where it is accepted or known already."""

    number: int
    refusal: Refused | None = None
    is_counted: bool = False


_ASKED = (
    "SELECT number, position, message, received_ms, topic, payload, is_counted FROM replay"
    " JOIN dead_letter ON number = letter"
)
_PAGE = 500


def answer_of(connection: sqlite3.Connection, number: int) -> ReplayAnswer:
    """Whether a letter can be judged again."""
    row = connection.execute("SELECT message, reason FROM dead_letter WHERE number = ?", (number,)).fetchone()
    if row is None:
        return ReplayAnswer.UNKNOWN
    if row[0] < 0:
        return ReplayAnswer.ADMITTED
    return ReplayAnswer.EQUIVOCATION if row[1] == RefusalReason.EQUIVOCATION else ReplayAnswer.ASKED


def ask(connection: sqlite3.Connection, numbers: Collection[int], asked_ms: int) -> int:
    """Note that these letters are to be judged again; returns how many of them were not asked for yet."""
    found = connection.executemany("INSERT OR IGNORE INTO replay VALUES (?, ?)", [(one, asked_ms) for one in numbers])
    return max(0, found.rowcount)


def replayable(connection: sqlite3.Connection, reason: RefusalReason) -> list[int]:
    """The letters of one reason that can be judged again, oldest first."""
    rows = connection.execute(
        "SELECT number FROM dead_letter WHERE reason = ? AND reason != ? AND message >= 0 ORDER BY number",
        (reason, RefusalReason.EQUIVOCATION),
    )
    return [row[0] for row in rows]


def asked_letters(connection: sqlite3.Connection, *, limit: int) -> list[AskedLetter]:
    """The first letters that are to be judged again. Wishes for letters that the quota has dropped go with them."""
    connection.execute("DELETE FROM replay WHERE letter NOT IN (SELECT number FROM dead_letter)")
    rows = connection.execute(f"{_ASKED} ORDER BY letter LIMIT ?", (limit,)).fetchall()
    return [_asked(row) for row in rows]


def asked_of(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, AskedLetter]:
    """Those of some letters that are to be judged again, by number."""
    found: dict[int, AskedLetter] = {}
    for start in range(0, len(numbers), _PAGE):
        some = numbers[start : start + _PAGE]
        marks = ", ".join("?" * len(some))
        rows = connection.execute(f"{_ASKED} WHERE letter IN ({marks})", some)
        found.update((row[0], _asked(row)) for row in rows)
    return found


def _asked(row: tuple[int, int, int, int, str, bytes, int]) -> AskedLetter:
    """A row of :data:`_ASKED`."""
    number, position, message, received_ms, topic, payload, is_counted = row
    return AskedLetter(number, position, message, received_ms, topic, payload, bool(is_counted))


def settle(connection: sqlite3.Connection, replayed: Sequence[Replayed]) -> None:
    """Write how letters have ended; what nobody asks for any more is left alone."""
    for one in replayed:
        asked = connection.execute("DELETE FROM replay WHERE letter = ? RETURNING asked_ms", (one.number,)).fetchone()
        if asked is None:
            continue
        if one.refusal is None:
            gone = connection.execute("DELETE FROM dead_letter WHERE number = ?", (one.number,)).rowcount
            forget_kept(connection, gone)
            continue
        connection.execute(
            "UPDATE dead_letter SET reason = ?, detail = ?, is_counted = ?, replayed_ms = ? WHERE number = ?",
            (one.refusal.reason, one.refusal.detail, one.is_counted, asked[0], one.number),
        )
