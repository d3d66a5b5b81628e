"""Dead letters: kept in order within a quota, counted beyond it, and printed as the contract says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.books.books import FILE_NAME, Books, Entry
from ingest.books.dead_letters import (
    DeadLetter,
    DeadLetterQuota,
    KeptLetter,
    dead_letter_counts,
    dropped_count,
    list_dead_letters,
    newest_dead_letters,
)
from ingest.books.judgement import Judgement
from ingest.wire.dead_letter import KEPT_BYTES, RefusalReason


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """Books that keep twenty letters."""
    made = Books.open(tmp_path / FILE_NAME, quota=DeadLetterQuota(letters_max=20))
    yield made
    made.close()


def _commit(books: Books, position: int, *letters: tuple[RefusalReason, bytes]) -> None:
    kept = [DeadLetter(number, "a/topic", reason, "why", payload) for number, (reason, payload) in enumerate(letters)]
    books.commit(Entry(Judgement(position, 1_795_293_552_250, len(letters)), dead_letters=kept))


def test_oldest_are_dropped_and_counted(books: Books) -> None:
    """Beyond the quota the oldest go, and how many went is known; the counts by reason keep them all."""
    for position in range(1, 31):
        _commit(books, position, (RefusalReason.SCHEMA, str(position).encode()))

    kept = list(list_dead_letters(books.connection))

    assert len(kept) <= 20
    assert len(kept) + dropped_count(books.connection) == 30
    assert [int(letter.payload) for letter in kept] == list(range(31 - len(kept), 31))
    assert dead_letter_counts(books.connection) == {RefusalReason.SCHEMA: 30}


def test_flood_in_one_batch_stays_within_the_quota(books: Books) -> None:
    """One batch with more letters than the quota leaves just the newest."""
    _commit(books, 1, *[(RefusalReason.NOT_JSON, str(number).encode()) for number in range(100)])

    kept = list(list_dead_letters(books.connection))

    assert len(kept) == 20
    assert dropped_count(books.connection) == 80
    assert kept[-1].payload == b"99"


def test_first_four_kib_are_kept(books: Books) -> None:
    """Of a large payload the beginning is kept."""
    _commit(books, 1, (RefusalReason.TOO_LARGE, b"x" * 70000))

    (letter,) = list_dead_letters(books.connection)

    assert letter.payload == b"x" * KEPT_BYTES


def test_pages_and_reasons(books: Books) -> None:
    """Letters are listed newest first by page, and by reason."""
    _commit(books, 1, (RefusalReason.SCHEMA, b"1"), (RefusalReason.NOT_JSON, b"2"), (RefusalReason.SCHEMA, b"3"))

    first = newest_dead_letters(books.connection, limit=2)
    second = newest_dead_letters(books.connection, limit=2, before=first[-1].number)

    assert [letter.payload for letter in first + second] == [b"3", b"2", b"1"]
    assert [letter.payload for letter in list_dead_letters(books.connection, reason=RefusalReason.SCHEMA)] == [
        b"1",
        b"3",
    ]
    assert [letter.payload for letter in newest_dead_letters(books.connection, reason=RefusalReason.NOT_JSON)] == [b"2"]


def test_line_of_the_command() -> None:
    """A payload is printed as text, or as base64 where it is none."""
    text = KeptLetter(1, 1_795_293_552_250, "a/topic", RefusalReason.SCHEMA, "why", b'{"a": 1}')
    binary = KeptLetter(2, 1_795_293_552_250, "a/topic", RefusalReason.NOT_UTF8, "why", b"\xff\x00")

    assert text.as_json() == {
        "received_at": "2026-11-21T20:39:12.250Z",
        "topic": "a/topic",
        "reason": "schema",
        "detail": "why",
        "payload": '{"a": 1}',
    }
    assert binary.as_json()["payload"] is None
    assert binary.as_json()["payload_base64"] == "/wA="


def test_a_flood_pushes_out_only_itself(books: Books) -> None:
    """Whatever one appliance sends, the letters of the others stay, and so does a share of its own: the newest."""
    for position in range(1, 4):
        letter = DeadLetter(0, "t", RefusalReason.SCHEMA, "why", b"mine", "quiet")
        books.commit(Entry(Judgement(position, 5, 1), dead_letters=[letter]))
    for position in range(4, 104):
        letter = DeadLetter(0, "t", RefusalReason.SCHEMA, "why", b"%d" % position, "loud")
        books.commit(Entry(Judgement(position, 5, 1), dead_letters=[letter]))

    kept = list(books.dead_letters())

    assert len(kept) <= 20
    assert [letter.payload for letter in kept][:3] == [b"mine"] * 3
    assert kept[-1].payload == b"103"
    assert len(kept) + dropped_count(books.connection) == 103
