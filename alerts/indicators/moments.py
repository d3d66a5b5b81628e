"""Moments: what was known at a past time. Episodes, whether they were open then, and the verdicts that had been given by then.

A figure for a past moment has the same answer whenever it is asked: later verdicts, reopenings and closings change nothing of it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Subquery, func, select, union_all

from alerts.lifecycle import TicketState
from alerts.tickets.tables import IS_OPEN, ticket_episodes, ticket_history, tickets


def ended_episodes(*, start_ms: int, end_ms: int) -> Subquery:
    """Episodes that ended in [start, end), each with the last verdict that was given before ``end``, and before its next episode."""
    ended, line = ticket_episodes.c, ticket_history.c
    reopened_ms = (
        select(func.min(line.at_ms))
        .where(line.ticket_id == ended.ticket_id, line.event == "reopen", line.at_ms >= ended.ended_ms)
        .correlate(ticket_episodes)
        .scalar_subquery()
    )
    verdict = (
        select(line.data["verdict"].as_string())
        .where(
            line.ticket_id == ended.ticket_id,
            line.event == "verdict",
            line.at_ms >= ended.opened_ms,
            line.at_ms < end_ms,
            line.at_ms <= func.coalesce(reopened_ms, end_ms),
        )
        .order_by(line.n.desc())
        .limit(1)
        .correlate(ticket_episodes)
        .scalar_subquery()
    )
    return (
        select(
            ended.ticket_id,
            ended.source,
            ended.status,
            ended.opened_ms,
            ended.ended_ms,
            ended.responded_ms,
            ended.respond_by_ms,
            ended.resolve_by_ms,
            ended.visited,
            verdict.label("verdict"),
            tickets.c.appliance_id,
            tickets.c.kind,
            tickets.c.component,
            tickets.c.fault_mode,
            tickets.c.failure_window,
        )
        .select_from(ticket_episodes.join(tickets, tickets.c.id == ended.ticket_id))
        .where(ended.ended_ms >= start_ms, ended.ended_ms < end_ms)
        .subquery()
    )


def open_at(at_ms: int) -> Any:
    """How many tickets were open right before a moment: an episode had begun, and none had ended it."""
    ended = ticket_episodes.c
    was_open = select(func.count()).select_from(ticket_episodes).where(ended.opened_ms < at_ms, ended.ended_ms >= at_ms)
    begun_ms = func.coalesce(tickets.c.episode_ms, tickets.c.opened_ms)
    still_open = select(func.count()).select_from(tickets).where(IS_OPEN, begun_ms < at_ms)
    counts = union_all(was_open, still_open).subquery()
    return select(func.coalesce(func.sum(counts.c[0]), 0))


def is_closed(episodes: Subquery) -> ColumnElement[bool]:
    """Whether an episode ended as done, and not as none."""
    column: ColumnElement[bool] = episodes.c.status == TicketState.CLOSED.value
    return column
