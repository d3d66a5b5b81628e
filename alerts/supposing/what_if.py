"""What if: the cases of a span decided anew under another threshold, gate or budget, beside what happened.

A case that nobody has judged counts as real with its probability. Each figure has a 95 % interval by resampling the cases
(Poisson bootstrap), so that two that overlap are not taken for a difference.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alerts.gate.weighing import GateAction, Odds, Prices, Weighed, best_of, fails_within, prices_of, weigh
from alerts.incidents.incident import interval_of
from alerts.rules.gate import Budget, Gate
from alerts.supposing.cases import Case
from alerts.tickets.sla import DAY_MS

RESAMPLED = 400
NAMES = ("visits", "in_vain", "misses", "cost")
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CourseOfThings:
    """What came of the cases, or would have: visits, those in vain, real faults that nobody acted on, and money."""

    visits: Figure
    in_vain: Figure
    misses: Figure
    cost: Figure


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The same cases twice. ``saved`` is what it would have saved; ``judged`` is how many have a verdict."""

    cases: int
    judged: int
    currency: str
    happened: CourseOfThings
    would: CourseOfThings
    saved: Figure


@dataclass(frozen=True, slots=True)
class Assumption:
    """Under what the cases are decided anew."""

    gate: Gate
    budget: Budget
    probability_at_least: float = 0.0
    severity_at_least: float = 0.0


def what_if(cases: Sequence[Case], assumed: Assumption, *, today: Gate, seed: int = 1) -> WhatIf:
    """Decide the cases anew; ``today`` prices what happened."""
    happened = np.array([_happened(case, today) for case in cases], dtype=np.float64).reshape(-1, len(NAMES))
    would = np.array(_decided(cases, assumed), dtype=np.float64).reshape(-1, len(NAMES))
    weights = np.random.default_rng(seed).poisson(1.0, (RESAMPLED, len(cases))).astype(np.float64)
    return WhatIf(
        cases=len(cases),
        judged=sum(case.is_real is not None for case in cases),
        currency=assumed.gate.currency,
        happened=_course(happened, weights),
        would=_course(would, weights),
        saved=_figure((happened - would)[:, NAMES.index("cost")], weights),
    )


def _decided(cases: Sequence[Case], assumed: Assumption) -> list[tuple[float, float, float, float]]:
    judged: dict[tuple[str, str, str], _Judged] = {}
    found = []
    for case in cases:
        weighed = {one.action: one for one in weigh(*_numbers(case, assumed.gate))}
        is_shown = case.probability >= assumed.probability_at_least and case.severity >= assumed.severity_at_least
        past = judged.setdefault(case.mode, _Judged())
        is_watched = past.is_over(case.at_ms, assumed.budget)
        best = best_of(tuple(weighed.values())) if is_shown and not is_watched else weighed[GateAction.NOTICE]
        found.append(_came_of(case, best, assumed.gate))
        if best.action is GateAction.VISIT and case.is_real is not None:
            past.add(case.at_ms, is_real=case.is_real)
    return found


@dataclass(frozen=True, slots=True)
class _Judged:
    """The judged visits of one mode, oldest first; ``in_vain[n]`` is how many of the first ``n`` were."""

    at_ms: list[int] = field(default_factory=list)
    in_vain: list[int] = field(default_factory=lambda: [0])

    def add(self, at_ms: int, *, is_real: bool) -> None:
        self.at_ms.append(at_ms)
        self.in_vain.append(self.in_vain[-1] + (not is_real))

    def is_over(self, at_ms: int, budget: Budget) -> bool:
        first = bisect_right(self.at_ms, at_ms - budget.over_days * DAY_MS)
        visits = len(self.at_ms) - first
        if visits < budget.visits_at_least:
            return False
        return interval_of(self.in_vain[-1] - self.in_vain[first], visits)[0] > budget.false_share


def _numbers(case: Case, gate: Gate) -> tuple[Odds, Prices]:
    soon = fails_within(
        case.window,
        now_ms=case.at_ms,
        horizon_ms=gate.look_again_days * DAY_MS,
        without_window=gate.without_window,
    )
    remote = gate.remote_success if case.can_test else None
    odds = Odds(case.probability, soon, gate.visit_success, remote, case.helps)
    return odds, prices_of(gate, danger=case.danger, contract=case.contract)


def _came_of(case: Case, done: Weighed, gate: Gate) -> tuple[float, float, float, float]:
    """Visits, those in vain, misses and money of one case under one action."""
    odds, prices = _numbers(case, gate)
    real = case.probability if case.is_real is None else float(case.is_real)
    loss = real * odds.fails_soon * prices.failure
    if done.action is GateAction.NOTICE:
        return 0.0, 0.0, real, loss
    visit = prices.visit + (1 - odds.visit_success) * loss
    if done.action is GateAction.VISIT:
        return 1.0, 1 - real, 0.0, visit
    left = 1.0 - done.success
    expected = odds.probability * odds.fails_soon * prices.failure
    if prices.visit + (1 - odds.visit_success) * expected >= expected:  # nobody drives where trying has not helped
        return 0.0, 0.0, left * real, done.price + left * loss
    return left, left * (1 - real), 0.0, done.price + left * visit


def _happened(case: Case, gate: Gate) -> tuple[float, float, float, float]:
    """The same of what was really done."""
    weighed = {one.action: one for one in weigh(*_numbers(case, gate))}
    if case.was_visited:
        return _came_of(case, weighed[GateAction.VISIT], gate)
    if not case.had_ticket:
        return _came_of(case, weighed[GateAction.NOTICE], gate)
    return 0.0, 0.0, 0.0, gate.remote_price


def _course(rows: Numbers, weights: Numbers) -> CourseOfThings:
    return CourseOfThings(*[_figure(rows[:, column], weights) for column in range(len(NAMES))])


def _figure(values: Numbers, weights: Numbers) -> Figure:
    """A sum over the cases (n,), with the interval of its resampled sums (RESAMPLED, n)."""
    if not len(values):
        return Figure(0.0, 0.0, 0.0)
    low, high = np.quantile(weights @ values, [0.025, 0.975])
    return Figure(round(float(values.sum()), 2), round(float(low), 2), round(float(high), 2))
