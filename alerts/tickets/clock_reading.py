"""The clocks of a ticket, read: how long each has run, what stopped it, and when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from alerts.tickets.account import Account, Moment, account_of
from alerts.tickets.ticket import Clock, ClockPause, HistoryEntry
from ingest.clock import from_ms, to_ms


def clocks_of(row: Row[Any], history: Sequence[HistoryEntry], *, now_ms: int) -> tuple[Clock, ...]:
    """Response and solution of the present episode, and the predicted failure where there is one."""
    begun_ms = row.episode_ms or row.opened_ms
    moments = [Moment(to_ms(one.at), one.event, one.data.get("reason")) for one in history if to_ms(one.at) >= begun_ms]
    ended_ms = now_ms if row.closed_ms is None else row.closed_ms
    responded_ms = ended_ms if row.responded_ms is None else min(row.responded_ms, ended_ms)
    held_ms = 0 if row.paused_ms is None else max(now_ms - row.paused_ms, 0)
    clocks = [
        _clock("respond", row.respond_by_ms + held_ms, moments, begun_ms=begun_ms, until_ms=responded_ms),
        _clock("resolve", row.resolve_by_ms + held_ms, moments, begun_ms=begun_ms, until_ms=ended_ms),
    ]
    if row.failure_window is not None:
        due_ms = row.failure_window["to"]
        free = Account(max(ended_ms - begun_ms, 0), ())
        clocks.append(_shown("failure", due_ms, free, until_ms=ended_ms))
    return tuple(clocks)


def _clock(name: str, due_ms: int, moments: Sequence[Moment], *, begun_ms: int, until_ms: int) -> Clock:
    until = [moment for moment in moments if moment.at_ms <= until_ms]
    return _shown(name, due_ms, account_of(until, begun_ms=begun_ms, until_ms=until_ms), until_ms=until_ms)


def _shown(name: str, due_ms: int, account: Account, *, until_ms: int) -> Clock:
    pauses = tuple(
        ClockPause(from_ms(one.from_ms), None if one.to_ms is None else from_ms(one.to_ms), one.reason)
        for one in account.pauses
    )
    standing = pauses[-1] if pauses and pauses[-1].end is None else None
    return Clock(
        name=name,
        due_at=from_ms(due_ms),
        spent_s=account.spent_ms // 1000,
        paused_since=None if standing is None else standing.start,
        paused_reason=None if standing is None else standing.reason,
        is_breached=until_ms > due_ms,
        pauses=pauses,
    )
