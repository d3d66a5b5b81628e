"""Training needs: fault modes whose repairs come back more often to one person than to all others, beyond chance.

The person sees it at once, others only what was known two weeks ago: nobody hears of it from their manager first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select

from alerts.database import Transaction
from alerts.incidents.incident import interval_of
from alerts.people.tables import technicians
from alerts.repairs.lifecycle import RepairState
from alerts.repairs.tables import repairs

DECIDED_MIN = 5
"""So many decided repairs of the mode by the person, or nothing is said."""
LOOK_BACK_MS = 365 * 24 * 3_600_000
PERSON_FIRST_MS = 14 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class TrainingNeed:
    """What came back of a person's repairs of a mode, beside what came back of everybody else's."""

    technician_id: str
    technician: str
    kind: str
    fault_mode: str
    decided: int
    came_back: int
    low: float
    """Lower end of Wilson's 95 % interval of the person's share."""
    others_decided: int
    others_came_back: int


def training_needs(t: Transaction, *, at_ms: int, account: str | None = None) -> Sequence[TrainingNeed]:
    """What was known at a time of the year before it, the clearest first; of one person where their account is given."""
    known = (repairs.c.decided_ms <= at_ms) & (repairs.c.decided_ms > at_ms - LOOK_BACK_MS)
    decided = repairs.c.state.in_([RepairState.HELD.value, RepairState.CAME_BACK.value])
    came_back: ColumnElement[int] = func.sum(case((repairs.c.state == RepairState.CAME_BACK.value, 1), else_=0))
    mode = (repairs.c.kind, repairs.c.fault_mode)
    everybody = select(*mode, func.count(), came_back).where(known, decided).group_by(*mode)
    total = {(kind, name): (number, back) for kind, name, number, back in t.connection.execute(everybody)}
    whose = (technicians.c.id, technicians.c.name)
    query = select(*whose, *mode, func.count(), came_back).join(technicians, whose[0] == repairs.c.technician_id)
    query = query.where(known, decided).group_by(*whose, *mode).having(func.count() >= DECIDED_MIN)
    if account is not None:
        query = query.where(technicians.c.account == account)
    found = []
    for who, name, kind, fault_mode, number, back in t.connection.execute(query):
        others, others_back = total[kind, fault_mode][0] - number, total[kind, fault_mode][1] - back
        low = interval_of(back, number)[0]
        if others >= DECIDED_MIN and low > others_back / others:
            found.append(TrainingNeed(who, name, kind, fault_mode, number, back, round(low, 4), others, others_back))
    return sorted(found, key=lambda one: (-one.low, one.technician, one.fault_mode))
