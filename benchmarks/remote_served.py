"""What remote tests do for tickets through the whole service: fleet ``hard``, seeds on which nothing was tuned.

The cases are those of ``remote_tests``: a fault between half of its severity and failure, and as often a sound appliance.
Here each is an appliance with its own line to a broker, at which the service works on embedded parts, on a clock that both
share. A ticket is opened for the fault, a session with the code from the display, the test with people at the appliance
where it needs them, the second person where it needs one. What the readings and the signed commands come to decides:
cleared, the ticket is closed as no fault; confirmed, the customer does the steps that there are, which mend their share of
cases, and a second test on the next day says whether it helped; else somebody must drive. A ticket that was solved without
a visit has relapsed where its appliance has the fault, half grown, within the next 90 days. Baseline: chance.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

import msgspec
import numpy as np
import structlog

from alerts.errors import DeskError
from alerts.lifecycle import ProcedureState, TicketState, TicketStep
from alerts.remote.inference import Indication
from alerts.remote.policy import Obstacle, Scope, SessionLimits
from alerts.tickets.ticket import NewTicket, StepBody, TicketSource, Verdict, VerdictRecord
from api.service.role import ALL, ServiceRole
from api.service.service import Service
from api.service.surroundings import Surroundings
from api.settings.settings import Settings
from benchmarks.figure import Figure
from benchmarks.remote_tests import CHANCE, SEVERITY_LEAST, START_MS, Case, cases
from ingest.clock import AcceleratedClock, SystemClock
from ingest.mqtt.embedded_broker import WINDOW, EmbeddedBroker
from ingest.profiles import load_profiles
from ingest.profiles.definition import RemoteTest
from simulator.agent import Agent, Identity
from simulator.bench import FleetBench
from simulator.connection import Connection, read_broker
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.kitchen import Deed, touch
from simulator.trials.trial import Trial
from simulator.weather import DAY_MS

if TYPE_CHECKING:
    from alerts.desk import Desk

FIGURES = ("remote_served_confirmed", "remote_served_rejected", "remote_served_solved", "remote_served_relapsed")
Answer = TypeVar("Answer")

SEEDS = (9301, 9302)
APPLIANCES = 300
SPEED = 7200.0
"""So many times faster than life; a day passes in twelve seconds."""
AT_ONCE = 8
TECHNICIANS = 40
SERVICE_USER = "fettle"
PATIENCE_S = 240.0
LOOK_S = 0.3
READING_S = 2.0
RELAPSE_DAYS = 90


@dataclass(slots=True)
class Outcome:
    """What came of all cases."""

    of_faults: Counter[Indication] = field(default_factory=Counter)
    of_sound: Counter[Indication] = field(default_factory=Counter)
    by_test: Counter[tuple[str, str, bool, str]] = field(default_factory=Counter)
    not_run: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    relapsed: int = 0

    def note(self, case: Case, kind: str, said: Indication) -> None:
        """A test has spoken of a case for the first time."""
        (self.of_faults if case.is_there else self.of_sound)[said] += 1
        self.by_test[kind, str(case.mode.test), case.is_there, said.value] += 1

    def tell(self, out: TextIO) -> None:
        """All counts, for whoever looks closer."""
        out.writelines(
            f"{kind:16} {test:24} {'fault' if is_there else 'sound'} {said:10} {count:4}\n"
            for (kind, test, is_there, said), count in sorted(self.by_test.items())
        )
        out.write(f"tickets {dict(self.ended)}, relapsed {self.relapsed}, not run {dict(self.not_run)}\n")


def measure() -> Iterator[Figure]:
    """All seeds together."""
    outcome = Outcome()
    for seed in SEEDS:
        asyncio.run(_run(seed, outcome))
    outcome.tell(sys.stderr)
    for name, said, wanted in (
        (FIGURES[0], outcome.of_faults, Indication.CONFIRMED),
        (FIGURES[1], outcome.of_sound, Indication.CLEARED),
    ):
        share = said[wanted] / max(said.total(), 1)
        yield Figure(name, share, "share", said.total(), ratio_to="chance", ratio=share / CHANCE)
    solved = outcome.ended["cleared"] + outcome.ended["mended"]
    yield Figure(FIGURES[2], solved / max(outcome.ended.total(), 1), "share", outcome.ended.total())
    yield Figure(FIGURES[3], outcome.relapsed / max(solved, 1), "share", solved)


async def _run(seed: int, outcome: Outcome) -> None:
    """One fleet's cases."""
    fleet = Fleet(read_fleet("hard"), seed=seed, appliances=APPLIANCES, start_ms=START_MS)
    await work_all(fleet, list(cases(fleet, np.random.default_rng([seed, 77]))), outcome, Home)


