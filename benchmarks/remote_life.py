"""What remote tests come to over the life of a ticket that the detectors' own findings open: fleet ``hard``, unseen seeds.

The live detectors read a fleet's days. What they raise, tell again and clear goes to a desk day by day, on its way through
alert, gate and ticket; whatever test the desk proposes on an open ticket is done on that day, and judged by the desk. So a test that sees
nothing yet comes back when the desk says so. A ticket is confirmed when the test of its fault has confirmed it; then nobody tests any
more. A technician closes it as no fault when the desk says that it is ruled out, or when the finding is over and no test has
seen anything. A true fault counts as confirmed where that came before it failed (where it fails). Beside it stands what the first test alone says, as it was
before tests came back. How commands, consent and appliances work together is not measured here: ``remote_served`` does.
"""

from __future__ import annotations

import logging
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import structlog

from alerts.database import UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.lifecycle import TicketState, TicketStep
from alerts.remote.inference import Indication, judge
from alerts.remote.running import take_measurement
from alerts.tickets.reading import TicketFilter
from alerts.tickets.testing import RULED_OUT
from alerts.tickets.ticket import StepBody, Ticket, Verdict, VerdictRecord
from alerts.timers import Timers
from benchmarks.figure import Figure
from benchmarks.remote_tests import CHANCE, SEVERITY_LEAST, START_MS
from detectors.backtest.fleet import run_fleet_backtest
from detectors.finding import DetectCommit, Finding
from ingest.clock import ManualClock
from ingest.profiles import load_profiles
from simulator.bench import FleetBench, can_do
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.folder import write_folder
from simulator.truth import Fault
from simulator.weather import DAY_MS

FIGURES = ("remote_life_confirmed", "remote_life_rejected", "remote_life_relapsed", "remote_life_tests")
SEEDS = (9502, 9601, 9602, 9603, 9604)
APPLIANCES = 100
DAYS = 300
RELAPSE_DAYS = 90
TICKETS_MOST = 500
OPEN, CONFIRMED, NO_FAULT = "open", "confirmed", "no fault"
LATE = "confirmed after failure"


@dataclass(slots=True)
class Life:
    """A ticket's life: whether its fault was there, what the first test said, how it ended."""

    finding: Finding
    fault: Fault | None
    first: Indication | None = None
    end: str = OPEN
    tests: int = 0
    relapsed: bool = False


@dataclass(slots=True)
class Lives:
    """A fleet's tickets at one desk, worked day by day."""

    fleet: Fleet
    desk: Desk
    clock: ManualClock
    said: Sequence[tuple[int, Finding]]
    lives: dict[tuple[str, int], Life] = field(default_factory=dict)
    """By ticket number and episode."""
    raised: dict[tuple[str, str], Finding] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    def live(self, days: int) -> None:
        """All days of the fleet."""
        self.places = {one.id: place for place, one in enumerate(self.fleet.appliances)}
        timers = Timers(self.desk, pause_s=-1.0)
        waiting = list(self.said)
        for day in range(days + 1):
            now_ms = START_MS + day * DAY_MS
            while waiting and waiting[0][0] <= now_ms:
                at_ms, finding = waiting.pop(0)
                self.clock.advance(max(at_ms - self.clock.now_ms(), 0))
                position = self.desk.findings.load().position + 1
                self.desk.findings.commit(DetectCommit(position, {}, None, (finding,), ()))
                if finding.is_new:
                    self.raised[finding.appliance_id, finding.fault_mode] = finding
            self.clock.advance(now_ms - self.clock.now_ms())
            timers.tick(now_ms)
            self._begin()
            for (name, _), life in sorted(self.lives.items()):
                if life.end == OPEN:
                    self._work(name, life)

    def _begin(self) -> None:
        """Begin the lives of tickets that findings have opened, or opened again."""
        for one in self.desk.tickets.page(TicketFilter(statuses=(TicketState.OPEN,)), limit=TICKETS_MOST).items:
            finding = self.raised.get((one.appliance_id, str(one.fault_mode)))
            key = (str(one.number), one.episode)
            if key not in self.lives and finding is not None and _is_tested(finding):
                self.lives[key] = Life(finding, self._fault(finding))

    def _work(self, name: str, life: Life) -> None:
        ticket = self.desk.tickets.read(name)
        if ticket.recommended.test is not None:
            self._test(ticket, life)
            ticket = self.desk.tickets.read(name)
        if life.end == OPEN and (ticket.cleared_at is not None or self._is_ruled_out(ticket)):
            self._close(name, life)

    def _test(self, ticket: Ticket, life: Life) -> None:
        profile = load_profiles()[life.finding.kind]
        test = profile.tests[str(ticket.recommended.test)]
        mode = profile.fault_modes[life.finding.fault_mode]
        if not can_do(profile.kind, test):
            return
        bench = FleetBench(self.fleet, self.places[life.finding.appliance_id], self.fleet.seed)
        seconds = float(test.args.get("seconds", test.limit_s))
        value = bench.run_test(test, seconds, self.clock.now_ms()).measured.get(test.measure)
        if value is None:
            return
        life.tests += 1
        if test.name == mode.test and life.first is None:
            life.first = judge(test, float(value)).verdict
        found, _, _ = self.desk.unit.write(lambda t: take_measurement(t, ticket.id, profile, test.name, float(value)))
        if test.name == mode.test and found.verdict is Indication.CONFIRMED:
            failure_ms = None if life.fault is None else life.fault.wear.failure_ms
            is_late = failure_ms is not None and failure_ms < self.clock.now_ms()
            life.end = LATE if is_late else CONFIRMED

    @staticmethod
    def _is_ruled_out(ticket: Ticket) -> bool:
        """Whether the desk has nothing to test any more, now or later, and takes the causes as ruled out."""
        again = ticket.recommended.again
        if ticket.recommended.test is not None or (again is not None and not again.is_due):
            return False
        return sum([ticket.probability or 0.0, *(one.probability for one in ticket.alternatives)]) <= RULED_OUT

    def _close(self, name: str, life: Life) -> None:
        """Close a ticket as no fault."""
        life.end = NO_FAULT
        life.relapsed = self._comes_back(life.finding)
        desk = self.desk.by("tess")
        desk.tickets.step(name, TicketStep.START, StepBody())
        desk.tickets.judge(name, VerdictRecord(Verdict.NO_FAULT_FOUND))
        desk.tickets.step(name, TicketStep.CLOSE, StepBody())

    def _fault(self, finding: Finding) -> Fault | None:
        """The real fault that stands behind a finding when it is raised."""
        ms = np.array([finding.raised_ms])
        for one in self._faults(finding):
            if (
                float(one.wear.severity(ms)[0]) > 0
                and (one.wear.repaired_ms or finding.raised_ms + 1) > finding.raised_ms
            ):
                return one
        return None

    def _faults(self, finding: Finding) -> list[Fault]:
        mine = [one for one in self.fleet.truth.faults if one.appliance_id == finding.appliance_id]
        return [one for one in mine if one.wear.fault_mode == finding.fault_mode]

    def _comes_back(self, finding: Finding) -> bool:
        days = self.clock.now_ms() + np.arange(RELAPSE_DAYS + 1, dtype=np.int64) * DAY_MS
        return any(bool((one.wear.severity(days) >= SEVERITY_LEAST).any()) for one in self._faults(finding))


