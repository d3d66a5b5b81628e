"""The after-sales world: homes, technicians, and the faults of some weeks, drawn once from a seed.

Everything that chance decides is drawn here, before anybody does anything: who is at home, whether a part is late, whether a
repair holds. Two ways of working that meet the same world differ by what they do, and by nothing else.

Assumed, not measured: how often people are not at home, move, err; docs/simulator.md says each number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from ingest.profiles.definition import FaultMode, Profile

DAY_MS = 86_400_000
NOT_HOME, REFUSES_TIME, MOVES, COMPLAINS = 0.06, 0.15, 0.1, 0.5
"""Not at home at the hour; says no to a time; takes another one later; complains when it takes too long."""
NAMED_RIGHT, NOTHING_WRONG = 0.78, 0.1
"""The finding names the fault; there is none at all."""
REPAIR_FAILS = {0: 0.03, 1: 0.2, 2: 0.45}
"""Repairs that do not hold, by the levels of skill that are missing."""
WRONG_VERDICT, PART_LATE = 0.08, 0.2
REMOTE_SOLVES = 0.2
TURNS = 12
"""Draws of each kind for one fault: visits beyond these go by the last."""


@dataclass(frozen=True, slots=True)
class WorldHome:
    """A home: where it is, and after how many days its people lose patience."""

    latitude: float
    longitude: float
    patience_days: float


@dataclass(frozen=True, slots=True)
class WorldTechnician:
    """Somebody who goes to homes: where from, and how well they know each kind."""

    name: str
    latitude: float
    longitude: float
    skills: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class WorldFault:
    """What happens at one appliance: what it is (``mode``, None where nothing is wrong), what the finding says, what it takes.

    ``chance`` holds numbers in [0, 1) by the name of what they decide, one for each turn.
    """

    appliance_id: str
    at_ms: int
    home: WorldHome
    kind: str
    mode: FaultMode | None
    named: FaultMode
    probability: float
    part: str | None
    chance: Mapping[str, Sequence[float]]

    def happens(self, what: str, turn: int, share: float) -> bool:
        """Whether something of this share of cases happens at a turn; the same answer always."""
        draws = self.chance[what]
        return draws[min(turn, len(draws) - 1)] < share


@dataclass(frozen=True, slots=True)
class AfterSalesWorld:
    """One region for some weeks."""

    technicians: Sequence[WorldTechnician]
    faults: Sequence[WorldFault]
    skus: Sequence[str]
    """All parts that may be needed, the likeliest first."""


CHANCES = ("not_home", "refuses", "moves", "fails", "verdict", "late", "self_help", "remote", "complains", "again")


def draw_world(
    seed: int, profiles: Mapping[str, Profile], *, start_ms: int, days: int, per_day: float, technicians: int
) -> AfterSalesWorld:
    """The world of a seed: the same for the same numbers."""
    chance = Random(seed)
    kinds = [profile for profile in profiles.values() if profile.fault_modes]
    modes = [
        (one.kind, mode) for one in kinds for mode in one.fault_modes.values() if mode.signature and not mode.symptom_of
    ]
    weights = [mode.hazard_per_year for _, mode in modes]
    people = [_technician(chance, number, [one.kind for one in kinds], technicians) for number in range(technicians)]
    faults: list[WorldFault] = []
    at_days = chance.expovariate(per_day)
    while at_days < days:
        kind, mode = chance.choices(modes, weights)[0]
        faults.append(_fault(chance, len(faults), start_ms + round(at_days * DAY_MS), kind, mode, profiles[kind]))
        at_days += chance.expovariate(per_day)
    need: dict[str, float] = {}
    for _, mode in modes:
        for part in mode.parts:
            need[part.sku] = need.get(part.sku, 0.0) + part.share * mode.hazard_per_year
    return AfterSalesWorld(people, faults, sorted(need, key=lambda sku: -need[sku]))


def _place(chance: Random) -> tuple[float, float]:
    """Within some 25 km of Cologne."""
    return round(50.94 + chance.gauss(0, 0.12), 2), round(6.96 + chance.gauss(0, 0.18), 2)


def _technician(chance: Random, number: int, kinds: Sequence[str], of: int) -> WorldTechnician:
    """Skills are drawn; each kind in turn is somebody's own, so that of each there is who knows all."""
    latitude, longitude = _place(chance)
    skills = {kind: chance.choices([0, 1, 2, 3], [3, 3, 3, 1])[0] for kind in kinds}
    skills |= {kind: 3 for place, kind in enumerate(kinds) if place % of == number}
    known = {kind: level for kind, level in skills.items() if level}
    return WorldTechnician(f"Technician {number}", latitude, longitude, known)


def _fault(chance: Random, number: int, at_ms: int, kind: str, mode: FaultMode, profile: Profile) -> WorldFault:
    others = [one for one in profile.fault_modes.values() if one.name != mode.name and one.signature]
    is_right = chance.random() < NAMED_RIGHT or not others
    named = mode if is_right else chance.choice(others)
    is_there = chance.random() >= NOTHING_WRONG
    probability = min(0.97, max(0.3, chance.gauss(0.75 if is_right else 0.55, 0.12)))
    part = _part(chance, mode) if is_there else None
    latitude, longitude = _place(chance)
    return WorldFault(
        appliance_id=f"{kind.upper()[:2]}-{number:05d}",
        at_ms=at_ms,
        home=WorldHome(latitude, longitude, chance.uniform(3, 10)),
        kind=kind,
        mode=mode if is_there else None,
        named=named,
        probability=round(probability, 3),
        part=part,
        chance={name: [chance.random() for _ in range(TURNS)] for name in CHANCES},
    )


def _part(chance: Random, mode: FaultMode) -> str | None:
    drawn = chance.random()
    for part in mode.parts:
        if drawn < part.share:
            return part.sku
        drawn -= part.share
    return None
