"""How a live session stands: whether its time is over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, or_, update

from alerts.database import Transaction
from alerts.lifecycle import SessionState
from alerts.remote.ending import EndReason
from alerts.remote.policy import SessionLimits
from alerts.remote.tables import sessions

ASKED_OF = tuple(
    sessions.c[name] for name in ("state", "active_ms", "requested_ms", "code_until_ms", "ends_by_ms", "busy_until_ms")
)
"""The columns that :func:`overdue` looks at."""
_TOUCH = update(sessions).where(sessions.c.id == bindparam("touched"))
CLOCK_SLACK_MS = 5_000
"""So far two processes' clocks may lie apart, and a clock may be put right, without ending anything."""


def may_be_overdue(now_ms: int, limits: SessionLimits) -> ColumnElement[bool]:
    """Which sessions are worth a look by :func:`overdue`: all that are over, and hardly another."""
    at = sessions.c
    return or_(
        func.coalesce(at.active_ms, at.requested_ms) > now_ms + CLOCK_SLACK_MS,
        (at.state == SessionState.REQUESTED.value) & (at.code_until_ms <= now_ms),
        at.ends_by_ms <= now_ms,
        at.active_ms <= now_ms - round(limits.idle_s * 1000),
    )


def touch(t: Transaction, session_id: str) -> None:
    """Note that something happens in the session, so that it is not idle."""
    t.connection.execute(_TOUCH, {"touched": session_id, "active_ms": t.now_ms})


def overdue(row: Row[*tuple[Any, ...]], now_ms: int, limits: SessionLimits) -> EndReason | None:
    """Why this live session is over by now, or nothing; while a test runs it is not idle.

    It fails closed where the clock was set back: a session whose last sign of life lies ahead would live too long.
    """
    if now_ms < (row.active_ms or row.requested_ms) - CLOCK_SLACK_MS:
        return EndReason.CLOCK_SET_BACK
    if row.state == SessionState.REQUESTED:
        return EndReason.NO_CONSENT if now_ms >= row.code_until_ms else None
    if row.ends_by_ms is not None and now_ms >= row.ends_by_ms:
        return EndReason.TIME_OVER
    awake_ms = max(row.active_ms or 0, row.busy_until_ms or 0)
    if row.active_ms is not None and now_ms >= awake_ms + round(limits.idle_s * 1000):
        return EndReason.IDLE
    return None
