"""Fleet: homes, appliances, wear and sensors of one specification and one seed, moved through time chunk by chunk.

One seed, one run: the same specification, seed, size, start and steps give the same bytes, whether they go to a broker
or to a file. Truth is kept apart, in ``truth``; nothing of it is in a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from simulator.group import STEP_MS, Group, Members
from simulator.homes import Homes, draw_homes, draw_shares
from simulator.physics import KINDS
from simulator.physics.kind import SteadyKind
from simulator.programme_group import ProgrammeGroup
from simulator.reports import Reports
from simulator.sensors import SensorFault, Sensors, draw_sensor_faults
from simulator.specification import FleetSpecification, KindSpecification
from simulator.steady_group import SteadyGroup
from simulator.truth import Fault, Truth
from simulator.wear import Wear, draw_staircase
from simulator.weather import DAY_MS

GROUP_SIZE = 512


@dataclass(frozen=True, slots=True)
class Appliance:
    """What is known of one appliance of the fleet, as its label tells it."""

    id: str
    kind: str
    model: str
    serial: str
    firmware: str
    region: str
    home: str
    installed_ms: int


class Fleet:
    """Some appliances in their homes, from ``start_ms`` (moved down to 5 minutes) on."""

    def __init__(self, specification: FleetSpecification, *, seed: int, appliances: int, start_ms: int) -> None:
        if appliances < 1:
            raise ValueError("A fleet needs at least one appliance.")
        self.specification = specification
        self.begin_ms = start_ms
        self.start_ms = self.now_ms = start_ms // STEP_MS * STEP_MS
        root = np.random.default_rng([seed, 0])
        homes = draw_homes(specification, count=appliances, start_ms=self.start_ms, rng=root)
        self.appliances: tuple[Appliance, ...] = ()
        self.groups: list[Group] = []
        faults: list[Fault] = []
        sensor_faults: list[tuple[str, SensorFault]] = []
        for number, (kind, first, count) in enumerate(_shared_out(specification, appliances)):
            rng = np.random.default_rng([seed, 1, number])
            rows = np.arange(first, first + count)
            members = _label(specification.kinds[kind], homes.take(rows), first, self.start_ms, rng)
            self.appliances += members
            wear = _draw_wear(specification.kinds[kind], count, self.start_ms, rng)
            metrics = KINDS[kind].metrics
            lying = draw_sensor_faults(metrics, specification.sensors, count=count, start_ms=self.start_ms, rng=rng)
            sensors = Sensors(metrics, specification.sensors, lying, count=count, rng=rng)
            group = Members(specification, homes.take(rows), wear, sensors, first, self.start_ms, rng)
            self.groups.append(_group(kind, group))
            faults += [Fault(members[member].id, one) for member, one in wear]
            sensor_faults += [(members[one.appliance].id, one) for one in lying]
        self.truth = Truth(tuple(faults), tuple(sensor_faults))

    def advance(self, until_ms: int, *, is_live: bool = False) -> Iterator[Reports]:
        """Everything from now until then, a chunk per group; ask for a day or less at a time to bound memory."""
        until_ms = until_ms // STEP_MS * STEP_MS
        for group in self.groups:
            chunk = group.advance(until_ms, is_live=is_live)
            if chunk is not None:
                yield chunk
        self.now_ms = max(self.now_ms, until_ms)


def _group(kind: str, members: Members) -> Group:
    physics = KINDS[kind]
    return SteadyGroup(physics, members) if isinstance(physics, SteadyKind) else ProgrammeGroup(physics, members)


def _shared_out(specification: FleetSpecification, appliances: int) -> Iterator[tuple[str, int, int]]:
    """(kind, first, count) of each group: kinds by share, in groups of bounded size."""
    kinds = list(specification.kinds.values())
    edges = np.rint(np.cumsum([one.share for one in kinds]) / sum(one.share for one in kinds) * appliances).astype(int)
    first = 0
    for kind, end in zip(kinds, edges.tolist(), strict=True):
        while first < end:
            count = min(GROUP_SIZE, end - first)
            yield kind.kind, first, count
            first += count


def _label(
    kind: KindSpecification, homes: Homes, first: int, start_ms: int, rng: np.random.Generator
) -> tuple[Appliance, ...]:
    regions = [weather.region.name for weather in homes.weather]
    models = draw_shares([1.0] * len(kind.models), len(homes), rng)
    firmware = draw_shares([1.0] * len(kind.firmware), len(homes), rng)
    age_days = rng.uniform(60, 3000, len(homes))
    return tuple(
        Appliance(
            id=f"{KINDS[kind.kind].prefix}-{first + i + 1:05d}",
            kind=kind.kind,
            model=kind.models[models[i]],
            serial=f"{rng.integers(10**9, 10**10)}",
            firmware=kind.firmware[firmware[i]],
            region=regions[homes.region[i]],
            home=f"home-{first + i + 1:05d}",
            installed_ms=start_ms - int(age_days[i] * DAY_MS),
        )
        for i in range(len(homes))
    )


def _draw_wear(kind: KindSpecification, count: int, start_ms: int, rng: np.random.Generator) -> list[tuple[int, Wear]]:
    """(member, wear): each member has at most one fault, each fault mode as many members as its share says, rounded."""
    order = rng.permutation(count)
    taken, due, result = 0, 0.0, []
    for fault in kind.faults.values():
        due += fault.share * count
        members = order[taken : max(taken, round(due))]
        taken += len(members)
        for member in sorted(members.tolist()):
            wear = Wear(
                fault_mode=fault.fault_mode,
                component=fault.component,
                onset_ms=start_ms + int(fault.onset_days.draw(1, rng)[0] * DAY_MS),
                duration_ms=int(fault.duration_days.draw(1, rng)[0] * DAY_MS),
                law=fault.law,
                shape=fault.shape,
            )
            if rng.random() < fault.mild_share:
                wear = replace(wear, ceiling=float(fault.mild_ceiling.draw(1, rng)[0]))
            if fault.law == "gamma":
                wear = replace(wear, staircase=draw_staircase(fault.shape, rng))
            result.append((member, wear))
    return sorted(result, key=lambda pair: pair[0])
