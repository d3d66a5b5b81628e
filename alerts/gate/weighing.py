"""Weighing: what each action is expected to cost, and which costs least. Arithmetic on numbers, nothing else.

Let ``loss`` be what the fault costs if nothing is done until it is looked at again: P(cause) · P(it fails by then) · cost of
the failure. A visit costs its price and what it does not prevent; whoever tries something cheaper first pays for that, and
for the visit (or the loss, where that is less) in the cases in which it does not help.

>>> odds = Odds(probability=0.8, fails_soon=0.5, visit_success=0.9, remote_success=0.2, fix_first_success=0.3)
>>> prices = Prices(failure=1000.0, visit=120.0, remote=12.0, fix_first=2.0)
>>> {one.action.value: round(one.cost) for one in weigh(odds, prices)}
{'notice': 400, 'fix_first': 114, 'remote': 140, 'visit': 160}
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from alerts.rules.gate import Gate


class GateAction(StrEnum):
    """What may be done about a finding."""

    NOTICE = "notice"
    """Show it, and look again."""
    FIX_FIRST = "fix_first"
    """Ask the customer to do what often helps."""
    REMOTE = "remote"
    """A remote session."""
    VISIT = "visit"


@dataclass(frozen=True, slots=True)
class Odds:
    """Shares of 1; what can't be tried for this fault mode is ``None``."""

    probability: float
    fails_soon: float
    visit_success: float
    remote_success: float | None
    fix_first_success: float | None


@dataclass(frozen=True, slots=True)
class Prices:
    """Money."""

    failure: float
    visit: float
    remote: float
    fix_first: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """One action: its price, how often it ends the matter, and what it is expected to cost in all."""

    action: GateAction
    price: float
    success: float
    cost: float


def prices_of(gate: Gate, *, danger: int, contract: str | None) -> Prices:
    """The prices that rules have for a fault of so much danger under a contract."""
    visit = gate.visit_price_by_contract.get(contract, gate.visit_price) if contract else gate.visit_price
    return Prices(gate.consequence.of(danger), visit, gate.remote_price, gate.fix_first_price)


def weigh(odds: Odds, prices: Prices) -> tuple[Weighed, ...]:
    """All actions that are possible, as they stand in :class:`GateAction`."""
    loss = odds.probability * odds.fails_soon * prices.failure
    visit = prices.visit + (1 - odds.visit_success) * loss
    else_cost = min(visit, loss)
    found = [Weighed(GateAction.NOTICE, 0.0, 0.0, loss)]
    for action, price, success in (
        (GateAction.FIX_FIRST, prices.fix_first, odds.fix_first_success),
        (GateAction.REMOTE, prices.remote, odds.remote_success),
    ):
        if success is not None:
            found.append(Weighed(action, price, success, price + (1 - success) * else_cost))
    return (*found, Weighed(GateAction.VISIT, prices.visit, odds.visit_success, visit))


def best_of(weighed: tuple[Weighed, ...]) -> Weighed:
    """The action that costs least; of equals the one that disturbs less."""
    return min(weighed, key=lambda one: one.cost)


def fails_within(
    window_ms: tuple[int, int, float] | None, *, now_ms: int, horizon_ms: float, without_window: float
) -> float:
    """The share that fails within a horizon, by a window (from, to, coverage): evenly in it, half of the rest before it.

    >>> fails_within((100, 200, 0.8), now_ms=0, horizon_ms=150, without_window=0.5)
    0.5
    """
    if window_ms is None:
        return without_window
    start_ms, end_ms, coverage = window_ms
    until_ms = now_ms + horizon_ms
    before = (1 - coverage) / 2
    if until_ms >= end_ms:
        return min(before + coverage + before * min((until_ms - end_ms) / max(end_ms - now_ms, 1), 1.0), 1.0)
    if until_ms >= start_ms:
        return before + coverage * (until_ms - start_ms) / max(end_ms - start_ms, 1)
    return before * (until_ms - now_ms) / max(start_ms - now_ms, 1)
