"""Wear: how the severity of one fault of one appliance grows from 0 (nothing) to 1 (failed).

Laws of growth over the share ``tau`` of the fault's life: ``exponential`` (e^(b·tau) - 1)/(e^b - 1), ``linear``,
``sqrt`` (diffusion, hardening), ``gamma`` (a gamma process on its way to failure, so a random staircase), ``shocks`` (a
few jumps of random size at random times) and ``step`` (all at once). A fault can begin with a jump, whatever its law.
A mild fault stops at its ceiling and never fails. Life passes with time, or only on days when people are at home.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simulator.arrays import FloatArray, IntArray

LAWS = ("exponential", "linear", "sqrt", "gamma", "shocks", "step")
RANDOM_LAWS = frozenset({"gamma", "shocks"})
KNOTS = 128
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, eq=False)
class UseClock:
    """Runs only on days of use: ``used_days`` up to each day since ``start_ms``; before and after, it runs as usual."""

    start_ms: int
    used_days: FloatArray

    def used_ms(self, ts_ms: IntArray) -> FloatArray:
        """Time of use from the start to then."""
        days = (ts_ms - self.start_ms) / DAY_MS
        last = len(self.used_days) - 1
        within = np.interp(days, np.arange(last + 1), self.used_days)
        return np.asarray((within + np.minimum(days, 0.0) + np.maximum(days - last, 0.0)) * DAY_MS)

    def when_ms(self, used_ms: float) -> int:
        """When so much time of use has passed."""
        used, last = used_ms / DAY_MS, len(self.used_days) - 1
        rising = self.used_days + np.arange(last + 1) * 1e-9
        day = float(np.interp(used, rising, np.arange(last + 1)))
        return self.start_ms + round((day + min(used, 0.0) + max(used - float(rising[-1]), 0.0)) * DAY_MS)


@dataclass(frozen=True, slots=True, eq=False)
class Wear:
    """One fault of one appliance: when it begins, how long it takes, by which law, how far it goes, when it is repaired.

    ``effect`` is how strongly this appliance shows it; ``duration_ms`` counts on ``clock`` where there is one.
    """

    fault_mode: str
    component: str
    onset_ms: int
    duration_ms: int
    law: str
    shape: float
    ceiling: float = 1.0
    staircase: tuple[float, ...] = ()
    jump: float = 0.0
    effect: float = 1.0
    clock: UseClock | None = None
    repaired_ms: int | None = None
    residual: float = 0.0

    @property
    def is_abrupt(self) -> bool:
        """Whether it is there at once."""
        return self.law == "step" or self.jump > 0

    @property
    def failure_ms(self) -> int | None:
        """When the component fails; ``None`` for a fault that stays mild."""
        if self.ceiling < 1.0:
            return None
        if self.clock is None:
            return self.onset_ms + self.duration_ms
        return self.clock.when_ms(float(self.clock.used_ms(np.array([self.onset_ms]))[0]) + self.duration_ms)

    def severity(self, ts_ms: IntArray) -> FloatArray:
        """Severity at each of the given times, 0 to ``ceiling``; never falls until it is repaired."""
        passed: FloatArray = (ts_ms - self.onset_ms).astype(np.float64)
        if self.clock is not None:
            passed = self.clock.used_ms(ts_ms) - self.clock.used_ms(np.array([self.onset_ms]))
        tau = np.clip(passed / self.duration_ms, 0.0, 1.0)
        grown = self._grown(tau)
        if self.jump:
            grown = self.jump + (1.0 - self.jump) * grown
        grown = np.where(ts_ms > self.onset_ms, grown * self.ceiling, 0.0)
        if self.repaired_ms is not None:
            grown = np.where(ts_ms >= self.repaired_ms, self.residual, grown)
        return np.asarray(grown, dtype=np.float64)

    def felt(self, ts_ms: IntArray) -> FloatArray:
        """What the physics feels of it, 0 to 1."""
        return np.minimum(self.severity(ts_ms) * self.effect, 1.0)

    def _grown(self, tau: FloatArray) -> FloatArray:
        if self.law == "exponential":
            return np.asarray(np.expm1(self.shape * tau) / np.expm1(self.shape))
        if self.law == "sqrt":
            return np.asarray(np.sqrt(tau))
        if self.law == "gamma":
            return np.interp(tau, np.linspace(0.0, 1.0, len(self.staircase)), self.staircase)
        if self.law == "shocks":
            return np.asarray(self.staircase)[(tau * (len(self.staircase) - 1)).astype(np.int64)]
        return np.ones_like(tau) if self.law == "step" else tau


@dataclass(frozen=True, slots=True)
class GroupWear:
    """All faults of a group, (member, wear) in order of member."""

    pairs: list[tuple[int, Wear]]

    def mend(self, member: int, fault_mode: str, now_ms: int) -> Wear | None:
        """Take what a member has of a fault away from now on; what it was, or None where it has none now."""
        for place, (who, wear) in enumerate(self.pairs):
            is_there = wear.onset_ms < now_ms and (wear.repaired_ms is None or wear.repaired_ms > now_ms)
            if who == member and wear.fault_mode == fault_mode and is_there:
                self.pairs[place] = (who, replace(wear, repaired_ms=now_ms, residual=0.0))
                return wear
        return None

    def over(self, ts_ms: IntArray, *, count: int) -> dict[str, FloatArray]:
        """What all members feel at each time, (times, members) by fault mode; only modes that are there."""
        felt: dict[str, FloatArray] = {}
        for member, wear in self.pairs:
            if wear.onset_ms < ts_ms[-1]:
                columns = felt.setdefault(wear.fault_mode, np.zeros((len(ts_ms), count)))
                columns[:, member] = np.maximum(columns[:, member], wear.felt(ts_ms))
        return felt

    def at(self, member: IntArray, ts_ms: IntArray) -> Mapping[str, FloatArray]:
        """What one member feels at one time each, by fault mode; only modes that are there."""
        felt: dict[str, FloatArray] = {}
        latest = ts_ms.max(initial=0)
        for who, wear in self.pairs:
            rows = np.nonzero(member == who)[0] if wear.onset_ms < latest else ()
            if len(rows):
                column = felt.setdefault(wear.fault_mode, np.zeros(len(member)))
                column[rows] = np.maximum(column[rows], wear.felt(ts_ms[rows]))
        return felt


def draw_staircase(law: str, shape: float, rng: np.random.Generator) -> tuple[float, ...]:
    """A way from 0 to 1 at the end of life; the smaller ``shape``, the fewer and the higher the steps.

    ``gamma``: a gamma process; ``shocks``: ``shape`` jumps, rounded.
    """
    if law == "shocks":
        steps = np.zeros(KNOTS)
        count = max(round(shape), 1)
        np.add.at(steps, np.sort(rng.integers(0, KNOTS, count)), rng.exponential(1.0, count))
        steps[-1] += 1e-9
    else:
        steps = np.concatenate([[0.0], rng.gamma(shape / 8.0, 1.0, KNOTS - 1) + 1e-9])
    grown = np.cumsum(steps)
    return tuple((grown / grown[-1]).tolist())
