"""The journal in a folder of SQLite files: the contract, and what only files can suffer."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ingest.journal import JournalError
from ingest.journal.sqlite import SqliteJournal
from tests.contract.journal_suite import JournalSuite, frames

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.journal_suite import OpenJournal

_FILE_BYTES = 256 * 1024
_CHANCE = random.Random(7)


def _noise(count: int) -> list[bytes]:
    """Frames that don't compress, so that files fill up."""
    return [bytes([0x30, 0xE8, 0x07, 0, 1, 97, 0]) + _CHANCE.randbytes(996) for _ in range(count)]


def _filled(folder: Path, batches: int = 12) -> list[int]:
    """A closed journal of several files; its positions."""
    journal = SqliteJournal.open_writer(folder, file_bytes=_FILE_BYTES)
    positions = [journal.append(_noise(40), count=40, received_ms=n) for n in range(batches)]
    journal.close()
    return positions


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("journal-*.db"))


class TestContract(JournalSuite):
    """The journal keeps the promises of the protocol."""

    @pytest.fixture
    def open_journal(self, tmp_path: Path) -> OpenJournal:
        """Opens the same folder again and again."""
        return lambda: SqliteJournal.open_writer(tmp_path / "journal")


def test_a_full_part_is_followed_by_the_next(tmp_path: Path) -> None:
    """No file outgrows its bound, and a reader passes from file to file without noticing."""
    positions = _filled(tmp_path)

    files = _files(tmp_path)
    journal = SqliteJournal.open_reader(tmp_path)

    assert len(files) >= 3
    assert all(path.stat().st_size <= _FILE_BYTES for path in files)
    assert [batch.position for batch in journal.read(0, limit_bytes=1 << 20)] == positions
    assert journal.tip() == positions[-1]
    journal.close()


def test_retention_deletes_whole_files(tmp_path: Path) -> None:
    """Pruning removes the files that hold only old positions and says how many bytes that freed."""
    positions = _filled(tmp_path)
    before = len(_files(tmp_path))
    journal = SqliteJournal.open_writer(tmp_path, file_bytes=_FILE_BYTES)
    size = journal.size_bytes()

    freed = journal.prune(positions[-1])

    assert len(_files(tmp_path)) < before
    assert journal.size_bytes() <= size - freed + _FILE_BYTES
    assert freed > 0
    assert journal.read(0, limit_bytes=1 << 20)[-1].position == positions[-1]
    assert journal.prune(positions[-1]) == 0
    journal.close()


def test_a_part_holds_no_more_than_a_day(tmp_path: Path) -> None:
    """Where little comes a new file is begun each day, over a restart as well, so that what is old can go."""
    journal = SqliteJournal.open_writer(tmp_path)
    for hour in (0, 1, 23, 24, 25):
        journal.append([b"x"], count=1, received_ms=hour * 3_600_000)
    journal.close()
    again = SqliteJournal.open_writer(tmp_path)
    for hour in (47, 48):
        again.append([b"x"], count=1, received_ms=hour * 3_600_000)

    freed = again.prune(7)

    assert freed > 0
    assert [batch.position for batch in again.read(0, limit_bytes=1 << 20)] == [7]
    again.close()


def test_a_damaged_row_is_set_aside(tmp_path: Path) -> None:
    """A batch whose bytes don't match their checksum is counted once, kept aside, and the others are served."""
    positions = _filled(tmp_path)
    with sqlite3.connect(_files(tmp_path)[1]) as connection:
        (row,) = connection.execute("SELECT min(position) FROM batch").fetchone()
        connection.execute("UPDATE batch SET crc32 = crc32 + 1 WHERE position = ?", (row,))
    connection.close()
    journal = SqliteJournal.open_reader(tmp_path)

    served = [batch.position for batch in journal.read(0, limit_bytes=1 << 20)]
    again = [batch.position for batch in journal.read(0, limit_bytes=1 << 20)]

    assert served == again == [position for position in positions if position != row]
    assert journal.quarantined_batches == 1
    assert len(list((tmp_path / "quarantine").iterdir())) == 1
    journal.close()


def test_a_row_whose_types_are_damaged_is_judged_by_its_checksum(tmp_path: Path) -> None:
    """A blob that has become text is read where its bytes are whole, and set aside where not; no codec sees it before."""
    journal = SqliteJournal.open_writer(tmp_path)
    for _ in range(4):
        journal.append([b"\xff\xfe"], count=1, received_ms=1)
    journal.close()
    with sqlite3.connect(_files(tmp_path)[0]) as connection:
        connection.execute("UPDATE batch SET frames = CAST(frames AS TEXT) WHERE position = 1")
        connection.execute("UPDATE batch SET frames = CAST(x'ff00fe' AS TEXT) WHERE position = 2")
        connection.execute("UPDATE batch SET received_ms = CAST(x'ff' AS TEXT) WHERE position = 3")

    journal = SqliteJournal.open_writer(tmp_path)

    assert [batch.position for batch in journal.read(0, limit_bytes=1 << 20)] == [1, 4]
    assert journal.quarantined_batches == 2
    journal.close()


def test_copies_beside_the_files_are_left_alone(tmp_path: Path) -> None:
    """A file that somebody has laid into the folder under a similar name is neither read nor an error."""
    journal = SqliteJournal.open_writer(tmp_path)
    journal.append([b"x"], count=1, received_ms=1)
    journal.close()
    first = _files(tmp_path)[0]
    for name in (f"{first.stem} (copy).db", "journal-old.db"):
        first.with_name(name).write_bytes(first.read_bytes())

    journal = SqliteJournal.open_writer(tmp_path)

    assert [batch.position for batch in journal.read(0, limit_bytes=1 << 20)] == [1]
    journal.close()


