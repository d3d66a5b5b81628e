"""Dead letters: messages that could not be accepted, each with exactly one reason, kept within a quota.

The first 4 KiB of the payload are kept. Beyond the quota the oldest of those who have the most are dropped,
and counted: a flood of bad messages pushes out itself.
"""

from __future__ import annotations

import base64
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ingest.books.judgement import Judgement
from ingest.wire.dead_letter import KEPT_BYTES, RefusalReason
from ingest.wire.timestamp import format_ms

_PAGE = 500
_TOPIC_CHARACTERS_MAX = 1024
_DROP_SHARE = 10
_LISTED = (
    "SELECT number, received_ms, topic, reason, detail, payload, asked_ms, replayed_ms"
    " FROM dead_letter LEFT JOIN replay ON letter = number"
)


@dataclass(frozen=True, slots=True)
class DeadLetterQuota:
    """How much is kept of all dead letters together."""

    letters_max: int = 50_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One refused message of the batch: its number in it, topic, reason, detail, and the beginning of its payload."""

    message: int
    topic: str
    reason: RefusalReason
    detail: str
    payload: bytes
    speaker: str = ""
    """The appliance whose topic it is; empty for a topic that is nobody's."""
    is_counted: bool = False
    """Whether the ledger counts it as dead-lettered."""


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A dead letter as it is listed."""

    number: int
    received_ms: int
    topic: str
    reason: RefusalReason
    detail: str
    payload: bytes
    asked_ms: int | None = None
    """When somebody asked to have it judged again, while that is under way."""
    replayed_ms: int | None = None
    """When it was last asked to be judged again, and was refused once more."""

    def as_json(self) -> dict[str, Any]:
        """The line that ``fettle dead-letters --json`` prints."""
        line: dict[str, Any] = {
            "received_at": format_ms(self.received_ms),
            "topic": self.topic,
            "reason": str(self.reason),
            "detail": self.detail,
        }
        try:
            line["payload"] = self.payload.decode("utf-8")
        except UnicodeDecodeError:
            line["payload"] = None
            line["payload_base64"] = base64.b64encode(self.payload).decode("ascii")
        return line


def insert_dead_letters(connection: sqlite3.Connection, judgement: Judgement, letters: Sequence[DeadLetter]) -> None:
    """Keep the dead letters of one batch, and count them by reason for good."""
    if not letters:
        return
    connection.executemany(
        "INSERT INTO dead_letter (position, message, received_ms, topic, reason, detail, payload, speaker,"
        " is_counted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                judgement.position,
                letter.message,
                judgement.received_ms,
                letter.topic[:_TOPIC_CHARACTERS_MAX],
                letter.reason,
                letter.detail,
                letter.payload[:KEPT_BYTES],
                letter.speaker,
                letter.is_counted,
            )
            for letter in letters
        ],
    )
    connection.executemany(
        "INSERT INTO meta VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET value = value + 1",
        [(f"dead:{letter.reason}",) for letter in letters],
    )


def not_kept(
    connection: sqlite3.Connection, judgement: Judgement, letters: Sequence[DeadLetter]
) -> Sequence[DeadLetter]:
    """The letters of a reader behind admission that are not kept yet.

    Their numbers in the batch are negative, as a sample doesn't know which message it came in: the next free ones.
    """
    rows = connection.execute(
        "SELECT topic, reason, detail, payload FROM dead_letter WHERE position = ? AND message < 0",
        (judgement.position,),
    )
    known = Counter(rows.fetchall())
    fresh = []
    for letter in letters:
        key = (letter.topic[:_TOPIC_CHARACTERS_MAX], str(letter.reason), letter.detail, letter.payload[:KEPT_BYTES])
        if known[key] > 0:
            known[key] -= 1
        else:
            fresh.append(letter)
    (lowest,) = connection.execute(
        "SELECT coalesce(min(message), 0) FROM dead_letter WHERE position = ? AND message < 0", (judgement.position,)
    ).fetchone()
    return [replace(letter, message=lowest - 1 - number) for number, letter in enumerate(fresh)]


def drop_beyond(connection: sqlite3.Connection, quota: DeadLetterQuota, *, added: int) -> None:
    """Drop a tenth of the quota where it is exceeded, and count what goes: the oldest of those who have the most.

    So a flood pushes out its own letters, and nobody else's.
    """
    if not added:
        return
    kept = _count(connection, "dead_kept") + added
    if kept <= quota.letters_max:
        _set(connection, "dead_kept", kept)
        return
    counts = dict(connection.execute("SELECT speaker, count(*) FROM dead_letter GROUP BY speaker").fetchall())
    kept = sum(counts.values())  # an older file has not counted
    wanted = min(quota.letters_max, kept - quota.letters_max // _DROP_SHARE) if kept > quota.letters_max else kept
    share = _share(sorted(counts.values()), wanted)
    gone = 0
    for speaker, count in counts.items():
        if count > share:
            connection.execute(
                "DELETE FROM dead_letter WHERE number IN"
                " (SELECT number FROM dead_letter WHERE speaker = ? ORDER BY number LIMIT ?)",
                (speaker, count - share),
            )
            gone += count - share
    _set(connection, "dead_kept", kept - gone)
    connection.execute(
        "INSERT INTO meta VALUES ('dead_dropped', ?) ON CONFLICT (key) DO UPDATE SET value = value + excluded.value",
        (gone,),
    )


def _share(counts: Sequence[int], wanted: int) -> int:
    """How many each may keep so that all together keep at most ``wanted``; ``counts`` ascend."""
    left = wanted
    for number, count in enumerate(counts):
        share = left // (len(counts) - number)
        if count > share:
            return share
        left -= count
    return wanted


def _count(connection: sqlite3.Connection, key: str) -> int:
    """A number of the books."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return int(row[0]) if row else 0


