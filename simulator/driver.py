"""Driver: runs a fleet against a broker: first its past, as buffered batches, then live on a clock of any speed.

The past goes out day by day, all appliances in turn, as fast as it is acknowledged: what is unacknowledged is bounded
by ``outstanding_bytes``. Live, each appliance sends what is due; what fell due since the last look goes as one message,
so a speed that can't be kept makes messages longer, and the lag is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.clock import Clock, SystemClock
from ingest.profiles import load_profiles
from ingest.profiles.definition import Profile
from simulator.agent import Agent
from simulator.buffer import Outgoing
from simulator.connection import RESEND_MESSAGES, Broker
from simulator.fast_sampling import between
from simulator.fleet import Fleet
from simulator.installation import install
from simulator.items import Item, Itemizer, by_appliance
from simulator.kitchen import Deed, Display, display_of, touch
from simulator.reports import Happening
from simulator.sent_moments import SentMoments
from simulator.surface import Consent
from simulator.weather import DAY_MS

OUTSTANDING_BYTES = 64 * 1024 * 1024
WALL = SystemClock()
LIVE_TICK_S = 0.05
LIVE_SPAN_MS = 3_600_000
REPORT_EVERY_S = 1.0
REPEAT_BEFORE_LEAVING_S = 3.0
"""Whoever is about to leave does not wait long before it says again what nobody has acknowledged."""
CONNECTED_S = 60.0
"""How long the past waits for a fleet in which some appliances keep nothing."""


@dataclass(slots=True)
class Progress:
    """How far the fleet has come. ``published`` counts numbered messages (telemetry and event), each once."""

    phase: str = "connecting"
    published: int = 0
    samples: int = 0
    readings: int = 0
    unacknowledged: int = 0
    resent: int = 0
    dropped: int = 0
    connected: int = 0
    history_days: float = 0.0
    sim_now_ms: int = 0
    lag_s: float = 0.0
    by_day: dict[int, int] = field(default_factory=dict)
    """Messages by simulated day since the fleet's start."""
    consents: dict[str, Consent] = field(default_factory=dict)
    """The code on each appliance's display."""


