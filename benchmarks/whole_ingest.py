"""The whole ingest in this process: receiver, journal, acknowledgement, admission, feed; as ``fettle serve`` wires it.

``python -m benchmarks.whole_ingest FOLDER URL`` runs it until it is killed and tells what happens as JSON lines.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from api.service.line import Line
from ingest.books.books import Books
from ingest.clock import SystemClock
from ingest.feed.feed import AdmittedFeed
from ingest.journal.sqlite import SqliteJournal
from ingest.loops.admit import Admitter
from ingest.loops.receive import Ingester
from ingest.loops.store import StoreWriter, WriterOptions
from ingest.mqtt.address import parse_address
from ingest.mqtt.connection import ConnectionOptions
from ingest.mqtt.session import subscriptions
from ingest.wire.columns import BatchDecoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ingest.journal import Journal
    from ingest.store import TelemetryStore


@dataclass(frozen=True, slots=True)
class WholeIngest:
    """The parts, running."""

    ingester: Ingester
    line: Line
    books: Books
    admitting: threading.Thread
    receiving: asyncio.Task[None]

    def writer(self, store: TelemetryStore) -> StoreWriter:
        """The cursor "store" of this ingest, to be run in a thread, as it writes to a store that is another process."""
        return self.line.writer(store, refuse=lambda _: None, options=WriterOptions(reads_ahead=True))

    @property
    def admitter(self) -> Admitter:
        """The cursor "admit"."""
        return self.line.admitter

    @property
    def feed(self) -> AdmittedFeed:
        """What was admitted."""
        return self.line.feed

    def check(self) -> None:
        """Raise if a part has ended by itself: nothing more would come."""
        if self.receiving.done():
            self.receiving.result()
        if not self.admitting.is_alive():
            raise RuntimeError("admission ended with an error; see above")


@asynccontextmanager
async def whole_ingest(folder: Path, url: str, journal: Journal | None = None) -> AsyncIterator[WholeIngest]:
    """Everything from the broker at ``url`` to the feed, over SQLite or a journal that is open; ends cleanly."""
    journal = journal or SqliteJournal.open_writer(folder / "journal")
    books = Books.open(folder / "books.db")
    clock = SystemClock()
    line = Line.of(journal, books, judging=BatchDecoder(), reading=BatchDecoder, clock=clock, chance=random.Random(1))
    ingester = Ingester(
        address=parse_address(url),
        options=ConnectionOptions("fettle"),
        filters=subscriptions("fettle/v1"),
        journal=journal,
        clock=clock,
        chance=random.Random(1),
        on_appended=line.admitter.offer,
    )
    admitting = threading.Thread(target=line.admitter.run, name="admit", daemon=True)
    admitting.start()
    receiving = asyncio.create_task(ingester.run())
    try:
        yield WholeIngest(ingester, line, books, admitting, receiving)
    finally:
        ingester.request_stop()
        await receiving
        line.admitter.stop()
        admitting.join()
        books.close()
        journal.close()


async def _run(folder: Path, url: str) -> None:
    async with whole_ingest(folder, url) as whole:
        session, stats = whole.ingester.session, whole.ingester.stats
        while not session.stats.is_connected:  # noqa: ASYNC110 - the state of the system under test
            await asyncio.sleep(0.001)
        print(json.dumps({"event": "connected"}), flush=True)
        while not stats.messages_acknowledged:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.001)
        print(json.dumps({"event": "first_puback"}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1]), sys.argv[2]))
