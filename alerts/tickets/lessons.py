"""Lessons: verdicts on tickets, in the order in which they were given, as they go back through the journal.

A verdict that takes another's place says which. A ticket that an error code opened teaches nothing about what the detectors
foresaw, and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, literal_column, select

from alerts.cursors.checkpoint import move_cursor, read_cursor
from alerts.database import Transaction
from alerts.lifecycle import TicketStep
from alerts.tickets.tables import ticket_history, tickets
from alerts.tickets.ticket import TicketSource
from detectors.finding import UNKNOWN
from ingest.sample import Lesson

LESSONS = "lessons"
VERDICT: ColumnElement[str] = literal_column(f"'{TicketStep.VERDICT.value}'")
"""Written into the question: only then a database finds the index that has verdicts alone."""
SETTLED_MS = 5_000
"""A line of history that is younger may have others before it that are not committed yet."""


def read_lessons(t: Transaction, *, after: int, limit: int) -> Sequence[Lesson]:
    """What was found out and is not known to stand in the journal, oldest first."""
    line = ticket_history.c
    query = (
        select(line.n, line.at_ms, line.data, tickets.c.appliance_id, tickets.c.kind, tickets.c.fault_mode)
        .add_columns(tickets.c.source)
        .join(tickets, tickets.c.id == line.ticket_id)
        .where(
            line.event == VERDICT,
            line.n > max(after, read_cursor(t, LESSONS)),
            line.at_ms <= t.now_ms - SETTLED_MS,
            tickets.c.source != TicketSource.ERROR_CODE.value,
        )
        .order_by(line.n)
        .limit(limit)
    )
    return [
        Lesson(
            row.appliance_id,
            row.kind,
            row.n,
            row.at_ms,
            row.fault_mode or UNKNOWN,
            row.data["verdict"],
            row.data.get("fault_mode"),
            row.data.get("before"),
            is_foreseen=row.source == TicketSource.PREDICTION.value,
        )
        for row in t.connection.execute(query)
    ]


def note_lessons(t: Transaction, upto: int) -> None:
    """All up to a number stand in the journal."""
    move_cursor(t, LESSONS, upto)
