"""Rows of receivers: since when each is told, how often it missed in a row, until when it is left in peace, whether it is off."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select, update

from alerts.cursors.checkpoint import has_cursor, move_cursor
from alerts.database import Transaction, upsert
from alerts.notices.notice import DeliveryState
from alerts.notices.tables import deliveries, outbox, receivers

NOT_CONFIGURED = "the receiver stands in the settings no longer"


def cursor_of(name: str) -> str:
    """The cursor of a receiver in the outbox."""
    return f"outbox:{name}"[:200]


def read_receiver(t: Transaction, name: str) -> Row[Any] | None:
    """A receiver's row, if it was ever told anything."""
    return t.connection.execute(select(receivers).where(receivers.c.name == name)).one_or_none()


def begin_receiver(t: Transaction, name: str) -> None:
    """Tell a receiver everything from now on; one that was told before goes on where it was."""
    row = upsert(t.connection, receivers).values(name=name, begun_ms=t.now_ms)
    t.connection.execute(row.on_conflict_do_nothing())
    if not has_cursor(t, cursor_of(name)):
        move_cursor(t, cursor_of(name), newest_notice(t))


def write_receiver(t: Transaction, name: str, **columns: Any) -> None:
    """Write how a receiver stands."""
    t.connection.execute(update(receivers).where(receivers.c.name == name).values(columns))


def is_left_in_peace(receiver: Row[Any], now_ms: int) -> bool:
    """Whether it is to be left in peace now. A clock that was set back to before the wait ends it."""
    if receiver.off_ms is not None:
        return True
    return receiver.waits_until_ms is not None and receiver.waits_from_ms <= now_ms < receiver.waits_until_ms


def switch_on(t: Transaction, name: str) -> None:
    """Let a receiver be told again at once; what came while it was off is past."""
    receiver = read_receiver(t, name)
    if receiver is not None and receiver.off_ms is not None:
        move_cursor(t, cursor_of(name), newest_notice(t))
    write_receiver(t, name, misses=0, waits_from_ms=None, waits_until_ms=None, off_ms=None, said=None)


def park(t: Transaction, which: ColumnElement[bool], said: str) -> int:
    """Give up waiting deliveries, with a sentence; returns how many."""
    is_waiting = deliveries.c.state == DeliveryState.WAITING.value
    parked = {"state": DeliveryState.PARKED.value, "last_error": func.coalesce(deliveries.c.last_error, said)}
    return t.connection.execute(update(deliveries).where(is_waiting, which).values(parked)).rowcount


def is_due(now_ms: int) -> ColumnElement[bool]:
    """Whether a waiting delivery is to be tried; again a clock that was set back ends the wait."""
    return or_(deliveries.c.due_ms <= now_ms, deliveries.c.tried_ms > now_ms)


def newest_notice(t: Transaction) -> int:
    """The number of the newest notice, 0 where there is none."""
    return t.connection.execute(select(func.max(outbox.c.n))).scalar_one() or 0
