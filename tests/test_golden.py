"""What every released version has left behind is read by this one, and what a newer one leaves is refused in one sentence."""

from __future__ import annotations

import json
import random
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.database import UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.errors import DatabaseError
from api.service.line import Line, detecting
from ingest.books.books import FILE_NAME, Books, BooksError
from ingest.clock import ManualClock
from ingest.journal import JournalError
from ingest.journal.sqlite import SqliteJournal
from ingest.profiles import load_profiles
from ingest.store import StoreUnavailable
from ingest.store.embedded import EmbeddedStore
from ingest.wire.columns import BatchDecoder
from tests.contract.journal_suite import frames
from tests.golden.reading import look_into

ARCHIVES = sorted((Path(__file__).parent / "golden").glob("*.tar.xz"))


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.name.removesuffix(".tar.xz"))
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The files of one released version."""
    with tarfile.open(request.param) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # not in the first releases of 3.11
        archive.extractall(tmp_path)  # noqa: S202 - our own file
    return tmp_path


def test_what_a_released_version_left_is_read(left: Path) -> None:
    """T43: ledger, dead letters, batches, readings and tickets are what that version had written, value for value."""
    expected = json.loads((left / "expected.json").read_text())

    assert look_into(left) == expected


def test_a_released_version_goes_on_where_it_was(left: Path) -> None:
    """T43: on the files of that version this one admits, detects and commits what comes next, and opens no second ticket."""
    expected, clock, profiles = json.loads((left / "expected.json").read_text()), ManualClock(0), load_profiles()
    books, engine = Books.open(left / FILE_NAME), open_database(f"sqlite:///{left / 'desk.db'}")
    migrate(engine)
    journal = SqliteJournal.open_writer(left / "journal", floor=books.cursor("admit"))
    line = Line.of(
        journal,
        books,
        judging=BatchDecoder(profiles),
        reading=lambda: BatchDecoder(profiles),
        clock=clock,
        chance=random.Random(1),
    )
    runner = detecting(line.feed, Desk(UnitOfWork(engine, clock, random.Random(1)), profiles).findings, profiles)

    position = journal.append(frames(3), count=3, received_ms=clock.now_ms())
    line.admitter.run_once(0)
    runner.start()
    while runner.run_once():
        pass
    runner.commit()

    assert position == expected["journal"][-1][0] + 1
    assert runner.committed_position == position
    for part in (books, journal):
        part.close()
    engine.dispose()
    now = look_into(left)
    assert now["tickets"] == expected["tickets"]
    assert len(now["dead_letters"]) == len(expected["dead_letters"]) + 3


def test_a_version_without_its_files_is_noticed() -> None:
    """T43, control: the archive of some version is there, so the tests above have read something."""
    assert ARCHIVES


def _mark_newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def _mark_desk_newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


NEWER: list[tuple[str, Callable[[Path], None], Callable[[Path], object], type[Exception]]] = [
    ("journal/journal-0000000000000001.db", _mark_newer, lambda p: SqliteJournal.open_writer(p.parent), JournalError),
    (
        "journal/journal-0000000000000001.db",
        _mark_newer,
        lambda p: SqliteJournal.open_reader(p.parent).read(0, limit_bytes=1),
        JournalError,
    ),
    (FILE_NAME, _mark_newer, Books.open, BooksError),
    ("telemetry.db", _mark_newer, lambda p: EmbeddedStore.open(p).check(), StoreUnavailable),
    ("desk.db", _mark_desk_newer, lambda p: migrate(open_database(f"sqlite:///{p}")), DatabaseError),
]


@pytest.mark.parametrize(
    ("name", "mark", "open_it", "error"), NEWER, ids=["writer", "reader", "books", "store", "desk"]
)
def test_what_a_newer_version_left_is_refused_in_a_sentence(
    left: Path,
    name: str,
    mark: Callable[[Path], None],
    open_it: Callable[[Path], object],
    error: type[Exception],
) -> None:
    """T43: a file of a newer version is left alone, and one sentence says so."""
    mark(left / name)
    before = (left / name).read_bytes()

    with pytest.raises(error, match="newer") as told:
        open_it(left / name)

    assert "\n" not in str(told.value)
    assert (left / name).read_bytes() == before
