"""Families of figures: each with what it was counted from, its target where it has one, and its definition in a sentence.

All of one period [start, end), as known at its end. What can't be said (nothing was counted) has no value and ``n`` 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select

from alerts.database import Transaction
from alerts.indicators.moments import ended_episodes, is_closed
from alerts.indicators.reliability import Cohort, read_reliability
from alerts.repairs.lifecycle import RepairState
from alerts.repairs.tables import repairs
from alerts.tickets.sla import DAY_MS, HOUR_MS
from alerts.tickets.tables import ticket_history, tickets
from alerts.tickets.ticket import TicketSource, Verdict

REWORK_MS = 30 * DAY_MS
IN_VAIN = (Verdict.NO_FAULT_FOUND.value, Verdict.USAGE.value, Verdict.SELF_CLEARED.value)


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure; ``n`` is how many cases it was counted from."""

    value: float | None
    n: int
    definition: str
    target: float | None = None


Families = Mapping[str, Mapping[str, KeyFigure]]


def count_families(t: Transaction, *, start_ms: int, end_ms: int) -> Families:
    """Quality, efficiency and product of a period."""
    ended = ended_episodes(start_ms=start_ms, end_ms=end_ms)
    return {
        "quality": _quality(t, ended, start_ms=start_ms, end_ms=end_ms),
        "efficiency": _efficiency(t, ended),
        "product": _product(t, start_ms=start_ms, end_ms=end_ms),
    }


def _quality(t: Transaction, ended: Subquery, *, start_ms: int, end_ms: int) -> Mapping[str, KeyFigure]:
    columns, closed = ended.c, is_closed(ended)
    judged = closed & columns.verdict.is_not(None)
    predicted = judged & (columns.source == TicketSource.PREDICTION.value)
    before = ended_episodes(start_ms=start_ms - REWORK_MS, end_ms=end_ms - REWORK_MS)
    return {
        "answered_in_time": _share(
            t,
            columns.responded_ms <= columns.respond_by_ms,
            of=columns.responded_ms.is_not(None),
            definition="Of the episodes that ended in the period and were answered: those answered by their deadline.",
            target=0.9,
        ),
        "solved_in_time": _share(
            t,
            columns.ended_ms <= columns.resolve_by_ms,
            of=closed,
            definition="Of the episodes closed in the period: those closed by their deadline.",
            target=0.9,
        ),
        "precision": _share(
            t,
            columns.verdict == Verdict.CONFIRMED.value,
            of=predicted,
            definition="Of the predictions closed in the period with a verdict: those found confirmed.",
        ),
        "rework": _share(
            t,
            _came_back(before),
            of=is_closed(before),
            definition="Of the episodes closed in the period that ended 30 days before this one does: those whose appliance got"
            " another ticket for the same component, or the same ticket again, within 30 days.",
        ),
        "repairs_came_back": _share(
            t,
            repairs.c.state == RepairState.CAME_BACK.value,
            of=_judged(start_ms=start_ms, end_ms=end_ms),
            definition="Of the repairs closed in the period of which it was known at its end whether they held: those that came back.",
        ),
    }


def _judged(*, start_ms: int, end_ms: int) -> ColumnElement[bool]:
    within = (repairs.c.closed_ms >= start_ms) & (repairs.c.closed_ms < end_ms) & (repairs.c.decided_ms < end_ms)
    return within & repairs.c.state.in_([RepairState.HELD.value, RepairState.CAME_BACK.value])


def _efficiency(t: Transaction, ended: Subquery) -> Mapping[str, KeyFigure]:
    columns, closed = ended.c, is_closed(ended)
    answer, close = columns.responded_ms - columns.opened_ms, columns.ended_ms - columns.opened_ms
    return {
        "hours_to_answer_median": _hours(
            t, answer, 0.5, of=columns.responded_ms.is_not(None), what="to the answer, of all answered"
        ),
        "hours_to_answer_p90": _hours(
            t, answer, 0.9, of=columns.responded_ms.is_not(None), what="to the answer, of all answered"
        ),
        "hours_to_close_median": _hours(t, close, 0.5, of=closed, what="to the end, of all closed"),
        "hours_to_close_p90": _hours(t, close, 0.9, of=closed, what="to the end, of all closed"),
        "closed_without_visit": _share(
            t,
            columns.visited == 0,
            of=closed,
            definition="Of the episodes closed in the period: those without a visit.",
        ),
        "visits_in_vain": _share(
            t,
            columns.verdict.in_(IN_VAIN),
            of=closed & (columns.visited > 0) & columns.verdict.is_not(None),
            definition="Of the episodes closed in the period with a visit and a verdict: those that found nothing to repair.",
        ),
    }


def _product(t: Transaction, *, start_ms: int, end_ms: int) -> Mapping[str, KeyFigure]:
    kinds = read_reliability(t, Cohort.KIND, start_ms=start_ms, end_ms=end_ms).cohorts
    months, failures = sum(one.exposure_months for one in kinds), sum(one.failures for one in kinds)
    rate = round(1000 * failures / months, 3) if months else None
    said = "Episodes closed in the period as confirmed or another fault, per 1,000 appliance-months in service in it."
    return {"failures_per_1000_months": KeyFigure(rate, failures, said)}


def _came_back(before: Subquery) -> ColumnElement[bool]:
    line = ticket_history.c
    within = before.c.ended_ms + REWORK_MS
    again = tickets.alias("again")
    opened = (
        select(again.c.number)
        .where(
            again.c.appliance_id == before.c.appliance_id,
            again.c.id != before.c.ticket_id,
            again.c.component == before.c.component,
            again.c.opened_ms > before.c.ended_ms,
            again.c.opened_ms <= within,
        )
        .exists()
    )
    reopened = (
        select(line.n)
        .where(line.ticket_id == before.c.ticket_id, line.event == "reopen")
        .where(line.at_ms >= before.c.ended_ms, line.at_ms <= within)
        .exists()
    )
    return or_(opened, reopened)


def _share(
    t: Transaction, is_so: ColumnElement[bool], *, of: ColumnElement[bool], definition: str, target: float | None = None
) -> KeyFigure:
    query = select(func.count(), func.sum(case((and_(is_so), 1), else_=0))).where(of)
    number, so = t.connection.execute(query).one()
    value = round(int(so or 0) / number, 4) if number else None
    return KeyFigure(value, int(number), definition, target)


def _hours(t: Transaction, took_ms: Any, share: float, *, of: ColumnElement[bool], what: str) -> KeyFigure:
    """A percentile by nearest rank, in hours of the clock."""
    number = t.connection.execute(select(func.count()).where(of)).scalar_one()
    name = "median" if share == 0.5 else f"{share:.0%} percentile"
    definition = f"Hours by the clock from the episode's beginning {what} in the period: {name}, by nearest rank."
    if not number:
        return KeyFigure(None, 0, definition)
    rank = max(-(-number * round(share * 100) // 100) - 1, 0)
    found = t.connection.execute(select(took_ms).where(of).order_by(took_ms).offset(rank).limit(1)).scalar_one()
    return KeyFigure(round(int(found) / HOUR_MS, 2), int(number), definition)
