"""The whole core in one thread, from one seed: appliances, broker, journal, admission, feed, store, detectors, desk.

A seed draws what the appliances say and what goes wrong on the way: crashes at any hand-over, torn and lost writes, a disk
that is full, cut connections, a broker that is killed, messages doubled, mixed up, late, clocks that jump, a store and a
database that are away. Then everything heals, and :mod:`tests.world.checks` asks for what was promised.

    python -m tests.world --seed 17            replays one seed and says what happened
    make test-world                            two thousand seeds
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from alerts.database import UnitOfWork
from alerts.desk import Desk
from alerts.errors import UnavailableError
from api.service.line import Line, detecting
from ingest.clock import ManualClock
from ingest.loops.commit import Committer, ReceivedBatch
from ingest.loops.store import WriterOptions
from ingest.wire.command import decode_ack
from tests.world.disk import DiskJournal, SimulatedDisk
from tests.world.fleet import PROFILES, START_MS, Agent, Broker, Link, Plan, make_plan
from tests.world.parts import WorldBooks, WorldSink, WorldStore, decoder, open_books, open_desk_engine

HOUR_MS = 3_600_000
WRONG_CLOCKS_MS = (-HOUR_MS, 2 * HOUR_MS, -START_MS, 4_291_747_200_000 - START_MS)
"""Appliances' clocks: an hour behind, two ahead (one would be believed by a service that is an hour ahead), 1970, 2106."""
CALM_STEPS_MAX = 400


class Crash(BaseException):
    """The process is killed here."""


@dataclass(frozen=True, slots=True)
class Guards:
    """What holds the promises; each is switched off by a test that shows that the world notices."""

    is_syncing: bool = True
    is_cutting: bool = True
    is_whole: bool = True
    is_idempotent: bool = True
    faults: float = 1.0
    """How much goes wrong; 0 for the run that the others are compared with."""


@dataclass(slots=True)
class LinkedBatch(ReceivedBatch):
    """A batch, and where its PUBACKs go."""

    link: Link = field(default_factory=Link)
    ids: list[int] = field(default_factory=list)


class World:
    """One installation and its fleet. Everything that survives a crash of the process is here."""

    def __init__(self, plan: Plan, chance: random.Random, guards: Guards) -> None:
        self.plan = plan
        self.chance = chance
        self.guards = guards
        self.true_ms = START_MS
        self.clock = ManualClock(START_MS)
        self.faults = guards.faults
        self.disk = SimulatedDisk()
        self.books: sqlite3.Connection = open_books()
        self.store = WorldStore(self.point, is_idempotent=guards.is_idempotent)
        self.desk = Desk(UnitOfWork(open_desk_engine(self.point), self.clock, random.Random(1)), PROFILES)
        self.broker = Broker()
        self.agents = {name: Agent(name, list(some), name in plan.buffered) for name, some in plan.messages.items()}
        self.acknowledged: list[bytes] = []
        """Payloads whose PUBACK reached the broker, and those an ack let an appliance forget."""
        self.crashes: list[str] = []
        self.service = self._start()

    def point(self, name: str) -> None:
        """A hand-over: the process may end here."""
        if self.faults and self.chance.random() < 0.05 * self.faults:
            raise Crash(name)

    def happens(self, probability: float) -> bool:
        """Whether a fault of this probability strikes now."""
        return self.faults > 0 and self.chance.random() < probability * self.faults

    def run(self) -> None:
        """Faults first, then calm until nothing moves any more."""
        while self.true_ms < self.plan.calm_ms:
            self._pass_time(min(self.chance.randrange(20_000, 120_000), self.plan.calm_ms - self.true_ms))
            self._travel()
            self._strike()
            self.step(self.chance.sample(STEPS, self.chance.randint(1, len(STEPS))))
        self.faults = 0
        self._heal()
        for _ in range(CALM_STEPS_MAX):
            self._pass_time(30_000)
            self._travel()
            self.step(STEPS)
            self.true_ms = self.clock.ms
            if self.is_still():
                self.service.runner.commit()
                return
        raise AssertionError("the world comes to no rest: what is sent, read or kept never ends")

    def step(self, names: Iterable[str]) -> None:
        """Let the service do some of its work; a crash ends it, and it starts again."""
        try:
            for name in names:
                getattr(self.service, name)()
        except Crash as crash:
            self.crashes.append(str(crash))
            self._restart()

    def is_still(self) -> bool:
        """Whether nothing is on its way."""
        service = self.service
        is_read = service.journal.tip() == service.runner.position == service.writer.stats.position
        return is_read and not self.broker.queue and not any(agent.is_busy for agent in self.agents.values())

    def answered(self, answers: Iterable[tuple[str, bytes]]) -> None:
        """Acks on their way to the appliances, at QoS 0: some are lost."""
        for topic, payload in answers:
            if topic.endswith("/ack") and not self.happens(0.3):
                agent = self.agents[topic.split("/")[3]]
                self.acknowledged += agent.hear(decode_ack(payload))

    def _restart(self) -> None:
        self.disk.crash(self.chance)
        self.service = self._start()

    def _start(self) -> Service:
        while True:
            try:
                return Service(self)
            except Crash as crash:
                self.crashes.append(str(crash))

    def _pass_time(self, ms: int) -> None:
        self.true_ms += ms
        self.clock.advance(ms)
        for agent in self.agents.values():
            agent.clock_off_ms = self.chance.choice(WRONG_CLOCKS_MS) if self.happens(0.15) else 0
            agent.say(self.true_ms)

    def _travel(self) -> None:
        """Messages go from the appliances to the broker: late, twice, or mixed up."""
        for agent in self.agents.values():
            if self.happens(0.25):
                continue  # no way to the broker; what is held goes later in one burst
            if self.happens(0.3):
                self.chance.shuffle(agent.held)
            doubled = [item for item in agent.held if self.happens(0.1)]
            agent.send(self.broker)
            for said, payload in doubled:
                self.broker.publish(said.topic, payload)
            agent.resend(self.broker, self.true_ms)

    def _strike(self) -> None:
        """What befalls the servers and the clock."""
        if self.happens(0.08):
            self.service.connect()
        if self.happens(0.03):
            self.broker.kill()
            self.service.connect()
        if self.happens(0.06):
            self.disk.broken = self.chance.randint(1, 4)
        if self.happens(0.08):
            self.store.failures = self.chance.randint(1, 3)
        if self.happens(0.08):
            self.service.sink.failures = self.chance.randint(1, 3)
        if self.happens(0.05):
            self.clock.ms = self.true_ms + self.chance.choice((0, HOUR_MS))
        if self.happens(0.04):
            self.crashes.append("between steps")
            self._restart()

    def _heal(self) -> None:
        self.disk.broken = self.store.failures = self.service.sink.failures = 0
        self.clock.ms = self.true_ms
        for agent in self.agents.values():
            agent.is_born = False  # who is back says so


