"""Writes tests/golden/VERSION.tar.xz: what an installation of this version leaves behind, small, and what it holds.

    python -m tests.golden.make_golden        for the version in pyproject.toml; run once for each release, before it

Journal, books, telemetry store and desk, as the parts of this version write them from a load that is always the same, and
``expected.json``: what must be read from them for ever.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tarfile
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import mqtt5

from alerts.database import UnitOfWork, migrate, open_database
from alerts.desk import Desk
from api.service.line import Line, detecting
from ingest.books.books import FILE_NAME, Books
from ingest.clock import ManualClock
from ingest.journal.sqlite import SqliteJournal
from ingest.profiles import load_profiles
from ingest.store.embedded import EmbeddedStore
from ingest.wire.columns import BatchDecoder
from tests.golden.reading import look_into
from tests.servers.faults.load import ROUND_MS, Load, birth

START_MS = 1_795_290_000_000
LOAD = Load(START_MS, appliances=8, rounds=48)
PER_BATCH = 16


def make(folder: Path) -> None:
    """One installation's files."""
    clock, profiles = ManualClock(START_MS), load_profiles()
    journal = SqliteJournal.open_writer(folder / "journal")
    books = Books.open(folder / FILE_NAME)
    engine = open_database(f"sqlite:///{folder / 'desk.db'}")
    migrate(engine)
    store = EmbeddedStore.open(folder / "telemetry.db")
    line = Line.of(
        journal,
        books,
        judging=BatchDecoder(profiles),
        reading=lambda: BatchDecoder(profiles),
        clock=clock,
        chance=random.Random(1),
        monotonic=lambda: 0.0,
    )
    runner = detecting(line.feed, Desk(UnitOfWork(engine, clock, random.Random(1)), profiles).findings, profiles)
    runner.start()
    writer = line.writer(store, refuse=lambda _samples: None)
    for frames in batches():
        clock.advance(ROUND_MS * PER_BATCH // LOAD.appliances)
        journal.append(frames, count=len(frames), received_ms=clock.now_ms())
        line.admitter.run_once(0)
        while runner.run_once():
            pass
    runner.commit()
    while writer.run_once() <= 0 or writer.stats.position < journal.tip():
        writer._gathered.write_at = 0.0
    for part in (store, books, journal):
        part.close()
    engine.dispose()


def batches() -> list[list[bytes]]:
    """The load as PUBLISH frames, births first."""
    said = [birth(name) for name in LOAD.names if name.startswith("e")]
    said += [(message.topic, message.payload) for message in LOAD.messages]
    frames = [
        mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1).write() for topic, payload in said
    ]
    return [frames[start : start + PER_BATCH] for start in range(0, len(frames), PER_BATCH)]


def main() -> None:
    """Make the archive."""
    here = Path(__file__).parent
    version = tomllib.loads((here.parents[1] / "pyproject.toml").read_text())["project"]["version"]
    with TemporaryDirectory() as made:
        folder = Path(made)
        make(folder)
        (folder / "expected.json").write_text(json.dumps(look_into(folder), indent=1, sort_keys=True))
        for path in [*folder.glob("*.db"), *folder.glob("journal/*.db")]:
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("VACUUM")
            connection.close()
        with tarfile.open(here / f"{version}.tar.xz", "w:xz", preset=9) as archive:
            for path in sorted(folder.rglob("*")):
                if path.suffix in (".db", ".json"):
                    archive.add(path, str(path.relative_to(folder)))
    sys.stdout.write(f"{here / version}.tar.xz\n")


if __name__ == "__main__":
    main()
