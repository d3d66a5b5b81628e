"""The books: one transaction per batch, readable beside the service, and refused where they can't be understood."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.books import file
from ingest.books.books import FILE_NAME, Books, BooksBusy, BooksError, Entry, Registration
from ingest.books.dead_letters import DeadLetter
from ingest.books.judgement import DUPLICATE, GOOD, Judgement, code_of, reason_of
from ingest.books.ledger import BootLedger
from ingest.books.schema import VERSION
from ingest.wire.dead_letter import RefusalReason


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """Empty books."""
    made = Books.open(tmp_path / FILE_NAME)
    yield made
    made.close()


def _ledger(row: int, seq_next: int) -> BootLedger:
    ledger = BootLedger(row, f"b{row}")
    ledger.extend_to(seq_next)
    return ledger


def test_batch_is_all_or_nothing(books: Books) -> None:
    """Where any part of a batch can't be written, no part is."""
    books.commit(Entry(Judgement(1, 5, 1), rows=[("w1", _ledger(1, 1))]))

    with pytest.raises(sqlite3.IntegrityError):
        books.commit(
            Entry(
                Judgement(1, 5, 1),
                registrations=[Registration("w1", "dryer", 5)],
                dead_letters=[DeadLetter(0, "t", RefusalReason.SCHEMA, "", b"")],
            )
        )

    assert books.cursor("admit") == 1
    assert books.connection.execute("SELECT count(*) FROM appliance").fetchone() == (0,)


def test_judgements_come_back(books: Books) -> None:
    """A judgement is read back as it was written, codes and times and all."""
    codes = bytes([GOOD, DUPLICATE, code_of(RefusalReason.POISON)])
    written = [Judgement(3, 5, 3, codes, ((0, 2, 7),)), Judgement(4, 6, 2), Judgement(9, 7, 1)]
    for judgement in written:
        books.commit(Entry(judgement))

    assert books.judgements(0) == written
    assert books.judgements(3, limit=1) == written[1:2]
    assert books.judgement(4) == written[1]
    assert books.judgement(5) is None
    assert [reason_of(code) for code in codes] == [None, None, RefusalReason.POISON]


def test_cursors_are_kept(books: Books) -> None:
    """A reader's position survives; a name that the books don't keep is refused."""
    assert books.cursor("store") == 0
    books.save_cursor("store", 17)

    assert books.cursor("store") == 17
    with pytest.raises(BooksError, match="keep no cursor 'detect'; known: admit, store"):
        books.save_cursor("detect", 1)


def test_notes_are_applied_to_rows(books: Books) -> None:
    """What a batch only notes of a row is seen by readers at once, and written into the row at the next start."""
    books.commit(Entry(Judgement(1, 5, 1), rows=[("w1", _ledger(1, 2))], is_flush=True))
    books.commit(Entry(Judgement(2, 6, 1), reached=[(1, 4)]))
    books.commit(Entry(Judgement(3, 7, 1), reached=[(1, 5)]))
    before = list(books.ledger_rows())

    books.start_admitting()
    (ledger,) = books.load_ledgers("w1", limit=4)

    assert [(row.max_seq, row.stored, row.gap) for row in before] == [(4, 5, 0)]
    assert list(books.ledger_rows()) == before
    assert (ledger.next, ledger.stored_count, ledger.stored.ends) == (5, 5, [5])


def test_pruning_keeps_unwritten_notes(books: Books) -> None:
    """Judgements go with their journal batches, but never one whose notes no row holds yet."""
    books.commit(Entry(Judgement(1, 5, 1), rows=[("w1", _ledger(1, 2))], is_flush=True))
    books.commit(Entry(Judgement(2, 6, 1), reached=[(1, 4)]))

    assert books.prune(before=3) == 1
    assert [row.stored for row in books.ledger_rows()] == [4]


