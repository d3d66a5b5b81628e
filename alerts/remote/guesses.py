"""Codes can't be guessed: how often a session may be asked for and a code be wrong, whatever session it was of.

Counted for the appliance and for the technician, over the same window. Who asked for a session is the one who enters its
code; anybody else's try is refused and counts for nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from alerts.database import Transaction
from alerts.errors import ConflictError, RefusedError
from alerts.remote.policy import SessionLimits
from alerts.remote.tables import sessions


def refuse_too_many_requests(t: Transaction, appliance_id: str, limits: SessionLimits) -> None:
    """Raise where too many sessions were asked for lately, or too many codes were wrong."""
    of_appliance, of_technician = sessions.c.appliance_id == appliance_id, sessions.c.requested_by == t.who
    _refuse(_requests(t, of_appliance, limits), limits.requests_per_appliance, "sessions on this appliance")
    _refuse(_requests(t, of_technician, limits), limits.requests_per_technician, "sessions of yours")
    _refuse(_misses(t, of_appliance, limits), limits.wrong_codes_per_appliance, "wrong codes for this appliance")
    _refuse(_misses(t, of_technician, limits), limits.wrong_codes_per_technician, "wrong codes of yours")


def refuse_too_many_misses(t: Transaction, session: Row[Any], limits: SessionLimits) -> None:
    """Raise where somebody else tries a code, or too many were wrong lately."""
    if session.requested_by != t.who:
        raise RefusedError(f"Only {session.requested_by}, who asked for it, can enter the code.", reason="not_yours")
    of_appliance, of_technician = sessions.c.appliance_id == session.appliance_id, sessions.c.requested_by == t.who
    _refuse(_misses(t, of_appliance, limits), limits.wrong_codes_per_appliance, "wrong codes for this appliance")
    _refuse(_misses(t, of_technician, limits), limits.wrong_codes_per_technician, "wrong codes of yours")


def _refuse(count: int, most: int, what: str) -> None:
    if count >= most:
        raise ConflictError(f"Too many {what} lately ({count}): wait an hour.")


def _requests(t: Transaction, whose: ColumnElement[bool], limits: SessionLimits) -> int:
    query = select(func.count()).where(whose, sessions.c.requested_ms > _since_ms(t, limits))
    return int(t.connection.execute(query).scalar_one())


def _misses(t: Transaction, whose: ColumnElement[bool], limits: SessionLimits) -> int:
    query = select(func.sum(limits.code_tries - sessions.c.tries_left)).where(
        whose, sessions.c.requested_ms > _since_ms(t, limits)
    )
    return int(t.connection.execute(query).scalar_one() or 0)


def _since_ms(t: Transaction, limits: SessionLimits) -> int:
    return t.now_ms - round(limits.guess_window_s * 1000)
