"""The clocks of a ticket, read: how long each has run, what stopped it, and when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from alerts.tickets.account import Account, Terms, account_of
from alerts.tickets.clock_keeping import CLOCKS, begun_of, ended_of, moments_of
from alerts.tickets.ticket import Clock, ClockPause
from ingest.clock import from_ms


def clocks_of(
    row: Row[Any], lines: Sequence[Any], log: Sequence[tuple[int, Terms]], *, now_ms: int
) -> tuple[Clock, ...]:
    """Response, solution and next word of the present episode, and the predicted failure where there is one."""
    moments = moments_of(row, lines, log)
    terms = [moment.terms for moment in moments if moment.terms is not None][-1]
    clocks = []
    for name in CLOCKS:
        begun_ms = begun_of(row, lines, name)
        if name not in terms.within_ms or begun_ms is None:
            continue
        until_ms = ended_of(row, moments, name, now_ms=now_ms)
        account = account_of(moments, name, begun_ms=begun_ms, until_ms=until_ms)
        clocks.append(_shown(name, account, terms, until_ms=until_ms))
    if row.failure_window is not None:
        begun_ms, until_ms = row.episode_ms or row.opened_ms, ended_of(row, moments, "failure", now_ms=now_ms)
        free = Account(max(until_ms - begun_ms, 0), row.failure_window["to"], (), is_stopped=False)
        clocks.append(_shown("failure", free, None, until_ms=until_ms))
    return tuple(clocks)


def _shown(name: str, account: Account, terms: Terms | None, *, until_ms: int) -> Clock:
    pauses = tuple(
        ClockPause(from_ms(one.from_ms), None if one.to_ms is None else from_ms(one.to_ms), one.kind, one.reason)
        for one in account.pauses
    )
    standing = pauses[-1] if account.is_stopped and pauses and pauses[-1].end is None else None
    return Clock(
        name=name,
        due_at=from_ms(account.due_ms),
        spent_s=account.spent_ms // 1000,
        paused_since=None if standing is None else standing.start,
        paused_reason=None if standing is None else standing.reason,
        is_breached=until_ms > account.due_ms,
        pauses=pauses,
        within_s=None if terms is None else terms.within_ms[name] // 1000,
        policy=None if terms is None else terms.policy,
        calendar=None if terms is None else terms.calendar_name,
    )
