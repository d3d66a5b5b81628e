"""What a disk can do to the journal in a folder: files without length, torn and flipped ones, writes and syncs that fail."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.journal import JournalError
from ingest.journal.sqlite import SqliteJournal

FILE_BYTES = 256 * 1024
ROOT = Path(__file__).parent.parent.parent

APPEND_AND_DIE = """
import os, sys
from pathlib import Path
from ingest.journal.sqlite import SqliteJournal
journal = SqliteJournal.open_writer(Path(sys.argv[1]), file_bytes=262144)
for number in range(14):
    journal.append([os.urandom(30_000)], count=1, received_ms=number)
os.kill(os.getpid(), 9)
"""


def filled(folder: Path, batches: int = 12) -> list[int]:
    """A closed journal of several parts; its positions."""
    chance = random.Random(3)
    journal = SqliteJournal.open_writer(folder, file_bytes=FILE_BYTES)
    positions = [journal.append([chance.randbytes(40_000)], count=40, received_ms=n) for n in range(batches)]
    journal.close()
    return positions


def served(folder: Path) -> tuple[list[int], int]:
    """Positions that a new reader gets, and how many it has set aside."""
    journal = SqliteJournal.open_reader(folder)
    positions = [batch.position for batch in journal.read(0, limit_bytes=1 << 30)]
    quarantined = journal.quarantined_batches
    journal.close()
    return positions, quarantined


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_without_length_costs_only_itself(tmp_path: Path, which: int) -> None:
    """T12: an older file of no length is set aside and counted in batches; all others are served."""
    positions = filled(tmp_path)
    parts = sorted(tmp_path.glob("journal-*.db"))
    firsts = [int(path.stem.removeprefix("journal-")) for path in parts]
    parts[which].write_bytes(b"")
    lost = range(firsts[which], firsts[which + 1])

    assert served(tmp_path) == ([p for p in positions if p not in lost], len(lost))


def test_a_newest_file_without_length_is_begun_anew(tmp_path: Path) -> None:
    """T12: where the newest file has no length, the journal goes on behind what its readers have seen."""
    positions = filled(tmp_path)
    newest = max(tmp_path.glob("journal-*.db"))
    newest.write_bytes(b"")

    journal = SqliteJournal.open_writer(tmp_path, file_bytes=FILE_BYTES, floor=positions[-1])
    position = journal.append([b"new"], count=1, received_ms=99)

    assert position == positions[-1] + 1
    assert [batch.received_ms for batch in journal.read(positions[-1], limit_bytes=1 << 20)] == [99]
    journal.close()


@pytest.mark.parametrize("floor", [0, 20])
def test_a_journal_that_was_removed_goes_on_behind_its_readers(tmp_path: Path, floor: int) -> None:
    """A new journal beside old books begins behind what they know, so that nothing new is taken for old."""
    journal = SqliteJournal.open_writer(tmp_path, floor=floor)

    assert journal.tip() == floor
    assert journal.append([b"new"], count=1, received_ms=99) == floor + 1
    journal.close()


def test_a_torn_tail_costs_only_the_tail(tmp_path: Path) -> None:
    """T12: cut anywhere in what was written last, the journal opens, and serves all batches up to the cut."""
    whole = tmp_path / "whole"
    subprocess.run([sys.executable, "-c", APPEND_AND_DIE, whole], check=False, cwd=ROOT)
    name = max(path.name for path in whole.glob("*.db-wal"))
    size, chance = (whole / name).stat().st_size, random.Random(5)

    for cut in (0, 17, size // 2, size - 1, *(chance.randrange(size) for _ in range(6))):
        torn = tmp_path / f"cut-at-{cut}"
        shutil.copytree(whole, torn)
        os.truncate(torn / name, cut)

        journal = SqliteJournal.open_writer(torn, file_bytes=FILE_BYTES)
        positions = [batch.position for batch in journal.read(0, limit_bytes=1 << 30)]
        following = journal.append([b"new"], count=1, received_ms=99)

        assert positions == list(range(1, len(positions) + 1))
        assert len(positions) >= int(name[8:24]) - 1
        assert following > positions[-1]
        journal.close()


def test_an_older_file_with_an_unfinished_log_is_served(tmp_path: Path) -> None:
    """A file that was given up with its log behind it, and whose machine has started anew since, is read whole."""
    subprocess.run([sys.executable, "-c", APPEND_AND_DIE, tmp_path], check=False, cwd=ROOT)
    for shared in tmp_path.glob("*.db-shm"):
        shared.unlink()
    other = SqliteJournal.open_writer(tmp_path / "other", floor=99)
    other.append([b"new"], count=1, received_ms=99)
    other.close()
    shutil.copy(*[tmp_path / folder / "journal-0000000000000100.db" for folder in ("other", ".")])

    assert served(tmp_path) == ([*range(1, 15), 100], 0)


@pytest.mark.parametrize("seed", range(6))
def test_flipped_bits_cost_only_what_they_hit(tmp_path: Path, seed: int) -> None:
    """T12: with bits flipped anywhere in a file, what is served is what was written, and what is missing is counted."""
    positions = filled(tmp_path)
    parts, chance = sorted(tmp_path.glob("journal-*.db")), random.Random(seed)
    data = bytearray(parts[1].read_bytes())
    for _ in range(3):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    parts[1].write_bytes(data)
    following = int(parts[2].stem.removeprefix("journal-"))

    found, quarantined = served(tmp_path)

    missing = set(positions) - set(found)
    assert missing <= set(range(int(parts[1].stem.removeprefix("journal-")), following))
    assert bool(quarantined) == bool(missing)


class FailingPart:
    """A file whose writes fail as a broken disk lets them."""

    def __init__(self, part: sqlite3.Connection, code: int) -> None:
        self._part = part
        self._code = code

    def execute(self, sql: str, *values: object) -> object:
        """Reading works, writing doesn't."""
        if sql.startswith("INSERT"):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self._code
            raise error
        return self._part.execute(sql, *values)  # type: ignore[arg-type]  # whatever the journal asks

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None:
        """Release the file."""
        self._part.close()


@pytest.mark.parametrize(
    ("code", "is_abandoned"), [(sqlite3.SQLITE_IOERR_FSYNC, True), (sqlite3.SQLITE_FULL, False)], ids=["EIO", "full"]
)
@pytest.mark.parametrize("before", [0, 2])
def test_a_file_whose_sync_fails_is_written_to_no_more(
    tmp_path: Path, code: int, is_abandoned: bool, before: int
) -> None:
    """T11: after a failed write the batch may be appended again, in another file, and its old position is not given."""
    journal = SqliteJournal.open_writer(tmp_path)
    for number in range(before):
        journal.append([b"%d" % number], count=1, received_ms=number)
    part = journal._writing
    assert part is not None
    journal._writing = FailingPart(part, code)  # type: ignore[assignment]  # it does what the journal asks of a part

    with pytest.raises(JournalError):
        journal.append([b"x"], count=1, received_ms=9)
    tip = journal.tip()
    if not is_abandoned:
        journal._writing = part
    position = journal.append([b"x"], count=1, received_ms=9)

    assert tip == before
    assert position == before + (2 if is_abandoned and before else 1)
    assert [batch.frames for batch in journal.read(before, limit_bytes=1 << 20)] == [b"x"]
    assert len(list(tmp_path.glob("journal-*.db"))) == (2 if is_abandoned and before else 1)
    journal.close()