def _set(connection: sqlite3.Connection, key: str, value: int) -> None:
    """Write a number of the books."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def list_dead_letters(connection: sqlite3.Connection, *, reason: RefusalReason | None = None) -> Iterator[KeptLetter]:
    """All kept dead letters, oldest first."""
    after = 0
    while True:
        rows = connection.execute(
            f"{_LISTED} WHERE number > ? AND (? IS NULL OR reason = ?) ORDER BY number LIMIT ?",
            (after, reason, reason, _PAGE),
        ).fetchall()
        yield from map(_kept, rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def newest_dead_letters(
    connection: sqlite3.Connection, *, before: int | None = None, limit: int = 50, reason: RefusalReason | None = None
) -> list[KeptLetter]:
    """A page of kept dead letters, newest first; the next page is before the last one's number."""
    rows = connection.execute(
        f"{_LISTED} WHERE (? IS NULL OR number < ?) AND (? IS NULL OR reason = ?) ORDER BY number DESC LIMIT ?",
        (before, before, reason, reason, limit),
    ).fetchall()
    return [_kept(row) for row in rows]


def _kept(row: tuple[Any, ...]) -> KeptLetter:
    """A row of :data:`_LISTED`."""
    return KeptLetter(row[0], row[1], row[2], RefusalReason(row[3]), *row[4:])


def kept_counts(connection: sqlite3.Connection) -> dict[RefusalReason, int]:
    """How many letters are kept, by reason: as many as the lists show."""
    rows = connection.execute("SELECT reason, count(*) FROM dead_letter GROUP BY reason").fetchall()
    return {RefusalReason(reason): count for reason, count in rows}


def forget_kept(connection: sqlite3.Connection, count: int) -> None:
    """So many letters are kept no longer."""
    _set(connection, "dead_kept", max(0, _count(connection, "dead_kept") - count))


def dead_letter_counts(connection: sqlite3.Connection) -> dict[RefusalReason, int]:
    """How many were refused since the books began, by reason; dropped ones included."""
    rows = connection.execute("SELECT key, value FROM meta WHERE key GLOB 'dead:*'").fetchall()
    return {RefusalReason(key.removeprefix("dead:")): value for key, value in rows}


def dropped_count(connection: sqlite3.Connection) -> int:
    """How many the quota has dropped."""
    return _count(connection, "dead_dropped")
