"""How well remote tests tell faults from false alarms, on the fleet ``hard`` with seeds on which nothing was tuned.

A fault is tested at a moment drawn between half of its severity and failure, where a ticket stands at the latest; a sound
appliance as often, by the test of a fault that it has not, drawn by how frequent that fault is. The service's own inference
judges what the appliance measures. Baseline: chance, which confirms and rejects half.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from alerts.remote.inference import Indication, judge
from benchmarks.figure import Figure
from ingest.profiles import load_profiles
from ingest.profiles.definition import FaultMode, Profile
from simulator.bench import FleetBench, can_do
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.weather import DAY_MS

FIGURES = ("remote_test_confirmed", "remote_test_rejected")

SEEDS = (9201, 9202, 9203)
APPLIANCES = 700
START_MS = 1_780_000_000_000
DAYS = 1400
SEVERITY_LEAST = 0.5
CHANCE = 0.5


@dataclass(slots=True)
class Counts:
    """What a test said of faults that were there and of some that were not."""

    of_faults: dict[Indication, int] = field(default_factory=lambda: dict.fromkeys(Indication, 0))
    of_sound: dict[Indication, int] = field(default_factory=lambda: dict.fromkeys(Indication, 0))

    @property
    def confirmed(self) -> float:
        """Share of faults that it confirmed."""
        return self.of_faults[Indication.CONFIRMED] / max(sum(self.of_faults.values()), 1)

    @property
    def rejected(self) -> float:
        """Share of false alarms that it cleared."""
        return self.of_sound[Indication.CLEARED] / max(sum(self.of_sound.values()), 1)


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket's test: of which appliance, when, for which fault mode, and whether it is there."""

    place: int
    at_ms: int
    mode: FaultMode
    is_there: bool


def measure() -> Iterator[Figure]:
    """Both shares over all tests, each beside chance."""
    counts = list(tried().values())
    for name, table, wanted in (
        (FIGURES[0], [one.of_faults for one in counts], Indication.CONFIRMED),
        (FIGURES[1], [one.of_sound for one in counts], Indication.CLEARED),
    ):
        n = sum(sum(one.values()) for one in table)
        share = sum(one[wanted] for one in table) / n
        yield Figure(name, share, "share", n, ratio_to="chance", ratio=share / CHANCE)


def tried() -> dict[tuple[str, str], Counts]:
    """(kind, test) → what it said."""
    profiles, counts = load_profiles(), defaultdict[tuple[str, str], Counts](Counts)
    for seed in SEEDS:
        fleet = Fleet(read_fleet("hard"), seed=seed, appliances=APPLIANCES, start_ms=START_MS)
        rng = np.random.default_rng([seed, 77])
        for case in cases(fleet, rng):
            kind = fleet.appliances[case.place].kind
            said = _outcome(fleet, case, profiles[kind], seed)
            if said is not None:
                one = counts[kind, str(case.mode.test)]
                (one.of_faults if case.is_there else one.of_sound)[said] += 1
    return dict(counts)


def cases(fleet: Fleet, rng: np.random.Generator) -> Iterator[Case]:
    """Each fault once, and as many sound appliances."""
    known = load_profiles()
    places = {one.id: place for place, one in enumerate(fleet.appliances)}
    days = START_MS + np.arange(DAYS, dtype=np.int64) * DAY_MS
    ill = defaultdict[int, list[tuple[int, int]]](list)
    found = []
    for fault in fleet.truth.faults:
        place, wear = places[fault.appliance_id], fault.wear
        severity = wear.severity(days)
        shows = np.flatnonzero(severity > 0)
        if len(shows):
            ill[place].append((int(days[shows[0]]), int(days[shows[-1]])))
        mode = known[fleet.appliances[place].kind].fault_modes.get(wear.fault_mode)
        grown = np.flatnonzero(severity >= SEVERITY_LEAST)
        if mode is not None and _is_tested(fleet, place, mode) and len(grown):
            found.append((place, int(days[rng.choice(grown)]), mode))
    for place, at_ms, mode in found:
        yield Case(place, at_ms, mode, is_there=True)
    for _ in range(len(found)):
        place, at_ms = int(rng.integers(len(fleet.appliances))), int(rng.choice(days))
        modes = known[fleet.appliances[place].kind].fault_modes.values()
        tested = [mode for mode in modes if _is_tested(fleet, place, mode) and mode.hazard_per_year > 0]
        is_sound = not any(begin <= at_ms <= end for begin, end in ill[place])
        if tested and is_sound:
            hazards = np.array([mode.hazard_per_year for mode in tested])
            drawn = tested[int(rng.choice(len(tested), p=hazards / hazards.sum()))]
            yield Case(place, at_ms, drawn, is_there=False)


def _is_tested(fleet: Fleet, place: int, mode: FaultMode) -> bool:
    kind = fleet.appliances[place].kind
    return mode.test is not None and can_do(kind, load_profiles()[kind].tests[mode.test])


def _outcome(fleet: Fleet, case: Case, profile: Profile, seed: int) -> Indication | None:
    """What the service makes of the measurement; None where the appliance lacks the part and measures nothing."""
    test = profile.tests[str(case.mode.test)]
    seconds = float(test.args.get("seconds", test.limit_s))
    value = FleetBench(fleet, case.place, seed).run_test(test, seconds, case.at_ms).measured.get(test.measure)
    return None if value is None else judge(test, float(value)).verdict


if __name__ == "__main__":
    for (kind, test), one in sorted(tried().items()):
        n = sum(one.of_faults.values()), sum(one.of_sound.values())
        sys.stdout.write(
            f"{kind:16} {test:24} confirmed {one.confirmed:.3f} of {n[0]:4}  rejected {one.rejected:.3f} of {n[1]:4}\n"
        )