async def work_all(
    fleet: Fleet, found: Sequence[Case], outcome: Outcome, home: type[Home], roles: Sequence[ServiceRole] = ALL
) -> None:
    """Work a fleet's cases through a service of its own, some at a time."""
    seed = fleet.seed
    names = [f"{fleet.appliances[case.place].id}-{number}" for number, case in enumerate(found)]
    chance = random.Random(seed)
    passwords = {name: f"{chance.getrandbits(64):x}" for name in (SERVICE_USER, *names)}
    wall_ms = SystemClock().now_ms()
    clock = AcceleratedClock(wall_ms, wall_ms, SPEED)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fettle-bench-")))
        broker = stack.enter_context(EmbeddedBroker(passwords))
        settings = Settings(
            data_dir=folder / "data",
            http_listen="127.0.0.1:0",
            mqtt_url=broker.url(SERVICE_USER),
            stale_after_s=1e7,
        )
        around = Surroundings(
            clock=clock,
            limits=SessionLimits().at_speed(SPEED),
            connection=broker.options(settings.mqtt_client_id),
            window=WINDOW,
        )
        service = Service(settings, around, roles)
        service.start()
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        stack.callback(service.stop)
        gate = asyncio.Semaphore(AT_ONCE)
        homes = []
        for name, case in zip(names, found, strict=True):
            agent = _agent(fleet, case, name, seed, service.rooms.command_keys.public_keys)
            line = Connection(
                agent,
                read_broker(broker.old_url()),
                clock=clock,
                password=passwords[name],
                rng=random.Random(name),
                gate=gate,
            )
            homes.append(home(case, fleet, line, service.rooms.desk, chance, outcome))
        busy = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(home.live(busy) for home in homes))


def _agent(fleet: Fleet, case: Case, name: str, seed: int, keys: tuple[str, ...]) -> Agent:
    """The software of one case's appliance, which obeys the service alone."""
    one, profile = fleet.appliances[case.place], load_profiles()[fleet.appliances[case.place].kind]
    return Agent(
        Identity(name, one.kind, one.model, one.serial, one.firmware, one.region, 60.0),
        boot=f"{random.Random(name).getrandbits(64):016x}",
        tests=[profile.tests[str(case.mode.test)]],
        bench=CaseBench(FleetBench(fleet, case.place, seed), case.at_ms),
        command_keys=keys,
    )


@dataclass(slots=True)
class CaseBench:
    """An appliance as it is at the moment of its case, and on the days after the first test."""

    bench: FleetBench
    at_ms: int
    began_ms: int | None = None

    def run_test(self, test: RemoteTest, seconds: float, now_ms: int) -> Trial:
        """The same as the fleet's own bench, at the time of the case."""
        self.began_ms = now_ms if self.began_ms is None else self.began_ms
        return self.bench.run_test(test, seconds, self.at_ms + now_ms - self.began_ms)


