"""The journal stays bounded and keeps what anyone has yet to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.cursors.checkpoint import DETECT, move_cursor
from alerts.database import Transaction
from alerts.inbox import CURSOR as DESK
from api.service.housekeeping import Housekeeping, durable_cursors
from ingest.books.books import FILE_NAME, Books, Entry
from ingest.books.judgement import Judgement
from ingest.journal.sqlite import PART_MS, SqliteJournal
from tests.api.house import NOON_MS, House

BATCHES = 30
FOREVER_MS = 10**15
DAYS = 12


def read_up_to(house: House, position: int) -> None:
    """Let the readers at the desk's database reach a position."""
    desk = house.context.desk

    def move(t: Transaction) -> None:
        for name in (DETECT, DESK):
            move_cursor(t, name, position)

    desk.unit.write(move)


def test_what_all_have_read_goes_and_what_one_has_not_stays(house: House, tmp_path: Path) -> None:
    """Beyond its share the journal drops whole parts behind the slowest durable cursor, and nothing before that."""
    journal = SqliteJournal.open_writer(tmp_path / "journal", file_bytes=8192)
    books = Books.open(tmp_path / FILE_NAME)
    for number in range(BATCHES):
        frames = bytes((number * 31 + i * i * 7) % 251 for i in range(4096))
        position = journal.append([frames], count=1, received_ms=NOON_MS)
        books.commit(Entry(Judgement(position, NOON_MS, 1)))
    keeping = Housekeeping(journal, books, house.context.desk, keep_bytes=1, keep_ms=FOREVER_MS)
    tip = journal.tip()

    books.save_cursor("store", tip)
    before_all_have_read = keeping.run_once()
    read_up_to(house, tip // 2)
    freed = keeping.run_once()
    left = journal.read(0, limit_bytes=10**9)

    assert before_all_have_read == 0
    assert freed > 0
    assert durable_cursors(books, house.context.desk) == {
        "admit": tip,
        "store": tip,
        "detect": tip // 2,
        "desk": tip // 2,
    }
    assert 1 < left[0].position <= tip // 2 + 1
    assert [batch.position for batch in left][-1] == tip
    assert Housekeeping(journal, books, house.context.desk, keep_bytes=10**9, keep_ms=FOREVER_MS).run_once() == 0
    books.close()
    journal.close()


@pytest.fixture
def quiet_house(house: House, tmp_path: Path) -> Iterator[tuple[SqliteJournal, Books, House]]:
    """A journal that gets one small message a day, judged, and stored by nobody yet."""
    journal, books = SqliteJournal.open_writer(tmp_path / "journal"), Books.open(tmp_path / FILE_NAME)
    for day in range(DAYS):
        received_ms = NOON_MS + day * PART_MS
        position = journal.append([b"frame"], count=1, received_ms=received_ms)
        books.commit(Entry(Judgement(position, received_ms, 1), is_flush=True))
    house.clock.ms = NOON_MS + (DAYS - 1) * PART_MS
    yield journal, books, house
    books.close()
    journal.close()


def left_in(journal: SqliteJournal, books: Books) -> tuple[list[int], list[int]]:
    """The positions that journal and books still hold."""
    batches = journal.read(0, limit_bytes=10**9)
    return [batch.position for batch in batches], [one.position for one in books.judgements(0)]


def test_what_is_too_old_goes_however_little_it_is(quiet_house: tuple[SqliteJournal, Books, House]) -> None:
    """Batches received before the time to keep go with their judgements, and nothing that is younger."""
    journal, books, house = quiet_house
    books.save_cursor("store", DAYS)
    read_up_to(house, DAYS)
    keeping = Housekeeping(journal, books, house.context.desk, keep_bytes=10**9, keep_ms=5 * PART_MS)

    freed = keeping.run_once()
    kept = left_in(journal, books)
    again = keeping.run_once()
    house.clock.advance(2 * PART_MS)
    later = keeping.run_once()

    assert freed > 0
    assert kept == ([7, 8, 9, 10, 11, 12], [7, 8, 9, 10, 11, 12])
    assert again == 0
    assert later > 0
    assert left_in(journal, books)[0] == [9, 10, 11, 12]


def test_what_is_too_old_and_unread_stays(quiet_house: tuple[SqliteJournal, Books, House]) -> None:
    """However old: what one reader has yet to read is kept."""
    journal, books, house = quiet_house
    books.save_cursor("store", 3)
    read_up_to(house, DAYS)

    Housekeeping(journal, books, house.context.desk, keep_bytes=10**9, keep_ms=1).run_once()

    assert left_in(journal, books)[0] == list(range(3, DAYS + 1))