def test_a_destroyed_part_costs_only_itself(tmp_path: Path) -> None:
    """A file full of garbage is counted and kept aside; the batches of all other files are served."""
    positions = _filled(tmp_path)
    firsts = [int(path.stem.removeprefix("journal-")) for path in _files(tmp_path)]
    _files(tmp_path)[1].write_bytes(b"garbage " * 4096)
    journal = SqliteJournal.open_reader(tmp_path)

    served = [batch.position for batch in journal.read(0, limit_bytes=1 << 20)]

    assert served == [p for p in positions if p < firsts[1] or p >= firsts[2]]
    assert journal.quarantined_batches >= 1
    assert (tmp_path / "quarantine" / _files(tmp_path)[1].name).exists()
    journal.close()


def test_a_destroyed_page_costs_only_what_it_held(tmp_path: Path) -> None:
    """Where one page inside a file is overwritten, the batches behind it are served and the lost ones counted."""
    positions = _filled(tmp_path)
    first = _files(tmp_path)[0]
    with first.open("r+b") as file:
        file.seek(first.stat().st_size - 16384)
        file.write(b"\xff" * 16384)
    journal = SqliteJournal.open_reader(tmp_path)

    served = [batch.position for batch in journal.read(0, limit_bytes=1 << 20)]

    assert set(served) <= set(positions)
    assert set(positions[4:]) <= set(served)
    assert journal.quarantined_batches >= 1
    journal.close()


def test_a_damaged_newest_part_is_not_written_to(tmp_path: Path) -> None:
    """A writer that finds the newest file damaged goes on in a new file, and no position is given twice."""
    positions = _filled(tmp_path)
    _files(tmp_path)[-1].write_bytes(b"garbage " * 4096)

    journal = SqliteJournal.open_writer(tmp_path, file_bytes=_FILE_BYTES)
    position = journal.append(frames(1), count=1, received_ms=99)

    assert position > positions[-1]
    assert journal.read(positions[-1], limit_bytes=1 << 20)[-1].received_ms == 99
    journal.close()


def test_a_second_writer_is_told_who_is_first(tmp_path: Path) -> None:
    """A second process that wants to write gets a sentence with the process id of the first."""
    journal = SqliteJournal.open_writer(tmp_path)
    program = (
        "import sys; from pathlib import Path; from ingest.journal import JournalError\n"
        "from ingest.journal.sqlite import SqliteJournal\n"
        "try: SqliteJournal.open_writer(Path(sys.argv[1]))\n"
        "except JournalError as error: print(error)\n"
    )

    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )

    assert f"in use by process {os.getpid()}" in answer.stdout
    journal.close()


def test_the_folder_is_free_after_closing(tmp_path: Path) -> None:
    """Closing the journal lets the next writer in."""
    SqliteJournal.open_writer(tmp_path).close()

    SqliteJournal.open_writer(tmp_path).close()


def test_another_process_reads_beside_the_writer(tmp_path: Path) -> None:
    """A reader sees each batch as soon as it is appended, also in a file that was begun after it opened the folder."""
    reader = SqliteJournal.open_reader(tmp_path)
    writer = SqliteJournal.open_writer(tmp_path, file_bytes=_FILE_BYTES)
    assert reader.tip() == 0
    seen = 0

    for number in range(12):
        position = writer.append(_noise(40), count=40, received_ms=number)
        (batch,) = reader.read(seen, limit_bytes=1)
        assert batch.position == position == reader.tip()
        seen = batch.position

    writer.close()
    reader.close()


def test_a_reader_survives_retention(tmp_path: Path) -> None:
    """A reader whose files are deleted under it goes on with what is left."""
    positions = _filled(tmp_path)
    reader = SqliteJournal.open_reader(tmp_path)
    assert len(reader.read(0, limit_bytes=1)) == 1
    writer = SqliteJournal.open_writer(tmp_path, file_bytes=_FILE_BYTES)

    writer.prune(positions[-1])

    assert reader.read(positions[0], limit_bytes=1 << 20)[-1].position == positions[-1]
    writer.close()
    reader.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """Where the folder can't be created, the error names it."""
    (tmp_path / "file").write_text("")

    with pytest.raises(JournalError, match="journal"):
        SqliteJournal.open_writer(tmp_path / "file" / "journal")


def test_a_reader_cannot_append(tmp_path: Path) -> None:
    """A journal opened to read refuses to append."""
    reader = SqliteJournal.open_reader(tmp_path)

    with pytest.raises(JournalError, match="not open for writing"):
        reader.append(frames(1), count=1, received_ms=1)


def test_a_batch_outlives_the_process(tmp_path: Path) -> None:
    """What was appended before the process was killed is there afterwards."""
    program = (
        "import os, sys; from pathlib import Path; from ingest.journal.sqlite import SqliteJournal\n"
        "journal = SqliteJournal.open_writer(Path(sys.argv[1]))\n"
        "journal.append([b'0123'], count=1, received_ms=5); os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, timeout=60)

    reader = SqliteJournal.open_reader(tmp_path)
    writer = SqliteJournal.open_writer(tmp_path)

    assert [batch.frames for batch in reader.read(0, limit_bytes=1000)] == [b"0123"]
    assert writer.tip() == 1
    writer.close()
    reader.close()