@dataclass
class Home:
    """One case: the appliance, who lives with it, and the technician who works its ticket from afar."""

    case: Case
    fleet: Fleet
    line: Connection
    desk: Desk
    chance: random.Random
    outcome: Outcome

    async def live(self, busy: asyncio.Semaphore) -> None:
        """The case from its ticket to its end."""
        async with busy:
            self.line.agent.surface.pace = SPEED
            tasks = [asyncio.create_task(self.line.run()), asyncio.create_task(self._speak())]
            try:
                await self._work()
            except (DeskError, TimeoutError) as error:
                self.outcome.not_run[f"{self.case.mode.test}: {error}"[:90]] += 1
            finally:
                await self.line.leave()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def kind(self) -> str:
        """Its appliance's kind."""
        return self.line.agent.identity.kind

    async def _speak(self) -> None:
        """Say how the appliance is, and what tests have brought to light."""
        profile = load_profiles()[self.kind]
        mode = next(one for one in profile.modes if one not in profile.running_modes)
        while True:
            now_ms = self.line.clock.now_ms()
            said = self.line.agent.due(now_ms)
            if not self.line.agent.is_testing:
                calm = {"ts": now_ms, "mode": mode, "metrics": {"power_w": 1.0}}
                said += self.line.agent.report([msgspec.json.encode(calm)])
            self.line.publish(said)
            await asyncio.sleep(READING_S)

    async def _work(self) -> None:
        technician = self.desk.by(f"tess-{self.chance.randrange(TECHNICIANS)}")
        ticket = await self.open_ticket(technician)
        if ticket is None:
            self.outcome.ended["no ticket"] += 1
            return
        said = await self._test(technician, ticket)
        self.outcome.note(self.case, self.kind, said)
        ended, is_mended = "visit", False
        if said is Indication.CLEARED:
            ended = "cleared"
            technician.tickets.step(ticket, TicketStep.START, StepBody())
            technician.tickets.judge(ticket, VerdictRecord(Verdict.NO_FAULT_FOUND))
            technician.tickets.step(ticket, TicketStep.CLOSE, StepBody())
        elif said is Indication.CONFIRMED and technician.fix_first.read(ticket).is_offered:
            is_mended = self._do_steps()
            technician.fix_first.tell(ticket, is_done=True)
            await asyncio.sleep(DAY_MS / 1000 / SPEED)
            await self._test(technician, ticket)
            if await self.until(lambda: technician.tickets.read(ticket).status is TicketState.CLOSED, PATIENCE_S / 4):
                ended = "mended"
        self.outcome.ended[ended] += 1
        self.outcome.relapsed += ended != "visit" and not is_mended and self._comes_back()

    async def open_ticket(self, technician: Desk) -> str | None:
        """The case's ticket; nothing where none is opened for it."""
        new = NewTicket(
            self.line.agent.identity.appliance_id,
            "It may have a fault",
            fault_mode=self.case.mode.name,
            source=TicketSource.CUSTOMER,
        )
        return str((await self.patiently(lambda: technician.tickets.open(new))).number)

    def _do_steps(self) -> bool:
        """The customer does what the page says; whether the fault is gone by it."""
        helps: Mapping[str, float] = (
            {} if self.case.mode.self_help is None else {self.case.mode.name: self.case.mode.self_help.helps}
        )
        return bool(self.fleet.try_steps(self.case.place, helps, self.case.at_ms + 1))

    def _comes_back(self) -> bool:
        """Whether the appliance has this fault, half grown, within the days after."""
        days = self.case.at_ms + np.arange(RELAPSE_DAYS + 1, dtype=np.int64) * DAY_MS
        appliance_id = self.fleet.appliances[self.case.place].id
        return any(
            bool((fault.wear.severity(days) >= SEVERITY_LEAST).any())
            for fault in self.fleet.truth.faults
            if fault.appliance_id == appliance_id and fault.wear.fault_mode == self.case.mode.name
        )

    async def _test(self, technician: Desk, ticket: str) -> Indication:
        """The case's test in a session of its own: what it says."""
        name = str(self.case.mode.test)
        is_strong = load_profiles()[self.kind].tests[name].danger_class == "R3"
        sessions = technician.sessions
        session = (await asyncio.to_thread(sessions.request, ticket, Scope.ACT if is_strong else Scope.TEST)).id
        try:
            await self.until(lambda: self._code(session) is not None)
            await asyncio.to_thread(sessions.consent, session, str(self._code(session)))
            await self.patiently(lambda: sessions.begin(session, name))
            await self.until(lambda: self._is_done(session))
            done = sessions.read(session).procedures[-1]
            if done.verdict is None:
                raise TimeoutError(f"the test has failed: {done.reason}")
            return Indication(done.verdict)
        finally:
            with contextlib.suppress(DeskError):  # it may have ended by itself
                await asyncio.to_thread(sessions.end, session)

    def _code(self, session: str) -> str | None:
        shown = self.line.agent.consent
        return shown.code if shown is not None and shown.session == session else None

    def _is_done(self, session: str) -> bool:
        """Whether the test has ended; the people there do what it waits for."""
        found = self.desk.sessions.read(session).procedures[-1]
        if found.state is not ProcedureState.RUNNING:
            return True
        for obstacle, deed in (
            (Obstacle.NOBODY_THERE, Deed.CONFIRM_PRESENCE),
            (Obstacle.SERVICE_MODE_OFF, Deed.SERVICE_MODE),
        ):
            if obstacle in found.waits_for:
                self.line.publish(touch(self.line.agent, deed, self.line.clock.now_ms(), is_on=True))
        if Obstacle.APPROVAL_MISSING in found.waits_for and found.waiting_command_id is not None:
            self.desk.by("tom").sessions.approve(session, found.waiting_command_id)
        return False

    async def until(self, is_true: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
        """Wait for something; a wait of full patience that is in vain ends the case."""
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s:
            if await asyncio.to_thread(is_true):
                return True
            await asyncio.sleep(LOOK_S)
        if seconds == PATIENCE_S:
            raise TimeoutError("it took too long")
        return False

    async def patiently(self, ask: Callable[[], Answer]) -> Answer:
        """Ask again where the desk says no, because something is on its way."""
        ends_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_s:
            try:
                return await asyncio.to_thread(ask)
            except DeskError:
                await asyncio.sleep(LOOK_S)
        return await asyncio.to_thread(ask)
