"""The life cycle of a visit, a table {state: {step: state}}; a step that it does not name raises and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class VisitState(StrEnum):
    """Where a visit stands."""

    PLANNED = "planned"
    CONFIRMED = "confirmed"
    ON_THE_WAY = "on_the_way"
    ON_SITE = "on_site"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"


class VisitStep(StrEnum):
    """What can be done with a visit."""

    CONFIRM = "confirm"
    MOVE = "move"
    DEPART = "depart"
    ARRIVE = "arrive"
    FINISH = "finish"
    MISS = "miss"
    CANCEL = "cancel"


_BEFORE_THE_DOOR = {
    VisitStep.MOVE: VisitState.PLANNED,
    VisitStep.DEPART: VisitState.ON_THE_WAY,
    VisitStep.ARRIVE: VisitState.ON_SITE,
    VisitStep.MISS: VisitState.MISSED,
    VisitStep.CANCEL: VisitState.CANCELLED,
}

VISIT: Mapping[VisitState, Mapping[VisitStep, VisitState]] = {
    VisitState.PLANNED: {VisitStep.CONFIRM: VisitState.CONFIRMED, **_BEFORE_THE_DOOR},
    VisitState.CONFIRMED: _BEFORE_THE_DOOR,
    VisitState.ON_THE_WAY: {
        VisitStep.ARRIVE: VisitState.ON_SITE,
        VisitStep.MISS: VisitState.MISSED,
        VisitStep.CANCEL: VisitState.CANCELLED,
    },
    VisitState.ON_SITE: {VisitStep.FINISH: VisitState.DONE, VisitStep.MISS: VisitState.MISSED},
    VisitState.DONE: {},
    VisitState.MISSED: {},
    VisitState.CANCELLED: {},
}

VISIT_MOVABLE: frozenset[VisitState] = frozenset({VisitState.PLANNED, VisitState.CONFIRMED})
"""States in which a visit may still go to another time or technician."""
VISIT_STANDING: frozenset[VisitState] = frozenset({state for state, steps in VISIT.items() if steps})
"""States in which a visit is still to come, or under way."""