def measure() -> Iterator[Figure]:
    """All seeds together."""
    lives: list[Life] = []
    for seed in SEEDS:
        fleet = Fleet(read_fleet("hard"), seed=seed, appliances=APPLIANCES, start_ms=START_MS)
        with tempfile.TemporaryDirectory(prefix="fettle-bench-") as folder:
            write_folder(fleet, Path(folder), days=DAYS)
            found = run_fleet_backtest(Path(folder), load_profiles())
        lives += lived(fleet, found.raised, found.told, days=DAYS)
    tell(lives)
    yield from figures(lives)


def lived(fleet: Fleet, raised: Sequence[Finding], told: Sequence[Finding], *, days: int) -> list[Life]:
    """The lives of all tickets of a fleet, as the findings open them."""
    said = [(one.raised_ms, _as_raised(one)) for one in raised]
    said += [(one.told_ms or 0, one) for one in told]
    said += [(one.cleared_ms, one) for one in raised if one.cleared_ms is not None]
    with tempfile.TemporaryDirectory(prefix="fettle-bench-") as folder:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        engine = open_database(f"sqlite:///{folder}/desk.db")
        migrate(engine)
        clock = ManualClock(START_MS)
        desk = Desk(UnitOfWork(engine, clock, random.Random(fleet.seed)), load_profiles())
        all_ = Lives(fleet, desk, clock, sorted(said, key=lambda one: one[0]))
        all_.live(days)
        engine.dispose()
    return list(all_.lives.values())


def figures(lives: Sequence[Life]) -> Iterator[Figure]:
    """Shares over the lives of tickets."""
    true = [one for one in lives if one.fault is not None]
    false = [one for one in lives if one.fault is None]
    confirmed = sum(one.end == CONFIRMED for one in true) / max(len(true), 1)
    yield Figure(FIGURES[0], confirmed, "share", len(true), ratio_to="chance", ratio=confirmed / CHANCE)
    rejected = sum(one.end == NO_FAULT for one in false) / max(len(false), 1)
    yield Figure(FIGURES[1], rejected, "share", len(false), ratio_to="chance", ratio=rejected / CHANCE)
    closed = [one for one in lives if one.end == NO_FAULT]
    yield Figure(FIGURES[2], sum(one.relapsed for one in closed) / max(len(closed), 1), "share", len(closed))
    yield Figure(FIGURES[3], sum(one.tests for one in lives) / max(len(lives), 1), "tests per ticket", len(lives))


def tell(lives: Sequence[Life]) -> None:
    """All counts, for whoever looks closer."""
    for is_there in (True, False):
        mine = [one for one in lives if (one.fault is not None) == is_there]
        ends, firsts = Counter(one.end for one in mine), Counter(str(one.first) for one in mine)
        sys.stderr.write(f"{'true' if is_there else 'false'}: {dict(ends)}; by the first test alone {dict(firsts)}\n")
    for one in lives:
        what = f"{one.finding.kind:16} {one.finding.fault_mode:26} {'true' if one.fault else 'false':5}"
        sys.stderr.write(f"{what} first {one.first}, {one.end}, {one.tests} tests{', relapsed' * one.relapsed}\n")


def _as_raised(finding: Finding) -> Finding:
    return replace(finding, cleared_ms=None, cleared_because=None)


def _is_tested(finding: Finding) -> bool:
    profile = load_profiles().get(finding.kind)
    mode = None if profile is None else profile.fault_modes.get(finding.fault_mode)
    return (
        profile is not None
        and mode is not None
        and mode.test is not None
        and can_do(finding.kind, profile.tests[mode.test])
    )