class FleetRun:
    """One fleet at one broker."""

    def __init__(
        self,
        fleet: Fleet,
        broker: Broker,
        *,
        clock: Clock,
        seed: int,
        passwords: Mapping[str, str] | None = None,
        topic_root: str = "fettle/v1",
        profiles: Mapping[str, Profile] | None = None,
        bad_network: bool = True,
        outstanding_bytes: int = OUTSTANDING_BYTES,
        report: Callable[[Progress], None] | None = None,
        command_keys: Sequence[str] = (),
    ) -> None:
        self.fleet, self.broker, self.clock, self.report = fleet, broker, clock, report
        self.outstanding_bytes = outstanding_bytes
        self.progress = Progress(sim_now_ms=fleet.now_ms)
        known = load_profiles() if profiles is None else profiles
        self.installation = install(
            fleet, broker, clock=clock, seed=seed, passwords=passwords or {}, topic_root=topic_root,
            profiles=known,
            bad_network=bad_network, on_answer=self._answered, command_keys=command_keys,
        )  # fmt: skip
        self.connections = self.installation.connections
        self._itemizer = Itemizer(self.installation.clocks)
        self._starts = self.installation.clocks.first_starts()
        self._resting: dict[int, int] = {}
        self._testing: set[int] = set()
        self._quick: set[int] = set()
        self._fast_ms: dict[int, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._sent = SentMoments()
        self._idle_ms = round(fleet.specification.intervals["idle_interval_h"] * 3_600_000)
        self._steps = {
            kind: {mode.name: mode.self_help.helps for mode in one.fault_modes.values() if mode.self_help is not None}
            for kind, one in known.items()
        }
        self._places = {one.id: place for place, one in enumerate(fleet.appliances)}

    def sent_at_wall_ms(self, appliance_id: str, ts_ms: int) -> int | None:
        """When (wall clock) the appliance handed the sample of event time ``ts_ms`` to its connection; None if forgotten."""
        place = self._places.get(appliance_id)
        return None if place is None else self._sent.wall_ms(place, ts_ms)

    def look_at(self, appliance_id: str) -> Display | None:
        """An appliance's display now; None where there is no such appliance."""
        place = self._places.get(appliance_id)
        return None if place is None else display_of(self.connections[place].agent, self.clock.now_ms())

    def touch(self, appliance_id: str, deed: Deed, *, is_on: bool) -> Display | None:
        """Do something at an appliance as the person at home; its display afterwards."""
        place = self._places.get(appliance_id)
        if place is None:
            return None
        connection, now_ms = self.connections[place], self.clock.now_ms()
        if deed is Deed.DO_STEPS:
            self.fleet.try_steps(place, self._steps.get(connection.agent.identity.kind, {}), now_ms)
        said = touch(connection.agent, deed, now_ms, is_on=is_on)
        self.progress.published += sum(message.seq is not None for message in said)
        connection.publish(said)
        return display_of(connection.agent, now_ms)

    def set_pace(self, speed: float) -> None:
        """Let the people around the appliances live at their own speed, beside a clock that runs ``speed`` times faster."""
        for connection in self.connections:
            connection.agent.surface.pace = speed

    async def run(
        self,
        *,
        history_until_ms: int | None,
        stop: asyncio.Event,
        live_until_ms: int | None = None,
        drain_s: float = 15.0,
    ) -> Progress:
        """Send the past up to ``history_until_ms`` (none if ``None``), then live until ``stop`` or ``live_until_ms``.

        Before it ends it waits up to ``drain_s`` for everything to be acknowledged.
        """
        self.fleet.go_live(self.fleet.now_ms if history_until_ms is None else history_until_ms)
        self._tasks = [asyncio.create_task(connection.run()) for connection in self.connections]
        watch = asyncio.create_task(self._watch())
        try:
            if history_until_ms is not None:
                await self._tell_past(history_until_ms, stop)
            await self._live(stop, live_until_ms)
            await self._drain(drain_s)
        finally:
            watch.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(watch, *self._tasks, return_exceptions=True)
            self._tell("ended")
        return self.progress

    async def _tell_past(self, until_ms: int, stop: asyncio.Event) -> None:
        self.progress.phase = "history"
        await self._wait_for_lines(stop)
        while self.fleet.now_ms < until_ms and not stop.is_set():
            for chunk in self.fleet.advance(min(self.fleet.now_ms + DAY_MS, until_ms)):
                self._check()
                for place, items in by_appliance(self._itemizer.items(chunk)):
                    self._send(place, items)
                await asyncio.sleep(0)
            self.progress.history_days = (self.fleet.now_ms - self.fleet.start_ms) / DAY_MS
            self.progress.sim_now_ms = self.fleet.now_ms
            await self._wait_for_room(stop)

    def _tell_fast(self, coming: Sequence[Item], now_ms: int) -> None:
        """Readings of those whom a session asks for them more often, between what the fleet tells."""
        for place in self._quick:
            agent = self.connections[place].agent
            following = next(
                (one.told for one in coming if one.appliance == place and isinstance(one.told, bytes)), None
            )
            if agent.surface.capture is not None:
                agent.surface.capture.read(agent.surface.sample, following, now_ms)
            wanted, last_ms = agent.surface.sampling_at(now_ms), self._fast_ms.get(place, 0)
            if wanted is None or agent.is_testing or now_ms - last_ms < wanted.interval_s * 1000:
                continue
            self._fast_ms[place] = now_ms
            said = agent.report([between(agent.surface.sample, following, now_ms)])
            self.progress.published += len(said)
            self.connections[place].publish(said)
        surfaces = {place: self.connections[place].agent.surface for place in self._quick}
        self._quick = {place for place, one in surfaces.items() if one.capture or one.sampling_at(now_ms)}

    async def _live(self, stop: asyncio.Event, until_ms: int | None) -> None:
        self.progress.phase = "live"
        for place, until_ms_asleep in self._resting.items():
            self._sleep(place, until_ms_asleep)
        while not stop.is_set() and (until_ms is None or self.fleet.now_ms < until_ms):
            begin_ms = self.fleet.now_ms
            end_ms = begin_ms + LIVE_SPAN_MS if until_ms is None else min(begin_ms + LIVE_SPAN_MS, until_ms)
            items = [item for chunk in self.fleet.advance(end_ms) for item in self._itemizer.items(chunk)]
            items.sort(key=lambda item: item[1])
            sent = 0
            while not stop.is_set():
                now_ms = self.clock.now_ms()
                due = sent
                while due < len(items) and items[due][1] <= now_ms:
                    due += 1
                for place, mine in by_appliance(sorted(items[sent:due], key=lambda item: item[0])):
                    self._wake(place, mine, now_ms)
                    self._send(place, mine)
                    if place in self._resting:
                        self._sleep(place, self._resting[place])
                sent = due
                if self._quick:
                    self._tell_fast(items[sent:], now_ms)
                self._tell_tests(now_ms)
                self.progress.sim_now_ms = min(now_ms, self.fleet.now_ms)
                self.progress.lag_s = max(now_ms - self.fleet.now_ms, 0) / 1000
                if now_ms >= self.fleet.now_ms and sent == len(items):
                    break
                self._check()
                await _pause(stop, LIVE_TICK_S)
            await self._wait_for_room(stop)
            await asyncio.sleep(0)

    async def _drain(self, drain_s: float) -> None:
        self.progress.phase = "draining"
        end_s = time.monotonic() + drain_s
        again_s = time.monotonic() + REPEAT_BEFORE_LEAVING_S
        while time.monotonic() < end_s and not all(connection.is_idle for connection in self.connections):
            self._check()
            if time.monotonic() >= again_s:
                again_s += REPEAT_BEFORE_LEAVING_S
                for connection in self.connections:
                    connection.publish(connection.agent.unacknowledged()[:RESEND_MESSAGES])
            await asyncio.sleep(LIVE_TICK_S)
        await asyncio.gather(*(connection.leave() for connection in self.connections))

    async def _wait_for_room(self, stop: asyncio.Event) -> None:
        while (
            not stop.is_set() and sum(one.agent.buffer.kept_bytes for one in self.connections) > self.outstanding_bytes
        ):
            self._check()
            await _pause(stop, LIVE_TICK_S)

    async def _wait_for_lines(self, stop: asyncio.Event) -> None:
        """Where some appliances keep nothing, the past begins when they can speak: they would lose it."""
        end_s = time.monotonic() + CONNECTED_S
        while self.installation.has_memoryless and not stop.is_set() and time.monotonic() < end_s:
            if all(one.is_connected for one in self.connections):
                return
            self._check()
            await _pause(stop, LIVE_TICK_S)

    def _send(self, place: int, items: Sequence[Item]) -> None:
        """Publish what one appliance has to say, in order: runs of samples as batches, events between them."""
        agent = self.connections[place].agent
        messages: list[Outgoing] = []
        run: list[bytes] = []
        for item in items:
            if item.start != self._starts[place]:
                messages += agent.report(run)
                run = []
                self._starts[place] = item.start
                agent.reboot(f"{self.connections[place].rng.getrandbits(64):016x}")
                self.connections[place].break_off()
            if isinstance(item.told, Happening):
                messages += agent.report(run)
                run = []
                messages.append(agent.tell(item.told))
            else:
                run.append(item.told)
                self.progress.samples += 1
                self.progress.readings += item.readings
        messages += agent.report(run)
        day = (items[0].ts_ms - self.fleet.start_ms) // DAY_MS
        self.progress.published += len(messages)
        self.progress.by_day[day] = self.progress.by_day.get(day, 0) + len(messages)
        self._sent.note(place, items[-1].shown_ms, WALL.now_ms())
        self.connections[place].publish(messages)
        if items[-1].is_rest:
            self._resting[place] = items[-1].shown_ms + self._idle_ms
        else:
            self._resting.pop(place, None)

    def _wake(self, place: int, items: Sequence[Item], now_ms: int) -> None:
        """Let an appliance that sleeps say that it is there again, before it tells more than a sign of life."""
        if not items[-1].is_rest:
            self.connections[place].publish(self.connections[place].agent.wake(now_ms))

    def _sleep(self, place: int, until_ms: int) -> None:
        self.connections[place].publish([self.connections[place].agent.sleep(self.clock.now_ms(), until_ms=until_ms)])

    def _tell_tests(self, now_ms: int) -> None:
        """Publish what remote tests have brought to light by now."""
        for place in tuple(self._testing):
            connection = self.connections[place]
            messages = connection.agent.due(now_ms)
            self.progress.published += sum(message.seq is not None for message in messages)
            connection.publish(messages)
            if not connection.agent.is_busy:
                self._testing.discard(place)

    def _check(self) -> None:
        """Raise what ended a connection for good."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def _answered(self, agent: Agent) -> None:
        place = self._places[agent.identity.appliance_id]
        if agent.is_busy:
            self._testing.add(place)
        if agent.surface.sampling is not None or agent.surface.capture is not None:
            self._quick.add(place)
        if agent.consent is not None and self.progress.consents.get(agent.identity.appliance_id) != agent.consent:
            self.progress.consents[agent.identity.appliance_id] = agent.consent
            self._tell(self.progress.phase)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY_S)
            now_s = time.monotonic()
            for connection in self.connections:
                connection.resend_if_forgotten(now_s)
            self._tell(self.progress.phase)

    def _tell(self, phase: str) -> None:
        progress = self.progress
        progress.phase = phase
        if phase == "live":  # also while it waits for room, and lives no further
            progress.lag_s = max(self.clock.now_ms() - self.fleet.now_ms, 0) / 1000
        agents = [connection.agent for connection in self.connections]
        done = sum(
            agent.counts.acknowledged + agent.counts.refused + agent.counts.dropped
            if agent.has_memory
            else agent.counts.numbered
            for agent in agents
        )
        progress.unacknowledged = progress.published - done
        progress.dropped = sum(agent.counts.dropped for agent in agents)
        progress.resent = sum(connection.resent for connection in self.connections)
        progress.connected = sum(connection.is_connected for connection in self.connections)
        if self.report is not None:
            self.report(progress)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait a moment, less if told to stop."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
