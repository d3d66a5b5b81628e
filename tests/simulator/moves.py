"""Moves: how far each fault moves each feature, as the detectors see it; the same appliances without and with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from detectors.layering.grouping import passes
from detectors.layering.piece import UnitRows
from ingest.profiles import load_profiles
from ingest.profiles.definition import Profile, Unit
from simulator.fleet import make_group
from simulator.fleet_file import read_fleet
from simulator.group import SPAN_MS, Members, Span
from simulator.homes import draw_homes, draw_weather
from simulator.life import Life
from simulator.physics import KINDS
from simulator.reports import Reports, join
from simulator.sensors import Sensors
from simulator.specification import FleetSpecification
from simulator.wear import GroupWear, Wear
from simulator.weather import DAY_MS
from tests.simulator.alone import Alone
from tests.simulator.made import calm_fleet

SUMMER_MS = round(datetime(2026, 7, 5, tzinfo=UTC).timestamp() * 1000)
WINTER_MS = round(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moves:
    """How far each fault moves each feature: in standard deviations of the healthy appliances, (modes, features)."""

    modes: tuple[str, ...]
    features: tuple[str, ...]
    z: Floats

    def of(self, mode: str) -> dict[str, float]:
        """Feature → move of one fault mode, without those of which nothing was read."""
        row = self.z[self.modes.index(mode)]
        return {name: float(value) for name, value in zip(self.features, row, strict=True) if np.isfinite(value)}


def specification(name: str = "household") -> FleetSpecification:
    """A fleet whose sensors only have noise; its people go away now and then."""
    fleet = read_fleet(name)
    return replace(calm_fleet(fleet), homes=fleet.homes)


def run(
    kind: str, wear: Sequence[tuple[int, Wear]], *, members: int, days: int, start_ms: int, seed: int = 7
) -> Reports:
    """What these appliances report in that many days of history."""
    fleet, rng = specification(), np.random.default_rng(seed)
    weather = draw_weather(fleet, start_ms=start_ms, rng=rng)
    homes = draw_homes(fleet, weather, count=members, start_ms=start_ms, rng=rng)
    written = fleet.kinds[kind]
    parameters = {name: spread.draw(members, rng) for name, spread in written.parameters.items()}
    uses = written.programmes_per_year.draw(members, rng)
    sensors = Sensors(KINDS[kind].metrics, fleet.sensors, (), (), count=members, rng=rng)
    group = make_group(
        kind, Members(fleet, homes, parameters, uses, GroupWear(list(wear)), Life(), sensors, 0, start_ms), rng
    )
    begins = range(start_ms, start_ms + days * DAY_MS, SPAN_MS)
    spans = [Span(b, b + SPAN_MS, is_live=False, rng=np.random.default_rng([seed, b // SPAN_MS])) for b in begins]
    chunks = [group.advance(span) for span in spans]
    return join([chunk for chunk in chunks if chunk is not None])


def standing(mode: str, severity: float) -> Wear:
    """A fault that has been as bad as that for ever."""
    return Wear(mode, "part", -1, 1, "linear", 1.0, ceiling=severity)


def moves(
    kind: str, severities: Sequence[float], *, each: int, days: int, start_ms: int, seed: int = 7
) -> dict[float, Moves]:
    """Severity → moves: ``each`` appliances per fault mode and severity, sound and faulty, in one run of each."""
    profile = load_profiles()[kind]
    modes = KINDS[kind].fault_modes
    cases = [(mode, severity) for severity in severities for mode in modes]
    members = each * len(cases)
    wear = [(i, standing(*cases[i // each])) for i in range(members)]
    context = Alone.of(profile, members).context
    sound = _units(profile, run(kind, [], members=members, days=days, start_ms=start_ms, seed=seed), members)
    for place in passes(sound.rows):
        rows = sound.rows[place]
        context.learn_rows_of(rows, sound.features[place], sound.contexts[place], np.zeros(len(rows)))
        context.take_over()
    faulty = _units(profile, run(kind, wear, members=members, days=days, start_ms=start_ms, seed=seed), members)
    z, _, _ = context.score(faulty.rows, faulty.features, faulty.contexts)
    z = np.clip(z, -60, 60)
    case_of, features = faulty.rows // each, tuple(feature.name for feature in profile.features)
    table = np.array([[_mean(z[case_of == c, f]) for f in range(len(features))] for c in range(len(cases))])
    parts = np.split(table, len(severities))
    return {severity: Moves(modes, features, part) for severity, part in zip(severities, parts, strict=True)}


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) >= 5 else float("nan")


def _units(profile: Profile, told: Reports, members: int) -> UnitRows:
    """Closed and usable days or cycles."""
    alone = Alone.of(profile, members)
    columns = [told.metrics.index(name) for name in profile.metrics]
    names = [told.modes[number] for number in told.mode.tolist()]
    ids = [str(number) if number else None for number in told.cycle.tolist()]
    units = alone.fold(told.appliance.astype(np.intp), told.ts_ms, told.values[:, columns], names, ids)
    keep = units.is_usable
    if profile.unit is Unit.DAY:
        keep &= units.start_ms - units.start_ms.min() >= DAY_MS
    return units.taken(np.flatnonzero(keep))
