"""Life: what happens to appliances beside wear: moves, settings, firmware, repairs, and times without a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.physics.kind import Kind, SteadyKind
from simulator.sensors import Shift
from simulator.specification import FleetSpecification, KindSpecification
from simulator.wear import DAY_MS, Wear

HORIZON_DAYS = 1461


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that happens to one member, as the event tells it."""

    member: int
    at_ms: int
    type: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class Silence:
    """From when to when nothing of one member arrives."""

    member: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter that its people set anew; ``to`` is in the parameter's unit."""

    member: int
    at_ms: int
    parameter: str
    to: float


@dataclass(frozen=True, slots=True)
class Life:
    """All that happens to the members of a group, each list in order of time."""

    occasions: Sequence[Occasion] = ()
    silences: Sequence[Silence] = ()
    settings: Sequence[Setting] = ()
    moves: Sequence[tuple[int, int]] = ()
    """(member, when it is put up in its new home)."""
    shifts: Sequence[Shift] = ()


def draw_life(
    fleet: FleetSpecification,
    kind: Kind,
    *,
    count: int,
    start_ms: int,
    wear: Sequence[tuple[int, Wear]],
    firmware: Sequence[str],
    rng: np.random.Generator,
) -> Life:
    """What the next four years bring to ``count`` appliances of a kind."""
    occasions: list[Occasion] = []
    silences = [
        Silence(member, at_ms, at_ms + int(fleet.life.gap_days.draw(1, rng)[0] * DAY_MS))
        for member, at_ms in _times(fleet.life.gaps_per_year, count, start_ms, rng)
    ]
    moves = []
    for member, at_ms in _times(fleet.life.moves_per_year, count, start_ms, rng):
        there_ms = at_ms + int(fleet.life.move_days.draw(1, rng)[0] * DAY_MS)
        silences.append(Silence(member, at_ms, there_ms))
        moves.append((member, there_ms))
        occasions.append(Occasion(member, there_ms, "moved", {}))
    settings = _settings(fleet, kind, count, start_ms, rng)
    specification = fleet.kinds[kind.name]
    updates, shifts = _updates(fleet, specification, (start_ms, firmware), rng)
    repairs, baselines = _repairs(fleet, kind, wear, rng)
    return Life(
        occasions=sorted((*occasions, *updates, *repairs), key=lambda one: (one.at_ms, one.member)),
        silences=sorted(silences, key=lambda one: (one.start_ms, one.member)),
        settings=settings,
        moves=sorted(moves, key=lambda move: (move[1], move[0])),
        shifts=sorted((*shifts, *baselines), key=lambda one: (one.at_ms, one.member, one.metric)),
    )


def _times(per_year: float, count: int, start_ms: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(member, when), never in the first five days."""
    often = rng.poisson(per_year * HORIZON_DAYS / 365.0, count)
    member = np.repeat(np.arange(count), often)
    days = rng.uniform(5.0, HORIZON_DAYS, len(member))
    return [(int(one), start_ms + int(day * DAY_MS)) for one, day in zip(member, days, strict=True)]


def _settings(
    fleet: FleetSpecification, kind: Kind, count: int, start_ms: int, rng: np.random.Generator
) -> list[Setting]:
    if not isinstance(kind, SteadyKind) or not kind.settings:
        return []
    found = []
    names = tuple(kind.settings)
    for member, at_ms in _times(fleet.life.setting_changes_per_year, count, start_ms, rng):
        name = names[int(rng.integers(len(names)))]
        drawn = float(fleet.kinds[kind.name].parameters[name].draw(1, rng)[0])
        found.append(Setting(member, at_ms, name, float(np.rint(drawn))))
    return sorted(found, key=lambda one: (one.at_ms, one.member))


def _updates(
    fleet: FleetSpecification,
    specification: KindSpecification,
    before: tuple[int, Sequence[str]],
    rng: np.random.Generator,
) -> tuple[list[Occasion], list[Shift]]:
    """A new firmware for some, over some days, and what their metrics read from then on."""
    start_ms, firmware = before
    chosen = rng.random(len(firmware)) < fleet.cohorts.update_share
    days = fleet.cohorts.update_day + rng.random(len(firmware)) * fleet.cohorts.update_spread_days
    update = specification.update
    if update is None:
        return [], []
    occasions, shifts = [], []
    for member in np.nonzero(chosen)[0].tolist():
        at_ms = start_ms + int(days[member] * DAY_MS)
        occasions.append(Occasion(member, at_ms, "firmware_updated", {"from": firmware[member], "to": update.to}))
        shifts += [
            Shift(member, at_ms, metric, one.gain, one.offset, f"firmware_updated {update.to}")
            for metric, one in update.metrics.items()
        ]
    return occasions, shifts


def _repairs(
    fleet: FleetSpecification, kind: Kind, wear: Sequence[tuple[int, Wear]], rng: np.random.Generator
) -> tuple[list[Occasion], list[Shift]]:
    """A new part, and metrics that read a little differently with it."""
    occasions, shifts = [], []
    noisy = [name for name, sensor in kind.metrics.items() if sensor.relative_sd]
    for member, one in wear:
        if one.repaired_ms is None:
            continue
        occasions.append(Occasion(member, one.repaired_ms, "part_replaced", {"component": one.component}))
        if noisy and fleet.wear.baseline_sd:
            metric = noisy[int(rng.integers(len(noisy)))]
            gain = float(np.exp(rng.normal(0.0, fleet.wear.baseline_sd)))
            shifts.append(Shift(member, one.repaired_ms, metric, gain, 0.0, f"part_replaced {one.component}"))
    return occasions, shifts
