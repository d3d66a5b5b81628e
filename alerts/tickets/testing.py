"""What remote tests have said of a ticket's causes: probabilities, parts and the next step move with each.

The likelihood ratios stay with the ticket, so that news of its finding, which knows nothing of them, is weighed by them
again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, update

from alerts.database import Transaction
from alerts.notices.changes import Subject, record_change
from alerts.tickets.causes import moved, spoken
from alerts.tickets.opening import add_history
from alerts.tickets.tables import tickets
from ingest.profiles.definition import Profile

UNSAID = 0.5
"""How sure a ticket is of its cause that somebody opened by hand."""
PARTS_SHOWN = 5
CERTAIN = 0.9
RULED_OUT = 0.1


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
    t: Transaction, ticket_id: str, test: str, modes: tuple[str, ...], ratio: float, verdict: str, profile: Profile
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let a test speak in its ticket; what the ticket said before and what it says after."""
    row = t.connection.execute(select(tickets).where(tickets.c.id == ticket_id)).one()
    causes = causes_of(row, profile)
    after = moved(causes, ratio, modes)
    tested = [*(row.tested or []), {"test": test, "modes": list(modes), "ratio": ratio, "verdict": verdict}]
    recommended = recommended_after(row.recommended or {}, after, tested, profile)
    columns = spoken(row.fault_mode, after) | {"tested": tested, "recommended": recommended}
    t.connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(**columns, version=row.version + 1))
    said = (_said(causes, row.recommended or {}), _said(after, recommended))
    told = {"test": test, "likelihood_ratio": ratio, "before": said[0]["causes"], "after": said[1]["causes"]}
    add_history(t, ticket_id, event=f"test_{verdict}", data=told)
    record_change(t, Subject.TICKET, ticket_id, {"number": row.number, "status": row.status})
    return said


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
        "next_step": _next_step(ranked, recommended.get("test")),
    }


def _next_step(ranked: Sequence[tuple[str, float]], test: str | None) -> str:
    """``repair`` where the cause is certain, ``no_fault`` where every cause is ruled out, ``test`` or ``visit`` else."""
    likeliest = ranked[0][1] if ranked else 0.0
    if likeliest >= CERTAIN:
        return "repair"
    if sum(share for _, share in ranked) <= RULED_OUT:
        return "no_fault"
    return "test" if test else "visit"
