"""The journal stays bounded and keeps what anyone has yet to read."""

from __future__ import annotations

from pathlib import Path

from alerts.cursors.checkpoint import DETECT, move_cursor
from alerts.database import Transaction
from alerts.inbox import CURSOR as DESK
from api.service.housekeeping import Housekeeping, durable_cursors
from ingest.books.books import FILE_NAME, Books, Entry
from ingest.books.judgement import Judgement
from ingest.journal.sqlite import SqliteJournal
from tests.api.house import NOON_MS, House

BATCHES = 30


def read_up_to(house: House, position: int) -> None:
    """Let the readers at the desk's database reach a position."""
    desk = house.context.desk

    def move(t: Transaction) -> None:
        for name in (DETECT, DESK):
            move_cursor(t, name, position)

    desk.unit.write(move)


def test_what_all_have_read_goes_and_what_one_has_not_stays(house: House, tmp_path: Path) -> None:
    """Beyond its share the journal drops whole parts behind the slowest durable cursor, and nothing before that."""
    journal = SqliteJournal.open_writer(tmp_path / "journal", part_bytes=8192)
    books = Books.open(tmp_path / FILE_NAME)
    for number in range(BATCHES):
        frames = bytes((number * 31 + i * i * 7) % 251 for i in range(4096))
        position = journal.append([frames], count=1, received_ms=NOON_MS)
        books.commit(Entry(Judgement(position, NOON_MS, 1)))
    keeping = Housekeeping(journal, books, house.context.desk, keep_bytes=1)
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
    assert Housekeeping(journal, books, house.context.desk, keep_bytes=10**9).run_once() == 0
    books.close()
    journal.close()
