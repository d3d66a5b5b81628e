"""What remote tests have said of a ticket's causes: probabilities, parts and the next step move with each.

The likelihood ratios stay with the ticket, so that news of its finding, which knows nothing of them, is weighed by them
again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from alerts.database import Transaction
from alerts.notices.changes import Subject, record_change
from alerts.tickets.again import CONFIRMED, is_waiting, of_this_episode, planned
from alerts.tickets.causes import moved, spoken
from alerts.tickets.opening import add_history
from alerts.tickets.tables import tickets
from ingest.profiles.definition import Profile

UNSAID = 0.5
"""How sure a ticket is of its cause that somebody opened by hand."""
PARTS_SHOWN = 5
CERTAIN = 0.9
RULED_OUT = 0.1


@dataclass(frozen=True, slots=True)
class TestAnswer:
    """What a test has said of the causes that it speaks for."""

    test: str
    modes: tuple[str, ...]
    ratio: float
    verdict: str


def causes_of(row: Row[Any], profile: Profile | None) -> dict[str, float]:
    """The causes of a ticket with their probabilities, the likely first; what is left to one is something else."""
    alternatives = {mode: float(share) for mode, share in row.alternatives or ()}
    if row.fault_mode is not None:
        own = {row.fault_mode: UNSAID if row.probability is None else float(row.probability)}
        return {**own, **{mode: share for mode, share in alternatives.items() if mode != row.fault_mode}}
    if alternatives or profile is None:
        return alternatives
    hazards = {mode.name: mode.hazard_per_year for mode in profile.fault_modes.values()}
    total = sum(hazards.values())
    return {mode: UNSAID * hazard / total for mode, hazard in hazards.items()} if total else {}


def move_causes(
    t: Transaction, ticket_id: str, answer: TestAnswer, profile: Profile
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let a test speak in its ticket; what the ticket said before and what it says after."""
    row = t.connection.execute(select(tickets).where(tickets.c.id == ticket_id)).one()
    causes = causes_of(row, profile)
    before = row.tested or []
    weight = _weight(answer, before)
    after = moved(causes, weight, answer.modes)
    said = {"test": answer.test, "modes": list(answer.modes), "ratio": weight, "verdict": answer.verdict}
    tested = [*before, said | {"severity": row.severity, "at_ms": t.now_ms}]
    again = _again(row, profile, answer, tested)
    recommended = recommended_after(row.recommended or {}, after, tested, profile)
    recommended["again"] = again
    if again is not None:
        recommended["test"] = again["test"] if again["is_due"] else recommended["test"]
    columns = spoken(row.fault_mode, after) | {"tested": tested, "recommended": recommended}
    columns["test_again_ms"] = None if again is None or again["is_due"] else again["due_ms"]
    t.connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(**columns, version=row.version + 1))
    states = (_said(causes, row.recommended or {}), _said(after, recommended))
    told = {"test": answer.test, "likelihood_ratio": answer.ratio}
    told |= {"before": states[0]["causes"], "after": states[1]["causes"]}
    add_history(t, ticket_id, event=f"test_{answer.verdict}", data=told)
    record_change(t, Subject.TICKET, ticket_id, {"number": row.number, "status": row.status})
    return states


def _again(
    row: Row[Any], profile: Profile, answer: TestAnswer, tested: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """When the test of the ticket's own fault is done again; what another test says of other causes leaves that as it is."""
    if row.fault_mode not in answer.modes:
        return (row.recommended or {}).get("again")
    return planned(row, profile.tests[answer.test], of_this_episode(row, tested))


def _weight(answer: TestAnswer, before: Sequence[Mapping[str, Any]]) -> float:
    """By what the answer moves its causes: one that confirms takes back what the same test had not seen when the fault was smaller."""
    if answer.verdict != CONFIRMED:
        return answer.ratio
    unseen = [float(one["ratio"]) for one in before if one["test"] == answer.test and one["ratio"] < 1]
    return answer.ratio / math.prod(unseen)


def recommended_after(
    before: Mapping[str, Any], causes: Mapping[str, float], tested: Sequence[Mapping[str, Any]], profile: Profile
) -> dict[str, Any]:
    """What to do next: the parts by how likely each is needed, and the test that is still open for the likeliest cause."""
    parts: dict[str, dict[str, Any]] = {}
    for mode, share in causes.items():
        for part in profile.fault_modes[mode].parts if mode in profile.fault_modes else ():
            one = parts.setdefault(part.sku, {"sku": part.sku, "name": dict(part.name), "probability": 0.0})
            one["probability"] += share * part.share
    done = {one["test"] for one in tested}
    ranked = sorted(causes, key=lambda mode: -causes[mode])
    certain = bool(ranked) and causes[ranked[0]] >= CERTAIN
    open_tests = [profile.fault_modes[mode].test for mode in ranked if mode in profile.fault_modes]
    following = None if certain else next((test for test in open_tests if test and test not in done), None)
    likely = sorted(parts.values(), key=lambda part: -part["probability"])[:PARTS_SHOWN]
    return {**before, "test": following, "parts": likely}


def _said(causes: Mapping[str, float], recommended: Mapping[str, Any]) -> dict[str, Any]:
    ranked = sorted(causes.items(), key=lambda one: -one[1])
    return {
        "causes": [{"fault_mode": mode, "probability": share} for mode, share in ranked],
        "parts": [{"sku": one["sku"], "probability": one["probability"]} for one in recommended.get("parts") or ()],
        "test": recommended.get("test"),
        "next_step": _next_step(ranked, recommended),
    }


def _next_step(ranked: Sequence[tuple[str, float]], recommended: Mapping[str, Any]) -> str:
    """What follows from the causes and from what is recommended.

    ``repair`` where the cause is certain, ``test`` while one is open, ``watch`` while one is to be done again later,
    ``no_fault`` where every cause is ruled out, ``visit`` else.
    """
    likeliest = ranked[0][1] if ranked else 0.0
    if likeliest >= CERTAIN:
        return "repair"
    if sum(share for _, share in ranked) <= RULED_OUT and not is_waiting(recommended):
        return "no_fault"
    if recommended.get("test"):
        return "test"
    return "watch" if is_waiting(recommended) else "visit"
