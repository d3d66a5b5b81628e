"""Twins: cycles of equal appliances of a programme kind, sound and faulty, and what the detectors' features make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.profiles import profile_for
from ingest.profiles.definition import Profile
from simulator.physics.kind import ProgrammeKind
from simulator.physics.programme import Conditions, Cycles, Rows
from tests.simulator.alone import Alone

START_MS = 1_790_000_000_000
SURELY = {
    "kitchen_c": 21.0, "outdoor_c": 12.0, "inlet_c": 15.0, "hardness_dh": 15.0, "mains_v": 230.0, "pressure_bar": 3.0,
}  # fmt: skip
MOVES = 3.0
"""A feature moves when it shifts by this many of its least believable standard deviations."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Run:
    """Some cycles and all their readings, undisturbed by sensors."""

    kind: ProgrammeKind
    cycles: Cycles
    rows: Rows

    def column(self, metric: str) -> Floats:
        """One metric of all readings."""
        return np.asarray(self.rows.values[:, list(self.kind.metrics).index(metric)])

    def of_mode(self, metric: str, mode: int) -> Floats:
        """One metric of the readings of one mode."""
        return np.asarray(self.column(metric)[self.rows.mode == mode])

    def last(self, metric: str) -> Floats:
        """The last told value of each cycle."""
        told = np.full(len(self.cycles), np.nan)
        values = self.column(metric)
        known = ~np.isnan(values)
        told[self.rows.cycle[known]] = values[known]
        return told

    def most(self, metric: str) -> Floats:
        """The highest told value of each cycle."""
        highest = np.full(len(self.cycles), -np.inf)
        values = self.column(metric)
        known = ~np.isnan(values)
        np.maximum.at(highest, self.rows.cycle[known], values[known])
        return highest

    def codes(self) -> set[str]:
        """The error codes that came up."""
        return {error.code for error in self.cycles.errors}


def run(
    kind: ProgrammeKind,
    typical: Mapping[str, float],
    *,
    count: int = 60,
    fault: str | None = None,
    severity: float = 0.0,
    interval_s: float = 30.0,
    seed: int = 5,
    around: Mapping[str, float] | None = None,
) -> Run:
    """A cycle each of ``count`` equal appliances; the same seed draws the same programmes, whatever the fault."""
    rng = np.random.default_rng(seed)
    physics = kind.make({name: np.full(count, value) for name, value in typical.items()}, rng)
    felt = {name: np.full(count, value) for name, value in {**SURELY, **(around or {})}.items()}
    conditions = Conditions(**felt, severity={fault: np.full(count, severity)} if fault else {})
    cycles = physics.plan(np.arange(count), np.full(count, START_MS), conditions, rng)
    return Run(kind, cycles, physics.run(cycles, interval_s=interval_s, rng=rng))


def features(one: Run) -> dict[str, Floats]:
    """Each feature of the kind's profile, per cycle, on its working scale (log where the profile says)."""
    profile = profile_for(one.kind.name)
    count = len(one.cycles)
    alone = Alone.of(profile, count)
    modes = [one.kind.modes[mode] for mode in one.rows.mode]
    order = [list(one.kind.metrics).index(name) for name in profile.metrics]
    rows, ts_ms = one.rows.cycle.astype(np.intp), one.rows.ts_ms
    alone.fold(rows, ts_ms, one.rows.values[:, order], modes, ["1"] * len(rows))
    units = alone.units.close(np.arange(count), np.full(count, ts_ms.max() + 1))
    return {feature.name: units.features[:, place] for place, feature in enumerate(profile.features)}


def shifts(sound: Run, faulty: Run) -> dict[str, float]:
    """How far each feature shifts from a sound run to its faulty twin, in the feature's least believable spread."""
    profile: Profile = profile_for(sound.kind.name)
    before, after = features(sound), features(faulty)
    shifted = {}
    for feature in profile.features:
        with np.errstate(invalid="ignore"):
            difference = after[feature.name] - before[feature.name]
        known = difference[~np.isnan(difference)]
        shifted[feature.name] = float(np.median(known)) / feature.floor if len(known) else 0.0
    return shifted
