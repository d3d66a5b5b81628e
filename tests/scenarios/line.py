"""The way of a message without servers: payloads → journal → admission → detectors and store, in one thread.

What arrives together is one journal batch. At the end the line is asked for its ledger, dead letters, readings and findings.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

import mqtt5

from api.service import line as service_line
from detectors.finding import Finding
from ingest.books.dead_letters import KeptLetter, list_dead_letters
from ingest.books.ledger import LedgerRow
from ingest.clock import ManualClock
from ingest.loops.commit import Committer, ReceivedBatch
from ingest.loops.lessons import LessonSource
from ingest.loops.store import WriterOptions
from ingest.mqtt.frames import take_publishes
from ingest.profiles.definition import Profile
from ingest.wire.columns import BatchDecoder
from tests.detectors.memory_sink import MemorySink
from tests.world.disk import DiskJournal, SimulatedDisk
from tests.world.parts import WorldBooks, WorldStore, open_books


class Line:
    """One installation's core over fakes that pass their contract suites."""

    def __init__(self, profiles: Mapping[str, Profile], start_ms: int, *, lessons: LessonSource | None = None) -> None:
        self.clock = ManualClock(start_ms)
        self.elapsed_s = 0.0
        self.journal = DiskJournal(SimulatedDisk())
        self.books = WorldBooks(open_books(), lambda _name: None)
        self.store = WorldStore(lambda _name: None)
        self.sink = MemorySink()
        line = service_line.Line.of(
            self.journal,
            self.books,
            judging=BatchDecoder(profiles),
            reading=lambda: BatchDecoder(profiles),
            clock=self.clock,
            chance=random.Random(1),
            replay=self._append,
            lessons=lessons,
            monotonic=lambda: 0.0,
        )
        self.feed, self.admitter = line.feed, line.admitter
        self.committer = Committer(
            self.journal,
            on_durable=lambda _batches: None,
            on_appended=line.admitter.offer,
            clock=self.clock,
        )
        self.runner = service_line.detecting(line.feed, self.sink, profiles, elapsed_s=lambda: self.elapsed_s)
        self.runner.start()
        self.writer = line.writer(
            self.store,  # type: ignore[arg-type]  # it only writes
            refuse=lambda _samples: None,
            options=WriterOptions(linger_s=0),
        )

    def arrive(self, messages: Iterable[tuple[str, bytes]], at_ms: int) -> None:
        """Let messages (topic, payload) arrive together; what can't be framed at all can't arrive."""
        said = list(messages)
        frames = b"".join(
            mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1).write()
            for topic, payload in said
        )
        batch = ReceivedBatch(at_ms)
        run = take_publishes(memoryview(frames))
        assert run is not None
        assert run.count == len(said)
        batch.take(run)
        self.committer.submit(batch)
        self.go_on(at_ms)

    def go_on(self, at_ms: int) -> None:
        """Let every loop have its turn at a time, whether something has come or not."""
        self.clock.ms = at_ms
        self.committer.run_once(0)
        self.admitter.run_once(0)
        while self.runner.run_once():
            pass
        while self.writer.stats.position < self.journal.tip():
            self.writer.run_once()

    def _append(self, batch: ReceivedBatch) -> None:
        """The service's own words."""
        self.committer.submit(batch)

    def finish(self) -> None:
        """Make what the detectors know durable."""
        self.runner.commit()

    def ledger(self) -> dict[tuple[str, str | None], LedgerRow]:
        """The ledger's rows."""
        return {(row.id, row.boot): row for row in self.books.ledger_rows()}

    def letters(self) -> list[KeptLetter]:
        """All dead letters."""
        with self.books.snapshot() as connection:
            return list(list_dead_letters(connection))

    def readings(self) -> int:
        """How many readings the store holds."""
        return sum(map(len, self.store.points.values()))

    def findings(self) -> list[Finding]:
        """All findings in the order of their times."""
        return sorted(self.sink.findings, key=lambda one: (one.appliance_id, one.raised_ms, one.fault_mode, str(one)))
