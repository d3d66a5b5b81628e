"""What an installation's files hold, read by the parts of this version; the same words for every version that wrote them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from alerts.database import UnitOfWork, migrate, open_database
from alerts.desk import Desk
from ingest.books.books import FILE_NAME, Books
from ingest.books.dead_letters import list_dead_letters
from ingest.clock import ManualClock
from ingest.feed.feed import AdmittedFeed
from ingest.journal.sqlite import SqliteJournal
from ingest.profiles import load_profiles
from ingest.store.embedded import EmbeddedStore
from ingest.wire.columns import BatchDecoder


def look_into(folder: Path) -> dict[str, Any]:
    """Journal, books, telemetry store and desk in figures and rows; the desk is brought up to this version first."""
    journal = SqliteJournal.open_reader(folder / "journal")
    books = Books.open(folder / FILE_NAME)
    feed = AdmittedFeed(journal, books, lambda: BatchDecoder(load_profiles()))
    admitted, after = [0, 0], 0
    while (batch := feed.next(after)) is not None:
        after = batch.position
        admitted[0] += sum(map(len, batch.blocks))
        admitted[1] += len(batch.events)
    found: dict[str, Any] = {
        "journal": [[batch.position, batch.count] for batch in journal.read(0, limit_bytes=1 << 30)],
        "admitted": admitted,
        "ledger": [
            [row.id, row.boot, row.max_seq, row.stored, row.dead_lettered, row.gap] for row in books.ledger_rows()
        ],
        "cursors": [books.cursor("admit"), books.cursor("store")],
    }
    with books.snapshot() as connection:
        found["dead_letters"] = [[letter.topic, letter.reason.value] for letter in list_dead_letters(connection)]
    books.close()
    journal.close()
    store = EmbeddedStore.open(folder / "telemetry.db")
    found["readings"] = store.count_readings("refrigerator")
    store.close()
    return found | _desk(folder)


def _desk(folder: Path) -> dict[str, Any]:
    engine = open_database(f"sqlite:///{folder / 'desk.db'}")
    migrate(engine)
    desk = Desk(UnitOfWork(engine, ManualClock(0), random.Random(1)), load_profiles())
    tickets = [[one.number, one.appliance_id, one.fault_mode, one.status.value] for one in desk.tickets.page().items]
    stored = desk.findings.load()
    engine.dispose()
    return {"tickets": sorted(map(list, tickets)), "checkpoint": [stored.position, len(stored.rows)]}
