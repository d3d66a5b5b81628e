"""The gate's decision about a ticket or an alert: the odds, the prices, what each action costs, and which costs least.

It is written on the ticket whenever its finding speaks, with all its arithmetic; a change of the action is a line of history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select, update

from alerts.appliances.tables import appliances
from alerts.coverages.contract import contract_of
from alerts.database import Transaction
from alerts.fix_first.reading import fix_first_of
from alerts.gate.standing import StandingState, read_standing
from alerts.gate.weighing import Odds, Weighed, best_of, fails_within, prices_of, weigh
from alerts.lifecycle import OVER
from alerts.tickets.opening import DETECTOR, add_history
from alerts.tickets.sla import DAY_MS
from alerts.tickets.tables import tickets
from ingest.profiles.definition import FaultMode, Profile


def note_gate(t: Transaction, ticket_id: str, profiles: Mapping[str, Profile]) -> None:
    """Write on an open ticket what the gate says now."""
    row = t.connection.execute(select(tickets).where(tickets.c.id == ticket_id)).one()
    if row.status in OVER or row.fault_mode is None or row.probability is None:
        return
    attempt = fix_first_of(t, row, profiles)
    helps = attempt.helps if attempt.is_offered else None
    said = decide_gate(t, row, profiles.get(row.kind), fix_first_success=helps)
    before = row.gate or {}
    if {name: said[name] for name in said if name != "at_ms"} == {
        name: before.get(name) for name in said if name != "at_ms"
    }:
        return
    t.connection.execute(update(tickets).where(tickets.c.id == row.id).values(gate=said))
    if before and before["action"] != said["action"]:
        moved = {"from": before["action"], "to": said["action"]}
        add_history(t.by(DETECTOR), row.id, event="gate", data=moved)


def decide_gate(
    t: Transaction, row: Row[Any], profile: Profile | None, *, fix_first_success: float | None
) -> dict[str, Any]:
    """All of the arithmetic for a row of a ticket, or of an alert, as it is kept and shown."""
    mode, standing = profile.fault_modes.get(row.fault_mode) if profile else None, _standing_of(t, row)
    odds = _odds(t, row, mode, standing, fix_first_success=fix_first_success)
    is_ticket = "contract" in row._mapping  # noqa: SLF001 - the public name of a row as a mapping
    contract = row.contract if is_ticket else contract_of(t, row.appliance_id)
    prices = prices_of(t.rules.gate, danger=mode.danger if mode else 1, contract=contract)
    weighed = weigh(odds, prices)
    best = best_of(weighed)
    return {
        "action": best.action.value,
        "cost": round(best.cost, 2),
        "currency": t.rules.gate.currency,
        "at_ms": t.now_ms,
        "is_watched": _watches(standing),
        "weighed": [_kept(one) for one in weighed],
        "odds": {
            "probability": round(odds.probability, 4),
            "fails_soon": round(odds.fails_soon, 4),
            "visit_success": odds.visit_success,
            "remote_success": None if odds.remote_success is None else round(odds.remote_success, 4),
            "fix_first_success": None if odds.fix_first_success is None else round(odds.fix_first_success, 4),
            "look_again_days": t.rules.gate.look_again_days,
        },
        "prices": {
            "failure": prices.failure,
            "visit": prices.visit,
            "remote": prices.remote,
            "fix_first": prices.fix_first,
        },
    }


def is_watched(t: Transaction, row: Row[Any]) -> bool:
    """Whether the fault mode of this alert is only watched on its model."""
    return _watches(_standing_of(t, row))


def _odds(
    t: Transaction,
    row: Row[Any],
    mode: FaultMode | None,
    standing: Row[Any] | None,
    *,
    fix_first_success: float | None,
) -> Odds:
    gate = t.rules.gate
    tried, solved = (0, 0) if standing is None else (standing.remote_tried, standing.remote_solved)
    remote = (gate.remote_success * gate.success_weight + solved) / (gate.success_weight + tried)
    window = row.failure_window
    fails_soon = fails_within(
        None if window is None else (window["from"], window["to"], window["coverage"]),
        now_ms=t.now_ms,
        horizon_ms=gate.look_again_days * DAY_MS,
        without_window=gate.without_window,
    )
    has_test = mode is not None and mode.test is not None
    return Odds(row.probability, fails_soon, gate.visit_success, remote if has_test else None, fix_first_success)


def _standing_of(t: Transaction, row: Row[Any]) -> Row[Any] | None:
    query = select(appliances.c.model).where(appliances.c.id == row.appliance_id)
    return read_standing(t, row.kind, t.connection.execute(query).scalar_one_or_none(), row.fault_mode)


def _watches(standing: Row[Any] | None) -> bool:
    return standing is not None and standing.state == StandingState.WATCH


def _kept(one: Weighed) -> dict[str, Any]:
    return {
        "action": one.action.value,
        "price": one.price,
        "success": round(one.success, 4),
        "cost": round(one.cost, 2),
    }
