"""An hour of what foreign devices say, through kills at any hand-over, a store that is away, and descriptions that change."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import mqtt5
import pytest

from api.service import line as service_line
from ingest.clock import ManualClock
from ingest.loops.commit import Committer, ReceivedBatch
from ingest.loops.store import WriterOptions
from ingest.mqtt.frames import take_publishes, unpack
from ingest.wire.columns import BatchDecoder
from ingest.wire.foreign import CODECS, codecs_of
from ingest.wire.foreign.discovery import Discovery
from tests.scenarios.home import Home, Row, Said, SlowReader
from tests.world.disk import DiskJournal, SimulatedDisk
from tests.world.parts import WorldBooks, WorldStore, open_books
from tests.world.world import Crash

START_MS = 1_795_946_400_000
KILLS = 0.01
"""How probable a kill is at each hand-over."""


class Installation:
    """A service that is killed now and then; disk, books and store outlive it, and the broker sends again what has no answer."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = ManualClock(START_MS)
        self.disk, self.connection, self.store = SimulatedDisk(), open_books(), WorldStore(self.point)
        self.kills = self.failures = 0
        self.is_calm = False
        self.start()

    def point(self, _name: str) -> None:
        """A hand-over: the process may end here."""
        if not self.is_calm and self.chance.random() < KILLS:
            raise Crash(_name)

    def start(self) -> None:
        """A new process."""
        discovery = Discovery()
        self.journal = DiskJournal(self.disk, self.point)
        line = service_line.Line.of(
            self.journal,
            WorldBooks(self.connection, self.point),
            judging=BatchDecoder(codecs=codecs_of(CODECS, discovery), remembering=(discovery,)),
            reading=lambda: BatchDecoder(codecs=codecs_of(CODECS, discovery, is_learning=False)),
            clock=self.clock,
            chance=self.chance,
            monotonic=lambda: self.clock.ms / 1000,
        )
        self.admitter = line.admitter
        self.answered: list[object] = []
        self.committer = Committer(
            self.journal, on_durable=self.answered.extend, on_appended=line.admitter.offer, clock=self.clock
        )
        self.writer = line.writer(
            self.store,  # type: ignore[arg-type]  # it only writes
            refuse=lambda _samples: None,
            options=WriterOptions(linger_s=0),
        )

    def hear(self, said: list[Said], at_ms: int) -> None:
        """Messages arrive, again and again until they are durable, and the loops have a turn."""
        self.clock.ms = at_ms
        while said and not self._survives(lambda: self._arrive(said, self.clock.ms)):
            self.clock.ms += 37
        if not self.is_calm and self.chance.random() < 0.01:
            self.store.failures = self.chance.randrange(1, 20)
            self.failures += 1
        self._survives(self._go_on)

    def come_to_rest(self) -> None:
        """Nothing goes wrong any more."""
        self.is_calm, self.store.failures = True, 0
        while self.writer.stats.position < self.journal.tip():
            self.clock.ms += 60_000
            self._go_on()

    def rows(self) -> Counter[Row]:
        """All that is stored."""
        return Counter(
            (
                str(who),
                int(str(time_ns)) // 1_000_000,
                tuple(sorted((name, round(v, 6)) for name, v in readings.items())),
            )
            for (who, time_ns), readings in self.store.points.items()
        )

    def slowly_read(self) -> Counter[Row]:
        """The same of what is in the journal, by the slow reader."""
        reader = SlowReader()
        rows: Counter[Row] = Counter()
        for batch in self.journal.read(0, limit_bytes=2**30):
            messages = unpack(batch.frames, batch.layout)
            for topic, payload in zip(messages.raw_topics, messages.payloads, strict=True):
                text = topic if isinstance(topic, str) else topic.decode()
                row = reader.read(text, bytes(payload), batch.received_ms)
                rows.update([row] if row else [])
        return rows

    def _survives(self, work: Callable[[], None]) -> bool:
        """Whether the process has come through some work; a new one has started where it hasn't."""
        try:
            work()
        except Crash:
            self.kills += 1
            self.disk.crash(self.chance)
            with suppress(Crash):
                self.start()
                return False
            self.start()
            return False
        return True

    def _arrive(self, said: list[Said], at_ms: int) -> None:
        frames = b"".join(
            mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1).write()
            for topic, payload in said
        )
        batch, run = ReceivedBatch(at_ms), take_publishes(memoryview(frames))
        assert run is not None
        batch.take(run)
        self.committer.submit(batch)
        self.committer.run_once(0)
        assert self.answered, "the journal on this disk takes everything"

    def _go_on(self) -> None:
        self.admitter.run_once(0)
        if self.writer.stats.position < self.journal.tip():
            self.writer.run_once()


def live(seed: int, seconds: int) -> Installation:
    """So many seconds of a home."""
    installation = Installation(seed)
    home = Home(random.Random(seed))
    for second in range(seconds):
        at_ms = START_MS + second * 1000
        installation.hear(home.say(at_ms), at_ms)
    installation.come_to_rest()
    return installation


def assert_equal(installation: Installation) -> None:
    """Every reading is what the slow reader says, and there is none beside."""
    stored, read = installation.rows(), installation.slowly_read()

    assert dict(stored - read) == {}
    assert dict(read - stored) == {}


def test_a_quarter_of_an_hour_reads_as_the_slow_reader_does() -> None:
    """Kills and outages among some hundred messages change no reading."""
    installation = live(seed=7, seconds=900)

    assert_equal(installation)
    assert installation.kills > 5
    assert installation.failures > 2
    assert {who for who, _, _ in installation.rows()} == {
        "hall_plug", "Kuhlschrank", "washer", "oven", "dryer", "boiler"
    }  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_an_hour_reads_as_the_slow_reader_does(seed: int) -> None:
    """The same over an hour, of many homes."""
    assert_equal(live(seed, seconds=3600))
