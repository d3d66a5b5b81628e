"""Fleet: homes, appliances, wear and sensors of one specification and one seed, moved through time chunk by chunk.

One seed, one run: the same specification, seed, size and start give the same bytes, whether they go to a broker
or to a file. Truth is kept apart, in ``truth``; nothing of it is in a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from simulator.ageing import Past, draw_wear
from simulator.cohorts import Appliance, draw_cohort, draw_parameters, housed, shared_out
from simulator.group import SPAN_MS, Group, Members, Span
from simulator.homes import draw_homes, draw_weather
from simulator.life import draw_life
from simulator.lived_group import LivedGroup
from simulator.physics import KINDS
from simulator.physics.kind import SteadyKind
from simulator.programme_group import ProgrammeGroup
from simulator.reports import Reports, join, split
from simulator.sensors import Sensors, draw_sensor_faults
from simulator.specification import FleetSpecification
from simulator.steady_group import SteadyGroup
from simulator.truth import Batch, Fault, Lie, Truth
from simulator.wear import GroupWear

START_GRID_MS = 300_000


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
        groups = list(shared_out(specification, appliances))
        rows = housed(specification, groups, root)
        self.weather = draw_weather(specification, start_ms=self.start_ms, rng=root)
        homes = max(int(row.max()) for row in rows) + 1
        self.homes = draw_homes(specification, self.weather, count=homes, start_ms=self.start_ms, rng=root)
        self.appliances: tuple[Appliance, ...] = ()
        self.groups: list[LivedGroup] = []
        self.truth = Truth()
        for number, (kind, first, _) in enumerate(groups):
            self._add_group(number, kind, first, rows[number])
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
            now, later = split(join(ahead) if len(ahead) > 1 else ahead[0], until_ms)
            self._ahead[place] = [later] if len(later) or later.happenings else []
            if len(now) or now.happenings:
                yield now
        self.now_ms = until_ms

    def try_steps(self, place: int, helps: Mapping[str, float], now_ms: int) -> list[str]:
        """Somebody does at home what ``helps`` against fault modes (mode → share of cases); those that it has mended.

        It shows from the next span on. Trying again never helps where it did not at first.
        """
        group = next(one for one in reversed(self.groups) if one.members.first <= place)
        chance = np.random.default_rng([self.seed, 11, place])
        luck = {mode: chance.random() for mode in sorted(helps)}
        wear, member = group.members.wear, place - group.members.first
        mended = [(mode, wear.mend(member, mode, now_ms)) for mode in helps if luck[mode] < helps[mode]]
        return [mode for mode, before in mended if before is not None]

    def _tell_span(self, place: int) -> Reports | None:
        begin_ms = self._told_until_ms[place]
        end_ms = self._told_until_ms[place] = begin_ms + SPAN_MS
        is_live = self.live_from_ms is not None and end_ms > self.live_from_ms
        rng = np.random.default_rng([self.seed, 3, place, (begin_ms - self.start_ms) // SPAN_MS])
        return self.groups[place].advance(Span(begin_ms, end_ms, is_live, rng))

    def _add_group(self, number: int, name: str, first: int, rows: NDArray[np.int64]) -> None:
        specification, kind, start_ms = self.specification, KINDS[name], self.start_ms
        rng = np.random.default_rng([self.seed, 1, number])
        homes, written = self.homes.take(rows), specification.kinds[name]
        cohort = draw_cohort(specification, kind, homes, first=first, rows=rows, start_ms=start_ms, rng=rng)
        models_rng = np.random.default_rng([self.seed, 4, list(specification.kinds).index(name)])
        parameters = draw_parameters(specification, kind, cohort.model, models_rng=models_rng, rng=rng)
        uses = written.programmes_per_year.draw(len(rows), rng)
        uses_per_day = np.ones(len(rows)) if isinstance(kind, SteadyKind) else uses / 365.0 / homes.at_home
        lacks = {} if isinstance(kind, SteadyKind) else kind.spares(parameters)
        past = Past(start_ms, cohort.age_days, uses_per_day, cohort.in_batch, lacks)
        wear = draw_wear(specification, written, homes, past, rng)
        firmware = [one.firmware for one in cohort.appliances]
        life = draw_life(specification, kind, count=len(rows), start_ms=start_ms, wear=wear, firmware=firmware, rng=rng)
        lies = draw_sensor_faults(kind.metrics, specification.sensors, count=len(rows), start_ms=start_ms, rng=rng)
        sensors = Sensors(kind.metrics, specification.sensors, lies, life.shifts, count=len(rows), rng=rng)
        members = Members(
            specification, homes, parameters, uses, GroupWear(list(wear)), life, sensors, first=first, start_ms=start_ms
        )
        new_homes = draw_homes(specification, self.weather, count=len(life.moves), start_ms=start_ms, rng=rng)
        self.groups.append(LivedGroup(make_group(name, members, rng), new_homes))
        self.appliances += cohort.appliances
        ids = [one.id for one in cohort.appliances]
        self.truth.faults += [Fault(ids[member], one) for member, one in wear]
        self.truth.lies += [Lie(ids[one.appliance], one) for one in lies]
        self.truth.shifts += [(ids[one.member], one) for one in life.shifts]
        if written.batch is not None:
            weak = [ids[member] for member in np.nonzero(cohort.in_batch)[0]]
            self.truth.batches += [Batch(one, written.batch.fault_mode) for one in weak]


def make_group(name: str, members: Members, rng: np.random.Generator) -> Group:
    """The appliances of one kind, ready to be moved through time."""
    kind = KINDS[name]
    return SteadyGroup(kind, members, rng) if isinstance(kind, SteadyKind) else ProgrammeGroup(kind, members, rng)
