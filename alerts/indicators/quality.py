"""Quality: how soon, how well, how lastingly, and what customers say."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, or_, select

from alerts.customers.answering import AnswerKind
from alerts.customers.tables import customer_answers
from alerts.indicators.figure import FigureOf, FigureUnit, Look, Measure
from alerts.indicators.moments import ended_episodes, is_closed
from alerts.repairs.lifecycle import RepairState
from alerts.repairs.tables import repairs
from alerts.tickets.sla import DAY_MS, HOUR_MS
from alerts.tickets.tables import ticket_history, tickets
from alerts.tickets.ticket import TicketSource, Verdict

REWORK_MS = 30 * DAY_MS
GOOD_STARS = 4
COMPLAINT = "complaint"


def ended_of(look: Look) -> Subquery:
    """The episodes that ended in the period."""
    found: Subquery = look.once("ended", lambda: ended_episodes(start_ms=look.start_ms, end_ms=look.end_ms))
    return found


def cases_of(ended: Subquery, value: Any, *which: ColumnElement[bool]) -> Subquery:
    """Some of the episodes as cases, each with a value."""
    at_ms = ended.c.ended_ms.label("at_ms")
    return select(ended.c.ticket_id, at_ms, value.label("value")).where(*which).subquery()


def yes(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """1 where it is so, else 0."""
    return case((condition, 1), else_=0)


def hours(took_ms: ColumnElement[Any]) -> ColumnElement[Any]:
    """Milliseconds as hours."""
    return took_ms * 1.0 / HOUR_MS


def _answered_in_time(look: Look) -> Subquery:
    ended = ended_of(look)
    is_in_time = ended.c.responded_ms <= ended.c.respond_by_ms
    return cases_of(ended, yes(is_in_time), ended.c.responded_ms.is_not(None))


def _solved_in_time(look: Look) -> Subquery:
    ended = ended_of(look)
    return cases_of(ended, yes(ended.c.ended_ms <= ended.c.resolve_by_ms), is_closed(ended))


def _to_answer(look: Look) -> Subquery:
    ended = ended_of(look)
    return cases_of(ended, hours(ended.c.responded_ms - ended.c.opened_ms), ended.c.responded_ms.is_not(None))


def _to_close(look: Look) -> Subquery:
    ended = ended_of(look)
    return cases_of(ended, hours(ended.c.ended_ms - ended.c.opened_ms), is_closed(ended))


def _predictions(look: Look) -> Subquery:
    ended = ended_of(look)
    is_judged = is_closed(ended) & ended.c.verdict.is_not(None) & (ended.c.source == TicketSource.PREDICTION.value)
    return cases_of(ended, yes(ended.c.verdict == Verdict.CONFIRMED.value), is_judged)


def _rework(look: Look) -> Subquery:
    before = ended_episodes(start_ms=look.start_ms - REWORK_MS, end_ms=look.end_ms - REWORK_MS)
    return cases_of(before, yes(_came_back(before)), is_closed(before))


def _repairs(look: Look) -> Subquery:
    column = repairs.c
    decided = look.holds(column.closed_ms) & (column.decided_ms < look.end_ms)
    states = column.state.in_([RepairState.HELD.value, RepairState.CAME_BACK.value])
    value = yes(column.state == RepairState.CAME_BACK.value).label("value")
    return select(column.ticket_id, column.closed_ms.label("at_ms"), value).where(decided, states).subquery()


def _ratings(look: Look) -> Subquery:
    column = customer_answers.c
    is_rating = (column.kind == AnswerKind.RATING.value) & column.stars.is_not(None) & look.holds(column.at_ms)
    return (
        select(column.ticket_id, column.at_ms, yes(column.stars >= GOOD_STARS).label("value"))
        .where(is_rating)
        .subquery()
    )


def _complaints(look: Look) -> Subquery:
    column = tickets.c
    value = yes(column.type == COMPLAINT).label("value")
    opened = look.holds(column.opened_ms) & (column.type == COMPLAINT)
    return select(column.id.label("ticket_id"), column.opened_ms.label("at_ms"), value).where(opened).subquery()


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


_SHARE, _HOURS, _MEAN = FigureUnit.SHARE, FigureUnit.HOURS, Measure.MEAN
_ANSWER = (
    "Hours by the clock from the episode's beginning to the answer, of all answered that ended in the period: {en}, by nearest rank.",
    "周期内结束且已响应的处理，从开始到响应的钟点小时数：{zh}（最近秩法）。",
)
_CLOSE = (
    "Hours by the clock from the episode's beginning to the end, of all closed in the period: {en}, by nearest rank.",
    "周期内关闭的处理，从开始到结束的钟点小时数：{zh}（最近秩法）。",
)
_MEDIAN, _P90 = {"en": "median", "zh": "中位数"}, {"en": "90 % percentile", "zh": "90% 分位数"}

FIGURES = (
    FigureOf(
        "answered_in_time", _SHARE, _MEAN, _answered_in_time,
        "Of the episodes that ended in the period and were answered: those answered by their deadline.",
        "周期内结束且已响应的处理中，在期限前响应的比例。", target="in_time",
    ),
    FigureOf(
        "solved_in_time", _SHARE, _MEAN, _solved_in_time,
        "Of the episodes closed in the period: those closed by their deadline.",
        "周期内关闭的处理中，在期限前关闭的比例。", target="in_time",
    ),
    FigureOf(
        "hours_to_answer_median", _HOURS, Measure.MEDIAN, _to_answer,
        _ANSWER[0].format_map(_MEDIAN), _ANSWER[1].format_map(_MEDIAN),
    ),
    FigureOf(
        "hours_to_answer_p90", _HOURS, Measure.P90, _to_answer,
        _ANSWER[0].format_map(_P90), _ANSWER[1].format_map(_P90), target="first_response_hours", is_at_most=True,
    ),
    FigureOf(
        "hours_to_close_median", _HOURS, Measure.MEDIAN, _to_close,
        _CLOSE[0].format_map(_MEDIAN), _CLOSE[1].format_map(_MEDIAN),
    ),
    FigureOf(
        "hours_to_close_p90", _HOURS, Measure.P90, _to_close,
        _CLOSE[0].format_map(_P90), _CLOSE[1].format_map(_P90), target="solved_hours", is_at_most=True,
    ),
    FigureOf(
        "satisfaction", _SHARE, _MEAN, _ratings,
        "Of the ratings that customers gave in the period: those with four or five stars.",
        "周期内客户评分中，四星或五星的比例。", target="satisfaction",
    ),
    FigureOf(
        "complaints", FigureUnit.COUNT, Measure.SUM, _complaints,
        "Complaints opened in the period.", "周期内开立的投诉。",
    ),
    FigureOf(
        "precision", _SHARE, _MEAN, _predictions,
        "Of the predictions closed in the period with a verdict: those found confirmed.",
        "周期内关闭且已判定的预测中，被证实的比例。",
    ),
    FigureOf(
        "rework", _SHARE, _MEAN, _rework,
        "Of the episodes closed in the period that ended 30 days before this one does: those whose appliance got another ticket"
        " for the same component, or the same ticket again, within 30 days.",
        "在早于本周期 30 天的周期内关闭的处理中，30 天内同一电器同一部件再次开立工单（或原工单重开）的比例。", is_at_most=True,
    ),
    FigureOf(
        "repairs_came_back", _SHARE, _MEAN, _repairs,
        "Of the repairs closed in the period of which it was known at its end whether they held: those that came back.",
        "周期内关闭、且在周期末已知是否有效的维修中，故障复现的比例。", is_at_most=True,
    ),
)  # fmt: skip
