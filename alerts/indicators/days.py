"""Days: how much there was of everything on each day (UTC) of a period; what the desk asks of people's attention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from alerts.alerting.tables import alerts
from alerts.database import Transaction
from alerts.incidents.tables import incidents
from alerts.notices.tables import outbox
from alerts.tickets.sla import DAY_MS
from alerts.tickets.tables import ticket_episodes, tickets

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class DayCount:
    """One day. Notices are those laid out, whoever got them."""

    day: date
    alerts: int
    tickets: int
    closed: int
    incidents: int
    notices: int


def count_days(t: Transaction, *, start_ms: int, end_ms: int) -> tuple[DayCount, ...]:
    """Every day that [start, end) touches, oldest first; counted is only what lies in it."""
    sources: dict[str, ColumnElement[Any]] = {
        "alerts": alerts.c.created_ms,
        "tickets": tickets.c.opened_ms,
        "closed": ticket_episodes.c.ended_ms,
        "incidents": incidents.c.opened_ms,
        "notices": outbox.c.at_ms,
    }
    counted = {name: _by_day(t, column, start_ms=start_ms, end_ms=end_ms) for name, column in sources.items()}
    days = range(start_ms // DAY_MS, (end_ms - 1) // DAY_MS + 1)
    return tuple(
        DayCount(_EPOCH + timedelta(days=day), **{name: found.get(day, 0) for name, found in counted.items()})
        for day in days
    )


def _by_day(t: Transaction, column: ColumnElement[Any], *, start_ms: int, end_ms: int) -> dict[int, int]:
    day = (column - column % DAY_MS) / DAY_MS
    query = select(day, func.count()).where(column >= start_ms, column < end_ms).group_by(day)
    return {int(row[0]): int(row[1]) for row in t.connection.execute(query)}
