"""Retention: what every reader has passed and is old goes, nothing else."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from ingest.clock import ManualClock
from ingest.journal.sqlite import SqliteJournal
from ingest.loops.retention import EVERY_MS, JournalRetention

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PART_BYTES = 256 * 1024
_CHANCE = random.Random(5)


@dataclass
class Archive:
    """Remembers up to where judgements were dropped."""

    before: list[int] = field(default_factory=list)

    def prune(self, before: int) -> int:
        """Note the position."""
        self.before.append(before)
        return 1


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    """A journal of 30 batches in several parts, batch n received at 1000 × n ms."""
    journal = SqliteJournal.open_writer(tmp_path, part_bytes=_PART_BYTES)
    for number in range(1, 31):
        journal.append([_CHANCE.randbytes(40_000)], count=1, received_ms=1000 * number)
    yield journal
    journal.close()


def _positions(journal: SqliteJournal) -> list[int]:
    return [batch.position for batch in journal.read(0, limit_bytes=1 << 30)]


def _retention(
    journal: SqliteJournal, archive: Archive, cursors: dict[str, int], *, now_ms: int, keep_ms: int
) -> JournalRetention:
    return JournalRetention(journal, archive, lambda: cursors, ManualClock(now_ms), keep_ms=keep_ms)


def test_a_reader_that_is_behind_keeps_its_batches(journal: SqliteJournal) -> None:
    """However old, what one reader has not read stays."""
    archive = Archive()

    freed = _retention(journal, archive, {"store": 20, "detect": 30}, now_ms=10**9, keep_ms=0).tick()

    assert freed > 0
    assert _positions(journal)[0] <= 20
    assert _positions(journal)[-1] == 30
    assert archive.before == [20]


def test_recent_batches_are_kept(journal: SqliteJournal) -> None:
    """What was received within the time to keep stays, also when everybody has read it."""
    archive = Archive()

    _retention(journal, archive, {"store": 30}, now_ms=30_000, keep_ms=15_000).tick()

    assert _positions(journal)[0] <= 15
    assert archive.before == [15]


def test_nothing_is_dropped_before_anybody_has_read(journal: SqliteJournal) -> None:
    """Without any cursor, or with one at the start, the journal stays whole."""
    archive = Archive()

    _retention(journal, archive, {}, now_ms=10**9, keep_ms=0).tick()
    _retention(journal, archive, {"store": 0, "detect": 30}, now_ms=10**9, keep_ms=0).tick()

    assert len(_positions(journal)) == 30
    assert archive.before == []


def test_pruning_happens_now_and_then(journal: SqliteJournal) -> None:
    """Two ticks within the interval prune once."""
    clock = ManualClock(10**9)
    cursors = {"store": 10}
    retention = JournalRetention(journal, Archive(), lambda: cursors, clock, keep_ms=0)
    assert retention.tick() > 0
    cursors["store"] = 30

    assert retention.tick() == 0
    clock.advance(EVERY_MS)
    assert retention.tick() > 0
