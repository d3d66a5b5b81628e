"""Fleet: homes, appliances, wear and sensors of one specification and one seed, moved through time chunk by chunk.

One seed, one run: the same specification, seed, size and start give the same bytes, whether they go to a broker
or to a file. Truth is kept apart, in ``truth``; nothing of it is in a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from simulator.group import SPAN_MS, Group, Members, Span
from simulator.homes import Homes, draw_homes, draw_shares
from simulator.physics import KINDS
from simulator.physics.kind import SteadyKind
from simulator.programme_group import ProgrammeGroup
from simulator.reports import Reports, join, split
from simulator.sensors import SensorFault, Sensors, draw_sensor_faults
from simulator.specification import FleetSpecification, KindSpecification
from simulator.steady_group import SteadyGroup
from simulator.truth import Fault, Truth
from simulator.wear import Wear, draw_staircase
from simulator.weather import DAY_MS

GROUP_SIZE = 512
START_GRID_MS = 300_000


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
        self.specification, self.seed = specification, seed
        self.live_from_ms: int | None = None
        self.begin_ms = start_ms
        self.start_ms = self.now_ms = start_ms // START_GRID_MS * START_GRID_MS
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
            group = Members(specification, homes.take(rows), wear, sensors, first, self.start_ms)
            self.groups.append(make_group(kind, group, rng))
            faults += [Fault(members[member].id, one) for member, one in wear]
            sensor_faults += [(members[one.appliance].id, one) for one in lying]
        self.truth = Truth(tuple(faults), tuple(sensor_faults))
        self._told_until_ms = [self.start_ms] * len(self.groups)
        self._ahead: list[list[Reports]] = [[] for _ in self.groups]

    def go_live(self, from_ms: int) -> None:
        """From the span of this moment on readings come at the live intervals; to be said before anything is told."""
        if max(self._told_until_ms) > self.start_ms:
            raise ValueError("This fleet has told of its past already; say before when it goes live.")
        self.live_from_ms = from_ms

    def advance(self, until_ms: int) -> Iterator[Reports]:
        """Everything from the last call until then, a chunk per group; ask for a day or less to bound memory."""
        until_ms = max(until_ms, self.now_ms)
        for place in range(len(self.groups)):
            ahead = self._ahead[place]
            while self._told_until_ms[place] < until_ms:
                chunk = self._tell_span(place)
                if chunk is not None:
                    ahead.append(chunk)
            if not ahead:
                continue
            now, later = split(join(ahead), until_ms)
            self._ahead[place] = [later] if len(later) or later.happenings else []
            if len(now) or now.happenings:
                yield now
        self.now_ms = until_ms

    def _tell_span(self, place: int) -> Reports | None:
        begin_ms = self._told_until_ms[place]
        end_ms = self._told_until_ms[place] = begin_ms + SPAN_MS
        is_live = self.live_from_ms is not None and end_ms > self.live_from_ms
        rng = np.random.default_rng([self.seed, 3, place, (begin_ms - self.start_ms) // SPAN_MS])
        return self.groups[place].advance(Span(begin_ms, end_ms, is_live, rng))


def make_group(kind: str, members: Members, rng: np.random.Generator) -> Group:
    """The appliances of one kind, ready to be moved through time."""
    physics = KINDS[kind]
    return (
        SteadyGroup(physics, members, rng) if isinstance(physics, SteadyKind) else ProgrammeGroup(physics, members, rng)
    )


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
