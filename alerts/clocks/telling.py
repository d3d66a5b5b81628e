"""A deadline that comes near, and one that is passed, are told: a line of history and a notice, each once per episode.

What was told is kept, so that a restart tells nothing twice. A ticket on hold stands still and is told nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, insert, literal, or_, select, union_all

from alerts.clocks.tables import clock_tellings
from alerts.database import SYSTEM, Transaction
from alerts.lifecycle import OVER, TicketState
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.tickets.opening import add_history
from alerts.tickets.sla import HOUR_MS
from alerts.tickets.tables import tickets

DUE_BEFORE_MS = {"respond": HOUR_MS, "resolve": 4 * HOUR_MS}
"""How long before its deadline a clock says that it is due."""
TOLD_AT_ONCE = 200
_STILL = (*(state.value for state in OVER), TicketState.ON_HOLD.value)


def has_late(t: Transaction) -> bool:
    """Whether anything is to be told."""
    return t.connection.execute(_untold(t.now_ms).limit(1)).first() is not None


def tell_late(t: Transaction) -> int:
    """Tell some of what is due or passed; returns how many."""
    rows = t.connection.execute(_untold(t.now_ms).limit(TOLD_AT_ONCE)).all()
    for row in rows:
        _tell(t, row)
    return len(rows)


def _untold(now_ms: int) -> Any:
    """Every clock that is due or passed, of open tickets that move, and was not told so yet."""
    return union_all(*_queries(now_ms))


def _queries(now_ms: int) -> Iterator[Any]:
    columns, told = tickets.c, clock_tellings.c
    for clock, deadline, is_running in _clocks():
        for what, before_ms in (("due", DUE_BEFORE_MS[clock]), ("breached", 0)):
            is_mine = and_(
                told.ticket_id == columns.id,
                told.episode == columns.episode,
                told.clock == clock,
                or_(told.what == what, told.what == "breached"),
            )
            yield (
                select(
                    columns.id,
                    columns.number,
                    columns.episode,
                    columns.version,
                    columns.status,
                    columns.appliance_id,
                    columns.assignee,
                    columns.priority,
                    literal(clock).label("clock"),
                    literal(what).label("what"),
                    deadline.label("due_ms"),
                )
                .where(columns.status.not_in(_STILL), is_running, deadline <= now_ms + before_ms)
                .where(*([deadline > now_ms] if what == "due" else []))
                .where(~select(told.n).where(is_mine).exists())
            )


def _clocks() -> tuple[tuple[str, Any, ColumnElement[bool]], ...]:
    columns = tickets.c
    return (
        ("respond", columns.respond_by_ms, columns.responded_ms.is_(None)),
        ("resolve", columns.resolve_by_ms, columns.status != TicketState.REPAIRED.value),
    )


def _tell(t: Transaction, row: Row[Any]) -> None:
    values = {"ticket_id": row.id, "episode": row.episode, "clock": row.clock, "what": row.what}
    t.connection.execute(insert(clock_tellings).values(values | {"due_ms": row.due_ms, "told_ms": t.now_ms}))
    data = {"clock": row.clock, "due_ms": row.due_ms}
    add_history(t.by(SYSTEM), row.id, event=f"clock_{row.what}", data=data)
    record_change(t, Subject.TICKET, row.id, {"number": row.number, "status": row.status})
    told = {"id": row.id, "number": row.number, "version": row.version, "status": row.status, **data}
    told |= {"appliance_id": row.appliance_id, "assignee": row.assignee, "priority": row.priority}
    key = f"{row.id}:{row.episode}:{row.clock}:{row.what}"
    put_notice(t, f"ticket.sla_{row.what}", row.id, told, dedupe_key=key)
