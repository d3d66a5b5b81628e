"""Ageing: which faults the appliances of a group get, and when: by days, by age (Weibull), by use, or by a bad batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray
from simulator.distribution import Distribution
from simulator.homes import Homes
from simulator.specification import FaultSpecification, FleetSpecification, KindSpecification, Weibull
from simulator.wear import DAY_MS, RANDOM_LAWS, UseClock, Wear, draw_staircase

HORIZON_MS = 1461 * DAY_MS
LIVES_MAX = 8


@dataclass(frozen=True, slots=True)
class Past:
    """What the members of a group bring along: age, uses per day at home, who is of the weak batch, and who lacks what.

    ``lacks``: fault mode → who can't have it, for want of the part.
    """

    start_ms: int
    age_days: FloatArray
    uses_per_day: FloatArray
    in_batch: NDArray[np.bool_]
    lacks: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)


def draw_wear(
    fleet: FleetSpecification, kind: KindSpecification, homes: Homes, past: Past, rng: np.random.Generator
) -> list[tuple[int, Wear]]:
    """(member, wear) in order of member; each fault mode has as many members as its share says, rounded."""
    result: list[tuple[int, Wear]] = []
    for fault, members in _stricken(fleet, kind, past, rng):
        for member in members:
            result += [(member, wear) for wear in _lives(fleet, fault, member, homes, past, rng)]
    result.sort(key=lambda pair: (pair[0], pair[1].onset_ms))
    return _first_each(result) if fleet.wear.at_most_one else result


def _first_each(pairs: list[tuple[int, Wear]]) -> list[tuple[int, Wear]]:
    """What is first for each member, and every later life of the same fault."""
    mode_of: dict[int, str] = {}
    return [pair for pair in pairs if mode_of.setdefault(pair[0], pair[1].fault_mode) == pair[1].fault_mode]


def _stricken(
    fleet: FleetSpecification, kind: KindSpecification, past: Past, rng: np.random.Generator
) -> list[tuple[FaultSpecification, list[int]]]:
    """Who gets which fault: nobody two, where the fleet says so, else each fault on its own; and the batch its own."""
    count = len(past.age_days)
    order, free = rng.permutation(count), np.ones(count, dtype=np.bool_)
    given, due, found = 0, 0.0, []
    for fault in kind.faults.values():
        due += fault.share * count
        able = ~past.lacks.get(fault.fault_mode, np.zeros(count, dtype=np.bool_))
        if fleet.wear.at_most_one:
            able &= free
        ranked = order if fleet.wear.at_most_one else rng.permutation(count)
        wanted = max(round(due) - given, 0)
        given += wanted
        members = ranked[able[ranked]][:wanted]
        free[members] = False
        chosen = set(members.tolist())
        if kind.batch is not None and kind.batch.fault_mode == fault.fault_mode:
            weak = np.nonzero(past.in_batch & able & (rng.random(count) < kind.batch.fault_share))[0]
            chosen |= set(weak.tolist())
        found.append((fault, sorted(chosen)))
    return found


def _lives(
    fleet: FleetSpecification,
    fault: FaultSpecification,
    member: int,
    homes: Homes,
    past: Past,
    rng: np.random.Generator,
) -> list[Wear]:
    """The fault of the part that is in now, and of those that replace it, as far as the horizon goes."""
    lives: list[Wear] = []
    age_days, begin_ms = float(past.age_days[member]), past.start_ms
    uses_per_day = max(float(past.uses_per_day[member]), 1e-3)
    while len(lives) < LIVES_MAX:
        wear = _life(fleet, fault, (begin_ms, age_days, uses_per_day), homes.use_clock(member), rng)
        if wear.onset_ms - past.start_ms > HORIZON_MS:
            break
        lives.append(wear)
        if wear.repaired_ms is None or isinstance(fault.onset, Distribution):
            break
        begin_ms, age_days = wear.repaired_ms, 0.0
    return lives


def _life(
    fleet: FleetSpecification,
    fault: FaultSpecification,
    from_now: tuple[int, float, float],
    clock: UseClock,
    rng: np.random.Generator,
) -> Wear:
    rules = fleet.wear
    wear = Wear(
        fault_mode=fault.fault_mode,
        component=fault.component,
        onset_ms=_onset_ms(fault, from_now, clock, rng),
        duration_ms=_duration_ms(fault, from_now[2], rng),
        law=fault.law,
        shape=fault.shape,
        effect=float(rules.effect.draw(1, rng)[0]),
        clock=clock if fault.is_duration_in_uses else None,
    )
    if rng.random() < fault.mild_share:
        return _with_staircase(replace(wear, ceiling=float(fault.mild_ceiling.draw(1, rng)[0])), rng)
    if rng.random() < rules.abrupt_share:
        short_ms = int(rules.abrupt_days.draw(1, rng)[0] * DAY_MS)
        wear = replace(wear, jump=float(rng.uniform(0.4, 0.8)), law="linear", duration_ms=short_ms, clock=None)
    wear = _with_staircase(wear, rng)
    if wear.failure_ms is not None and rng.random() < rules.repaired_share:
        repaired_ms = wear.failure_ms + int(rules.repair_days.draw(1, rng)[0] * DAY_MS)
        wear = replace(wear, repaired_ms=repaired_ms, residual=float(rules.residual.draw(1, rng)[0]))
    return wear


def _with_staircase(wear: Wear, rng: np.random.Generator) -> Wear:
    if wear.law not in RANDOM_LAWS:
        return wear
    return replace(wear, staircase=draw_staircase(wear.law, wear.shape, rng))


def _onset_ms(
    fault: FaultSpecification, from_now: tuple[int, float, float], clock: UseClock, rng: np.random.Generator
) -> int:
    begin_ms, age_days, uses_per_day = from_now
    if isinstance(fault.onset, Distribution):
        return begin_ms + int(fault.onset.draw(1, rng)[0] * DAY_MS)
    if not fault.is_onset_in_uses:
        return begin_ms + round(_remaining(fault.onset, age_days, rng) * DAY_MS)
    uses = _remaining(fault.onset, age_days * uses_per_day, rng)
    used_ms = float(clock.used_ms(np.array([begin_ms]))[0]) + uses / uses_per_day * DAY_MS
    return clock.when_ms(used_ms)


def _duration_ms(fault: FaultSpecification, uses_per_day: float, rng: np.random.Generator) -> int:
    """On the clock of uses where the fault counts in uses."""
    duration = float(fault.duration.draw(1, rng)[0])
    return int(duration / uses_per_day * DAY_MS) if fault.is_duration_in_uses else int(duration * DAY_MS)


def _remaining(law: Weibull, age: float, rng: np.random.Generator) -> float:
    """How much longer a part lasts that has reached this age, by Weibull."""
    survived = (age / law.scale) ** law.shape
    return float(law.scale * (survived + rng.exponential()) ** (1.0 / law.shape) - age)
