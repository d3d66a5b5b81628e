"""Installation: every appliance of a fleet as it stands in its home: its agent, its line to the broker, its clock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.clock import Clock
from ingest.profiles.definition import Profile
from simulator.agent import BUFFER_BYTES, Agent, Identity
from simulator.bench import FleetBench, can_do
from simulator.buffer import Outgoing
from simulator.cohorts import Appliance
from simulator.connection import CONNECTING_AT_ONCE, Broker, Connection
from simulator.device_clock import DeviceClocks, draw_clocks
from simulator.fleet import Fleet
from simulator.network import BadNetwork
from simulator.outages import draw_outages
from simulator.physics import KINDS
from simulator.physics.kind import SteadyKind


@dataclass(frozen=True, slots=True)
class Installation:
    """A fleet ready to connect: connections in the order of its appliances, and what time it is for each."""

    connections: tuple[Connection, ...]
    clocks: DeviceClocks

    @property
    def has_memoryless(self) -> bool:
        """Whether some appliance loses what it can't send at once."""
        return not all(one.agent.has_memory for one in self.connections)


def install(
    fleet: Fleet,
    broker: Broker,
    *,
    clock: Clock,
    seed: int,
    passwords: Mapping[str, str],
    topic_root: str,
    profiles: Mapping[str, Profile],
    bad_network: bool,
    on_answer: Callable[[Agent], None],
    command_keys: Sequence[str] = (),
) -> Installation:
    """Agents and lines of a whole fleet; the same seed gives the same boots, outages, memories and clocks.

    ``profiles`` say which tests an appliance can be asked for.
    """
    rules = fleet.specification.network
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
    forgetful = np.random.default_rng([seed, 9]).random(len(fleet.appliances)) < rules.unbuffered
    connections = []
    for number, one in enumerate(fleet.appliances):
        network: BadNetwork[Outgoing] | None = None
        if bad_network:
            outages = draw_outages(rules, start_ms=clock.now_ms(), seed=seed, appliance=number)
            network = BadNetwork(rules, outages, rng=np.random.default_rng([seed, 2, number]))
        chance = random.Random(f"{seed} {fleet.begin_ms} {number}")  # another start is another boot
        agent = Agent(
            _identity(fleet, one),
            boot=f"{chance.getrandbits(64):016x}",
            topic_root=topic_root,
            buffer_bytes=0 if forgetful[number] else BUFFER_BYTES,
            tests=[test for test in profiles[one.kind].tests.values() if can_do(one.kind, test)],
            bench=FleetBench(fleet, number, seed),
            command_keys=command_keys,
            gentle_hours={
                mode.protect.name: mode.protect.hours
                for mode in profiles[one.kind].fault_modes.values()
                if mode.protect
            },
        )
        connections.append(
            Connection(
                agent, broker, clock=clock, password=passwords.get(one.id), rng=chance, gate=gate, network=network,
                on_answer=on_answer,
            )
        )  # fmt: skip
    clocks = draw_clocks(rules, count=len(fleet.appliances), start_ms=fleet.begin_ms, seed=seed)
    return Installation(tuple(connections), clocks)


def _identity(fleet: Fleet, one: Appliance) -> Identity:
    is_steady = isinstance(KINDS[one.kind], SteadyKind)
    interval_s = fleet.specification.intervals["live_interval_s" if is_steady else "programme_interval_s"]
    return Identity(one.id, one.kind, one.model, one.serial, one.firmware, one.region, interval_s)