STEPS = ["receive", "admit", "write", "detect"]


class Service:
    """The process: everything that a crash forgets. Its parts are the product's own."""

    def __init__(self, world: World) -> None:
        guards = world.guards
        self.world = world
        self.journal = DiskJournal(world.disk, world.point, is_syncing=guards.is_syncing, is_cutting=guards.is_cutting)
        self.books = WorldBooks(world.books, world.point)
        judging, reading = decoder("admit"), decoder("read")
        judging.sources.known.clear()
        line = Line.of(
            self.journal,
            self.books,
            judging=judging,
            reading=lambda: reading,
            clock=world.clock,
            chance=random.Random(1),
            answer=world.answered,
            monotonic=self._elapsed_s,
        )
        self.admitter = line.admitter
        self.committer = Committer(
            self.journal, on_durable=self._durable, on_appended=line.admitter.offer, clock=world.clock, retry_s=0
        )
        self.sink = WorldSink(world.desk, world.point, random.Random(1), is_whole=guards.is_whole)
        self.runner = detecting(line.feed, self.sink, PROFILES, commit_every_s=180, elapsed_s=self._elapsed_s)
        self.runner.start()
        self.is_detect_late = False
        self.writer = line.writer(
            world.store,  # type: ignore[arg-type]  # it only writes: reading is the checks' matter
            refuse=lambda _samples: None,
            options=WriterOptions(samples=40, linger_s=0),
        )
        self.connect()

    def connect(self) -> None:
        """A new connection to the broker."""
        self.link = self.world.broker.connect()

    def receive(self) -> None:
        """Some frames from the socket, made durable, acknowledged, and offered to admission."""
        world = self.world
        delivered = world.broker.deliver(world.chance.randint(1, 8) if world.faults else 50)
        if delivered is None:
            self.committer.run_once(0)
            return
        run, ids = delivered
        batch = LinkedBatch(world.clock.now_ms())
        batch.take(run)
        batch.link, batch.ids = self.link, ids
        world.point("received")
        self.committer.submit(batch)
        self.committer.run_once()

    def admit(self) -> None:
        """One round of admission; when all is calm it looks for acks as often as it does in service."""
        self.admitter.run_once(0)
        if not self.world.faults:
            for _ in range(3):
                self.world.clock.advance(40_000)
                self.admitter.run_once(0)

    def write(self) -> None:
        """One round of the store's writer."""
        self.writer.run_once()

    def detect(self) -> None:
        """Read up to the tip; wait for a database that is away as the detect loop does."""
        try:
            if self.is_detect_late:
                self.runner.commit()
                self.is_detect_late = False
            while self.runner.run_once():
                pass
        except UnavailableError:
            self.is_detect_late = True

    def _durable(self, batches: list[ReceivedBatch]) -> None:
        self.world.point("not acknowledged")
        for batch in batches:
            assert isinstance(batch, LinkedBatch)
            self.world.acknowledged += self.world.broker.acknowledged(batch.link, batch.ids)
        self.world.point("acknowledged")

    def _elapsed_s(self) -> float:
        return (self.world.true_ms - START_MS) / 1000


PLANS = 50


def run_world(seed: int, guards: Guards | None = None) -> World:
    """The world of one seed, at rest; there are fifty plans, and as many fault schedules as seeds."""
    world = World(make_plan(seed % PLANS), random.Random(seed), guards or Guards())
    world.run()
    return world
