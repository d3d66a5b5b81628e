"""What must be true of a world at rest, whatever befell it. Each check answers a sentence for what is broken.

The oracle reads the journal as the contract does, message by message, in a dozen lines of its own; the rest is counting.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache

from sqlalchemy import func, select

from alerts.notices.tables import outbox
from alerts.tickets.tables import tickets
from api.service.line import detecting
from ingest.books.dead_letters import list_dead_letters
from ingest.books.event_time import AcceptanceWindow
from ingest.feed.feed import AdmittedFeed
from ingest.mqtt.frames import unpack
from tests.detectors.memory_sink import MemorySink
from tests.world.fleet import PROFILES, Fate, Said, make_plan
from tests.world.parts import decoder
from tests.world.world import WRONG_CLOCKS_MS, Guards, World, run_world

WINDOW = AcceptanceWindow()


def check_seed(seed: int, guards: Guards | None = None) -> str | None:
    """Run one seed; the first broken promise as a sentence."""
    try:
        world = run_world(seed, guards)
        truth = Truth(world)
        for check in CHECKS:
            broken = check(world, truth)
            if broken:
                return f"{check.__name__}: {broken}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be told with the seed that leads to it
        return f"it raises {error!r}"
    return None


class Truth:
    """What the journal holds, and what the contract says of it."""

    def __init__(self, world: World) -> None:
        self.by_payload = {said.payload(off): (said, off) for said in world.plan.all for off in (0, *WRONG_CLOCKS_MS)}
        self.durable: set[Said] = set()
        self.payloads: set[bytes] = set()
        self.stored: set[Said] = set()
        self.refused: dict[Said, str] = {}
        anchored: set[str] = set()
        for received_ms, payload in _journaled(world):
            found = self.by_payload.get(payload)
            self.payloads.add(payload)
            if found is None:
                continue  # a birth
            said, off_ms = found
            if said not in self.durable:
                self._judge(said, off_ms, received_ms, anchored)
            self.durable.add(said)

    def _judge(self, said: Said, off_ms: int, received_ms: int, anchored: set[str]) -> None:
        is_timed = bool(said.samples)
        if said.fate is not Fate.STORED:
            self.refused[said] = said.fate.value
        elif is_timed and WINDOW.holds(said.at_ms + off_ms, received_ms):
            anchored.add(said.boot)
            self.stored.add(said)
        elif not is_timed or said.boot in anchored:
            self.stored.add(said)
        else:
            self.refused[said] = "time_out_of_range"


def _journaled(world: World) -> Iterator[tuple[int, bytes]]:
    for batch in world.service.journal.read(0, limit_bytes=1 << 40):
        for payload in unpack(batch.frames).payloads:
            yield batch.received_ms, payload


def acknowledged_is_durable(world: World, truth: Truth) -> str | None:
    """Whatever was acknowledged, to the broker or to an appliance, is in the journal."""
    lost = [payload for payload in world.acknowledged if payload not in truth.payloads]
    return f"{len(lost)} acknowledged and lost, first {lost[0]!r}" if lost else None


def only_a_killed_broker_loses(world: World, truth: Truth) -> str | None:
    """Class E loses nothing; class M only what a killed broker held."""
    held = {payload for _, payload in world.broker.lost}
    lost = [
        said
        for said in world.plan.all
        if said not in truth.durable
        and (
            said.appliance_id in world.plan.buffered or not any(said.payload(o) in held for o in (0, *WRONG_CLOCKS_MS))
        )
    ]
    return f"{len(lost)} messages lost, first {lost[0]}" if lost else None


def the_ledger_is_closed(world: World, truth: Truth) -> str | None:
    """Of each boot: stored, dead-lettered and gap are what they must be, and sum up."""
    rows = {(row.id, row.boot): row for row in world.service.books.ledger_rows()}
    for said in world.plan.all:
        row = rows.get((said.appliance_id, said.boot))
        mine = [other for other in world.plan.messages[said.appliance_id] if other.boot == said.boot]
        readable = [other for other in mine if other in truth.durable and other.fate is not Fate.UNREADABLE]
        stored = sum(other in truth.stored for other in mine)
        dead = sum(other in truth.refused and other.fate is not Fate.UNREADABLE for other in mine)
        if row is None:
            if readable:
                return f"no row for {said.appliance_id} {said.boot}"
            continue
        highest = max(other.seq for other in readable)
        expected = (highest, stored, dead, highest + 1 - stored - dead)
        if (row.max_seq, row.stored, row.dead_lettered, row.gap) != expected:
            return f"{row} where max_seq, stored, dead, gap are {expected}"
    return None


def readings_are_stored_once(world: World, truth: Truth) -> str | None:
    """The store holds each distinct good sample once, with all its readings."""
    expected = Counter({serial: 1 for said in truth.stored for serial, _ in said.samples})
    found = Counter(int(values["serial"]) for values in world.store.points.values())
    if found != expected:
        return f"missing {sorted((expected - found).elements())}, too many {sorted((found - expected).elements())}"
    powers = {serial: power for said in truth.stored for serial, power in said.samples}
    wrong = [
        v for v in world.store.points.values() if v != {"serial": v["serial"], "power_w": powers[int(v["serial"])]}
    ]
    return f"wrong readings {wrong}" if wrong else None


def refusals_are_kept(world: World, truth: Truth) -> str | None:
    """Each refused message is a dead letter with its one reason; one that can be told from its copies is there once."""
    with world.service.books.snapshot() as connection:
        letters = list(list_dead_letters(connection))
    found = Counter((truth.by_payload[letter.payload][0], letter.reason.value) for letter in letters)
    if set(found) != set(truth.refused.items()):
        return f"dead letters {sorted(map(str, set(found) ^ set(truth.refused.items())))}"
    twice = [said for (said, _), count in found.items() if count > 1 and said.fate is not Fate.UNREADABLE]
    return f"kept twice: {twice[0]}" if twice else None


def tickets_are_as_without_faults(world: World, _truth: Truth) -> str | None:
    """The tickets are those of the run in which nothing fails, each once, each with one notice."""
    with world.desk.unit.engine.connect() as connection:
        rows = connection.execute(select(tickets.c.appliance_id, tickets.c.fault_mode)).all()
        notices = connection.execute(select(func.count()).where(outbox.c.type.like("ticket.%"))).scalar_one()
    found = Counter((row.appliance_id, row.fault_mode) for row in rows)
    expected = expected_tickets(world.plan.number)
    if found != Counter(expected):
        return f"tickets {dict(found)} where {sorted(expected)} are right"
    return None if notices == len(rows) else f"{notices} notices for {len(rows)} tickets"


def the_checkpoint_is_the_fold(world: World, _truth: Truth) -> str | None:
    """The detectors' checkpoint is what folding the journal from its beginning gives."""
    service = world.service
    sink = MemorySink()
    feed = AdmittedFeed(service.journal, service.books, lambda: decoder("read"))
    runner = detecting(feed, sink, PROFILES, commit_every_s=1e12, elapsed_s=lambda: 0.0)
    runner.start()
    while runner.run_once():
        pass
    runner.commit()
    stored = world.desk.findings.load()
    different = [name for name in sink.rows if stored.rows.get(name) != sink.rows[name]]
    is_same = stored.position == sink.position and set(stored.rows) == set(sink.rows) and not different
    return None if is_same else f"position {stored.position} for {sink.position}, other rows {different}"


@cache
def expected_tickets(number: int) -> frozenset[tuple[str, str]]:
    """The tickets of a plan when nothing fails."""
    world = World(make_plan(number), random.Random(number), Guards(faults=0))
    world.run()
    with world.desk.unit.engine.connect() as connection:
        rows = connection.execute(select(tickets.c.appliance_id, tickets.c.fault_mode)).all()
    assert len(rows) == len(set(rows))
    return frozenset((row.appliance_id, row.fault_mode) for row in rows)


CHECKS: tuple[Callable[[World, Truth], str | None], ...] = (
    acknowledged_is_durable,
    only_a_killed_broker_loses,
    the_ledger_is_closed,
    refusals_are_kept,
    readings_are_stored_once,
    the_checkpoint_is_the_fold,
    tickets_are_as_without_faults,
)