def test_many_rows_come_in_pages(books: Books) -> None:
    """All rows are listed, however many, and one appliance's alone when asked."""
    ledgers = [(f"w{row:05d}", _ledger(row, 1)) for row in range(1, 4501)]
    books.commit(Entry(Judgement(1, 5, 1), rows=ledgers))

    assert [row.id for row in books.ledger_rows()] == [name for name, _ in ledgers]
    assert [row.id for row in books.ledger_rows("w04000")] == ["w04000"]


def test_reader_beside_a_writer(tmp_path: Path, books: Books) -> None:
    """A read-only reader sees each commit, changes nothing, and holds up nobody."""
    books.commit(Entry(Judgement(1, 5, 1)))
    reader = Books.open(tmp_path / FILE_NAME, read_only=True)

    books.commit(Entry(Judgement(2, 6, 1)))

    assert reader.cursor("admit") == 2
    with pytest.raises(BooksError, match="can't be written"):
        reader.save_cursor("store", 1)
    reader.close()


READS: list[Callable[[Books], object]] = [
    lambda books: books.cursor("admit"),
    lambda books: books.judgement(1),
    lambda books: books.registry_version(),
    lambda books: books.registered("w1"),
    lambda books: books.known_ids(limit=9),
    lambda books: books.load_ledgers("w1", limit=4),
    lambda books: books.load_ledger("w1", "b1"),
    lambda books: books.load_window("w1", limit=4),
    lambda books: books.cold_has(1, 1),
    lambda books: list(books.ledger_rows()),
    lambda books: list(books.dead_letters()),
    lambda books: books.newest_dead_letters(),
    lambda books: books.dead_letter_counts(),
    lambda books: books.start_admitting(),
    lambda books: books.prune(before=1),
]


@pytest.mark.parametrize("read", READS)
def test_a_locked_file_is_a_sentence_to_every_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Books], object]
) -> None:
    """Whatever is asked of books that another program holds, the answer is that they are busy, and never SQLite's error."""
    monkeypatch.setattr(file, "_BUSY_TIMEOUT_S", 0.0)
    path = tmp_path / FILE_NAME
    Books.open(path).close()
    books = Books.open(path)
    books.connection.execute("PRAGMA journal_mode = DELETE")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(BooksBusy, match=r"the books can't be (read|written): database is locked"):
        read(books)

    other.execute("ROLLBACK")
    read(books)
    other.close()
    books.close()


def test_newer_file_is_refused(tmp_path: Path) -> None:
    """Books of a newer version are left alone, with a sentence that says what to do."""
    path = tmp_path / FILE_NAME
    Books.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()

    with pytest.raises(BooksError, match=r"written by a newer Fettle .* update Fettle"):
        Books.open(path)


@pytest.mark.parametrize("content", [None, b"no database at all, but long enough to look like one" * 4])
def test_unusable_file_is_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    """A missing or foreign file ends in a sentence that names it."""
    path = tmp_path / FILE_NAME
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(BooksError, match=r"books\.db"):
        Books.open(path, read_only=True)


def test_empty_file_holds_no_books(tmp_path: Path) -> None:
    """Reading books that no service has written yet says so."""
    path = tmp_path / FILE_NAME
    sqlite3.connect(path).close()
    path.touch()

    with pytest.raises(BooksError, match="holds no books yet"):
        Books.open(path, read_only=True)


def test_writing_is_durable(books: Books) -> None:
    """Each commit is synced to disk before it returns."""
    assert books.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert books.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_boots_that_an_appliance_makes_up_are_forgotten(books: Books) -> None:
    """Of each appliance the boots used last are kept; another's are not touched."""
    books.commit(Entry(Judgement(1, 5, 1), rows=[("w1", _ledger(row, 1)) for row in range(1, 6)]))
    books.commit(Entry(Judgement(2, 5, 1), rows=[("w2", _ledger(6, 1)), ("w1", _ledger(2, 2))]))

    forgotten = books.forget_boots(keep=3)

    assert forgotten == {"w1": 2}
    assert {one.boot for one in books.load_ledgers("w1", limit=9)} == {"b2", "b4", "b5"}
    assert len(books.load_ledgers("w2", limit=9)) == 1
    assert books.forget_boots(keep=3) == {}
