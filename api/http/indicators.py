"""The desk's figures over a period, counted from its tickets; null where nothing can be said yet.

Bounded: at most :data:`TICKETS_MAX` tickets are looked at, newest first, and the answer says so where that was not all.
"""

from __future__ import annotations

import statistics
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel

from alerts.lifecycle import OVER
from alerts.page import LIMIT_MAX
from alerts.tickets.ticket import Ticket, TicketSource, Verdict
from api.http.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.desk import Desk

TICKETS_MAX = 20_000
PERIODS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}


class Indicators(BaseModel):
    """Figures of one period. ``precision`` = predictions found confirmed, of those with a verdict."""

    start: datetime
    end: datetime
    opened: int
    opened_by_source: dict[str, int]
    closed: int
    cancelled: int
    open_now: int
    verdicts: dict[str, int]
    precision: float | None
    solved_within_sla: float | None
    median_hours_to_close: float | None
    is_partial: bool


def parse_period(period: str) -> timedelta:
    """``day``, ``week``, ``month``, ``quarter``, ``year``, or days such as ``30d``."""
    days = PERIODS.get(period)
    if days is None and period.endswith("d") and period[:-1].isdecimal() and len(period) < 6:
        days = int(period[:-1])
    if not days:
        raise Problem(422, f"period: {period!r} is none of {', '.join(PERIODS)}, nor days such as 30d.")
    return timedelta(days=days)


def compute(desk: Desk, period: timedelta, *, now: datetime) -> Indicators:
    """The figures of the period that ends now."""
    start = now - period
    tickets, is_partial = _recent_tickets(desk)
    opened = [ticket for ticket in tickets if ticket.opened_at >= start]
    over = [ticket for ticket in tickets if ticket.closed_at is not None and ticket.closed_at >= start]
    closed = [ticket for ticket in over if ticket.status != "cancelled"]
    counts = desk.tickets.counts()
    return Indicators(
        start=start,
        end=now,
        opened=len(opened),
        opened_by_source={source.value: sum(t.source is source for t in opened) for source in TicketSource},
        closed=len(closed),
        cancelled=len(over) - len(closed),
        open_now=sum(count for state, count in counts.items() if state not in OVER),
        verdicts={word.value: sum(_word(t) is word for t in closed) for word in Verdict},
        precision=_share([_word(t) is Verdict.CONFIRMED for t in closed if _is_judged_prediction(t)]),
        solved_within_sla=_share([t.closed_at <= t.sla.resolve_by for t in closed if t.closed_at is not None]),
        median_hours_to_close=_median_hours(closed),
        is_partial=is_partial,
    )


def _recent_tickets(desk: Desk) -> tuple[list[Ticket], bool]:
    """The newest tickets, and whether there are more than were looked at."""
    tickets: list[Ticket] = []
    cursor = None
    while len(tickets) < TICKETS_MAX:
        page = desk.tickets.page(cursor=cursor, limit=LIMIT_MAX)
        tickets += page.items
        cursor = page.next
        if cursor is None:
            return tickets, False
    return tickets, True


def _word(ticket: Ticket) -> Verdict | None:
    """The ticket's verdict, if there is one."""
    return None if ticket.verdict is None else ticket.verdict.verdict


def _is_judged_prediction(ticket: Ticket) -> bool:
    """Whether somebody has looked whether a prediction was right."""
    return ticket.source is TicketSource.PREDICTION and ticket.verdict is not None


def _share(answers: Sequence[bool]) -> float | None:
    """How many of the answers are yes."""
    return round(sum(answers) / len(answers), 4) if answers else None


def _median_hours(closed: Sequence[Ticket]) -> float | None:
    """How long it took, by the middle one."""
    hours = [(t.closed_at - t.opened_at).total_seconds() / 3600 for t in closed if t.closed_at is not None]
    return round(statistics.median(hours), 2) if hours else None
