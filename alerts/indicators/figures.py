"""The desk's figures over a period, counted by the database from its tickets and their episodes; nothing where nothing can be said yet.

Running example: of four tickets closed this month three were predictions with a verdict, two of them confirmed:
``precision`` 0.6667. All figures of a period look at what happened in [start, end): a
ticket that was closed and opened again was closed all the same, and each of its episodes is judged by its own deadlines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, Table, case, func, select

from alerts.database import Transaction
from alerts.fix_first.tables import fix_first
from alerts.indicators.moments import ended_episodes, is_closed, open_at
from alerts.lifecycle import FixFirstState, TicketState
from alerts.remote_first.stage import RemoteExit
from alerts.remote_first.tables import remote_first
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import TicketSource, Verdict
from ingest.clock import from_ms

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class RemoteFigures:
    """How the stage *remote first* ended in a period: by exit, and which share was solved of those that somebody tried.

    ``relapsed`` counts the solved whose fault has come back within 90 days.
    """

    exits: Mapping[str, int]
    solved_share: float | None
    relapsed: int
    fix_first_helped: int
    fix_first_failed: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one period. ``precision`` = predictions found confirmed, of those with a verdict."""

    start: datetime
    end: datetime
    opened: int
    opened_by_source: Mapping[str, int]
    closed: int
    cancelled: int
    open_now: int
    verdicts: Mapping[str, int]
    precision: float | None
    solved_within_sla: float | None
    median_hours_to_close: float | None
    remote: RemoteFigures


def count_figures(t: Transaction, *, start_ms: int, end_ms: int) -> Figures:
    """The figures of [start, end), as they were known at its end; asked later they are the same."""
    by_source = _grouped(t, tickets.c.source, _within(tickets.c.opened_ms, start_ms, end_ms))
    ended = ended_episodes(start_ms=start_ms, end_ms=end_ms)
    columns, closed = ended.c, is_closed(ended)
    by_verdict = _grouped(t, columns.verdict, closed & columns.verdict.is_not(None))
    number = _count(t, closed, ended)
    is_in_time = columns.ended_ms <= columns.resolve_by_ms
    is_judged = closed & (columns.source == TicketSource.PREDICTION.value) & columns.verdict.is_not(None)
    is_right = columns.verdict == Verdict.CONFIRMED.value
    return Figures(
        start=from_ms(start_ms),
        end=from_ms(end_ms),
        opened=sum(by_source.values()),
        opened_by_source={source.value: by_source.get(source.value, 0) for source in TicketSource},
        closed=number,
        cancelled=_count(t, columns.status == TicketState.CANCELLED.value, ended),
        open_now=int(t.connection.execute(open_at(end_ms)).scalar_one()),
        verdicts={word.value: by_verdict.get(word.value, 0) for word in Verdict},
        precision=_share(t, is_right, of=is_judged),
        solved_within_sla=_share(t, is_in_time, of=closed),
        median_hours_to_close=_median_hours(t, ended, closed, number),
        remote=_remote(t, start_ms, end_ms),
    )


def _remote(t: Transaction, start_ms: int, end_ms: int) -> RemoteFigures:
    """What was tried from afar, by how it ended in [start, end)."""
    stage, tried = remote_first.c, fix_first.c
    ended = _within(stage.ended_ms, start_ms, end_ms)
    found = _grouped(t, stage.exit, ended & stage.exit.is_not(None))
    exits = {one.value: found.get(one.value, 0) for one in RemoteExit}
    taken = sum(exits.values()) - exits[RemoteExit.SKIPPED.value]
    solved = exits[RemoteExit.SOLVED.value]
    decided = _grouped(t, tried.state, _within(tried.decided_ms, start_ms, end_ms))
    is_back = ended & (stage.exit == RemoteExit.SOLVED.value) & stage.relapsed_ms.is_not(None)
    return RemoteFigures(
        exits=exits,
        solved_share=round(solved / taken, 4) if taken else None,
        relapsed=_count(t, is_back, remote_first),
        fix_first_helped=decided.get(FixFirstState.HELPED.value, 0),
        fix_first_failed=sum(decided.get(one.value, 0) for one in (FixFirstState.DID_NOT_HELP, FixFirstState.RELAPSED)),
    )


def _within(column: ColumnElement[Any], start_ms: int, end_ms: int) -> ColumnElement[bool]:
    return (column >= start_ms) & (column < end_ms)


def _count(t: Transaction, which: ColumnElement[bool], of: Subquery | Table) -> int:
    return t.connection.execute(select(func.count()).select_from(of).where(which)).scalar_one()


def _grouped(t: Transaction, column: ColumnElement[Any], which: ColumnElement[bool]) -> dict[str, int]:
    query = select(column, func.count()).where(which).group_by(column)
    return {row[0]: int(row[1]) for row in t.connection.execute(query)}


def _share(t: Transaction, is_so: ColumnElement[bool], *, of: ColumnElement[bool]) -> float | None:
    """How many of some tickets are so."""
    query = select(func.avg(case((is_so, 1.0), else_=0.0))).where(of)
    share = t.connection.execute(query).scalar_one()
    return None if share is None else round(float(share), 4)


def _median_hours(t: Transaction, ended: Subquery, which: ColumnElement[bool], number: int) -> float | None:
    """How long it took, by the middle one; the mean of the two in the middle where their number is even."""
    if number == 0:
        return None
    took_ms = ended.c.ended_ms - ended.c.opened_ms
    middle = select(took_ms).where(which).order_by(took_ms).offset((number - 1) // 2).limit(2 - number % 2)
    found = [int(ms) for ms in t.connection.execute(middle).scalars()]
    return round(sum(found) / len(found) / HOUR_MS, 2)
