"""Efficiency: how often one visit was enough, how often none was needed, and how days are filled."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Subquery, func, select

from alerts.indicators.figure import FigureOf, FigureUnit, Look, Measure
from alerts.indicators.moments import is_closed
from alerts.indicators.quality import cases_of, ended_of, yes
from alerts.indicators.reliability import REAL
from alerts.remote_first.stage import RemoteExit
from alerts.remote_first.tables import remote_first
from alerts.tickets.sla import DAY_MS
from alerts.tickets.ticket import Verdict
from alerts.visits.lifecycle import VisitState
from alerts.visits.tables import visit_tickets, visits

IN_VAIN = (Verdict.NO_FAULT_FOUND.value, Verdict.USAGE.value, Verdict.SELF_CLEARED.value)
REPEAT_MS = 30 * DAY_MS


def _first_time_fix(look: Look) -> Subquery:
    """Repairs with a visit; a visit counts to the episode in which it ended."""
    ended = ended_of(look)
    made = (
        select(func.count())
        .select_from(visit_tickets.join(visits, visits.c.id == visit_tickets.c.visit_id))
        .where(visit_tickets.c.ticket_id == ended.c.ticket_id, visits.c.status == VisitState.DONE.value)
        .where(visits.c.ended_ms > ended.c.opened_ms, visits.c.ended_ms <= ended.c.ended_ms)
        .correlate(ended)
        .scalar_subquery()
    )
    return cases_of(ended, yes(made == 1), is_closed(ended), ended.c.verdict.in_(REAL), made > 0)


def _remote_solved(look: Look) -> Subquery:
    column = remote_first.c
    tried = look.holds(column.ended_ms) & column.exit.is_not(None) & (column.exit != RemoteExit.SKIPPED.value)
    value = yes(column.exit == RemoteExit.SOLVED.value).label("value")
    return select(column.ticket_id, column.ended_ms.label("at_ms"), value).where(tried).subquery()


def _without_visit(look: Look) -> Subquery:
    ended = ended_of(look)
    return cases_of(ended, yes(ended.c.visited == 0), is_closed(ended))


def _in_vain(look: Look) -> Subquery:
    ended = ended_of(look)
    judged = is_closed(ended) & (ended.c.visited > 0) & ended.c.verdict.is_not(None)
    return cases_of(ended, yes(ended.c.verdict.in_(IN_VAIN)), judged)


def _repeats(look: Look) -> Subquery:
    """A visit to a ticket is a repeat where the same ticket had one within the 30 days before."""
    earlier, of_earlier = visits.alias(), visit_tickets.alias()
    before = (
        select(earlier.c.id)
        .join(of_earlier, of_earlier.c.visit_id == earlier.c.id)
        .where(of_earlier.c.ticket_id == visit_tickets.c.ticket_id, earlier.c.status == VisitState.DONE.value)
        .where(earlier.c.ended_ms < visits.c.ended_ms, earlier.c.ended_ms >= visits.c.ended_ms - REPEAT_MS)
        .exists()
    )
    query = select(visit_tickets.c.ticket_id, visits.c.ended_ms.label("at_ms"), yes(before).label("value"))
    query = query.select_from(visits.join(visit_tickets, visit_tickets.c.visit_id == visits.c.id))
    return query.where(visits.c.status == VisitState.DONE.value, look.holds(visits.c.ended_ms)).subquery()


def _made(look: Look) -> Subquery:
    return _visits(look, yes(visits.c.id.is_not(None)))


def _travel(look: Look) -> Subquery:
    return _visits(look, visits.c.travel_min)


def _visits(look: Look, value: ColumnElement[Any]) -> Subquery:
    """The visits made in the period, each once, with one of its tickets."""
    ticket = select(func.min(visit_tickets.c.ticket_id)).where(visit_tickets.c.visit_id == visits.c.id)
    query = select(ticket.scalar_subquery().label("ticket_id"), visits.c.ended_ms.label("at_ms"), value.label("value"))
    return query.where(visits.c.status == VisitState.DONE.value, look.holds(visits.c.ended_ms)).subquery()


def _technician_days(look: Look) -> float:
    day = visits.c.ended_ms - visits.c.ended_ms % DAY_MS
    days = select(visits.c.technician_id, day.label("day")).distinct()
    days = days.where(visits.c.status == VisitState.DONE.value, look.holds(visits.c.ended_ms))
    return float(look.t.connection.execute(select(func.count()).select_from(days.subquery())).scalar_one())


_SHARE, _MEAN = FigureUnit.SHARE, Measure.MEAN

FIGURES = (
    FigureOf(
        "first_time_fix", _SHARE, _MEAN, _first_time_fix,
        "Of the repairs closed in the period (confirmed or another fault) with a visit: those that took one visit.",
        "周期内关闭、有上门且确有故障的维修中，一次上门即完成的比例。", target="first_time_fix",
    ),
    FigureOf(
        "remote_solved", _SHARE, _MEAN, _remote_solved,
        "Of the tickets that somebody tried to solve from afar until the period's end: those solved from afar.",
        "周期内结束远程处理的工单中，远程解决的比例。", target="remote_solved",
    ),
    FigureOf(
        "closed_without_visit", _SHARE, _MEAN, _without_visit,
        "Of the episodes closed in the period: those without a visit.", "周期内关闭的处理中，无需上门的比例。",
    ),
    FigureOf(
        "visits_in_vain", _SHARE, _MEAN, _in_vain,
        "Of the episodes closed in the period with a visit and a verdict: those that found nothing to repair.",
        "周期内关闭、有上门且已判定的处理中，无可维修的比例。", target="visits_in_vain", is_at_most=True,
    ),
    FigureOf(
        "repeat_visits", _SHARE, _MEAN, _repeats,
        "Of the visits made in the period, per ticket: those whose ticket had a visit within the 30 days before.",
        "周期内的上门（按工单计）中，此前 30 天内已上门过的比例。", target="repeat_visits", is_at_most=True,
    ),
    FigureOf(
        "visits_per_technician_day", FigureUnit.RATE, Measure.SUM, _made,
        "Visits made in the period, per day (UTC) on which a technician made one.",
        "周期内每名技术员每个有上门的日子（UTC）的上门数。", per=_technician_days,
    ),
    FigureOf(
        "travel_minutes_per_visit", FigureUnit.MINUTES, _MEAN, _travel,
        "Planned minutes on the way to a visit, of the visits made in the period: mean.",
        "周期内上门的计划路程分钟数：平均值。", is_at_most=True,
    ),
)  # fmt: skip
