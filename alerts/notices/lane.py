"""A lane: the notices of one receiver, on their way in its own time. No receiver waits for another.

A receiver that misses is left in peace as a whole, longer after each miss, and asked again with one notice: however many
wait behind it, it gets one try, and all the others as soon as it answers. A notice that it refuses by itself waits by itself.
The notices of one subject (a ticket) go in their order. After 24 hours a delivery is parked. A receiver that says it is gone
is switched off, and its deliveries are parked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Row, func, insert, select, update

from alerts.cursors.checkpoint import move_cursor, read_cursor
from alerts.database import Transaction, UnitOfWork
from alerts.notices.notice import DeliveryError, DeliveryState, NoticeRefusedError, ReceiverGoneError, Target
from alerts.notices.reading import notice_of, with_notice
from alerts.notices.receiver_rows import (
    begin_receiver,
    cursor_of,
    is_due,
    is_left_in_peace,
    newest_notice,
    park,
    read_receiver,
    write_receiver,
)
from alerts.notices.records import begin_records, has_new_records, is_record, lay_records
from alerts.notices.tables import deliveries, outbox
from ingest.backoff import Backoff

NOTICES_AT_ONCE = 500
TRIES_AT_ONCE = 50
GIVE_UP_AFTER_MS = 24 * 3_600_000
WAITING = Backoff(1.0, 3600.0, least=0.5)
"""Between two tries; a receiver that misses is left in peace for at least half of each wait."""
ERROR_LENGTH_MAX = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Lane:
    """Delivers to one receiver; :meth:`run_once` is one step."""

    unit: UnitOfWork
    target: Target
    types: tuple[str, ...] = ()
    """Only notices of these types; all where none is named."""
    takes_records: bool = False
    """Whether it is told of records too (:mod:`alerts.notices.records`)."""

    def begin(self) -> None:
        """Tell the receiver everything from now on, where it is a new one."""
        self.unit.write(partial(begin_receiver, name=self.target.name))
        if self.takes_records:
            self.unit.write(begin_records)

    def run_once(self, is_over: Callable[[], bool] = lambda: False) -> int:
        """Try what is due, until the receiver misses or it ``is_over``; returns how many were delivered."""
        if self.unit.look(self._is_new):
            self.begin()
        if self.takes_records and self.unit.look(has_new_records):
            self.unit.write(lay_records)
        if self.unit.look(self._has_new):
            self.unit.write(self._spread)
        tried = delivered = 0
        while tried < TRIES_AT_ONCE and (heads := self.unit.look(self._heads)):
            for row in heads:
                if is_over():
                    return delivered
                error = self._try(row)
                tried += 1
                delivered += error is None
                if not self.unit.write(partial(self._note, row=row, error=error)):
                    return delivered
        return delivered

    def _is_new(self, t: Transaction) -> bool:
        return read_receiver(t, self.target.name) is None

    def _has_new(self, t: Transaction) -> bool:
        receiver = read_receiver(t, self.target.name)
        if receiver is None or receiver.off_ms is not None:
            return False
        return newest_notice(t) > read_cursor(t, cursor_of(self.target.name))

    def _spread(self, t: Transaction) -> None:
        name = self.target.name
        query = select(outbox.c.n, outbox.c.type).where(outbox.c.n > read_cursor(t, cursor_of(name)))
        rows = t.connection.execute(query.order_by(outbox.c.n).limit(NOTICES_AT_ONCE)).all()
        if not rows:
            return
        waiting = {"target": name, "state": DeliveryState.WAITING.value, "attempts": 0, "due_ms": t.now_ms}
        waiting["give_up_ms"] = t.now_ms + GIVE_UP_AFTER_MS
        wanted = [row.n for row in rows if self._wants(row.type)]
        if wanted:
            t.connection.execute(insert(deliveries), [{"notice_n": number, **waiting} for number in wanted])
        move_cursor(t, cursor_of(name), rows[-1].n)

    def _wants(self, type_: str) -> bool:
        if is_record(type_) and not self.takes_records:
            return False
        return not self.types or type_ in self.types

    def _heads(self, t: Transaction) -> Sequence[Row[Any]]:
        """Of each subject the oldest notice that waits, where it is due; those tried least come first."""
        receiver = read_receiver(t, self.target.name)
        if receiver is None or is_left_in_peace(receiver, t.now_ms):
            return ()
        heads = (
            select(func.min(deliveries.c.n))
            .join(outbox, outbox.c.n == deliveries.c.notice_n)
            .where(deliveries.c.target == self.target.name, deliveries.c.state == DeliveryState.WAITING.value)
            .group_by(outbox.c.subject_id)
        )
        query = with_notice().where(deliveries.c.n.in_(heads), is_due(t.now_ms))
        query = query.order_by(deliveries.c.attempts, deliveries.c.n).limit(TRIES_AT_ONCE)
        return t.connection.execute(query).all()

    def _try(self, row: Row[Any]) -> DeliveryError | None:
        try:
            self.target.deliver(notice_of(row))
        except DeliveryError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever a receiver makes of a notice, the service goes on
            return self._broke(row, error)
        return None

    def _broke(self, row: Row[Any], error: Exception) -> DeliveryError:
        log.warning("notice_delivery_broke", target=self.target.name, notice_id=row.id, exc_info=error)
        return DeliveryError(f"delivering broke with {type(error).__name__}")

    def _note(self, t: Transaction, *, row: Row[Any], error: DeliveryError | None) -> bool:
        """Write down how a try ended; returns whether the receiver may be tried with another notice."""
        self._note_row(t, row=row, error=error)
        return self._note_receiver(t, error)

    def _note_row(self, t: Transaction, *, row: Row[Any], error: DeliveryError | None) -> None:
        columns: dict[str, Any] = {"attempts": row.attempts + 1, "tried_ms": t.now_ms}
        if error is None:
            columns |= {"state": DeliveryState.DELIVERED.value, "delivered_ms": t.now_ms, "last_error": None}
        else:
            own_wait_ms = round(1000 * WAITING.wait_s(row.attempts, t.chance))
            columns |= {"due_ms": t.now_ms + own_wait_ms, "last_error": _said(error)}
            log.warning("notice_not_delivered", target=row.target, notice_id=row.id, error=_said(error))
        t.connection.execute(update(deliveries).where(deliveries.c.n == row.n).values(columns))

    def _note_receiver(self, t: Transaction, error: DeliveryError | None) -> bool:
        name = self.target.name
        receiver = read_receiver(t, name)
        misses = 0 if receiver is None else receiver.misses
        if error is None or isinstance(error, NoticeRefusedError):
            if misses:
                write_receiver(t, name, misses=0, waits_from_ms=None, waits_until_ms=None, said=None)
        elif isinstance(error, ReceiverGoneError):
            write_receiver(t, name, off_ms=t.now_ms, said=_said(error))
            count = park(t, deliveries.c.target == name, "the receiver was switched off before: it is gone")
            log.error("receiver_switched_off", target=name, said=_said(error), parked=count)
        else:
            wait_ms = round(1000 * max(WAITING.wait_s(misses, t.chance), error.retry_after_s or 0.0))
            waits = {"waits_from_ms": t.now_ms, "waits_until_ms": t.now_ms + wait_ms}
            write_receiver(t, name, misses=misses + 1, said=_said(error), **waits)
        if error is not None:
            self._give_up(t, error)
        return error is None or isinstance(error, NoticeRefusedError)

    def _give_up(self, t: Transaction, error: DeliveryError) -> None:
        is_over = (deliveries.c.target == self.target.name) & (deliveries.c.give_up_ms <= t.now_ms)
        if isinstance(error, NoticeRefusedError):
            is_over &= deliveries.c.attempts > 0
        count = park(t, is_over, _said(error))
        if count:
            log.error("notices_parked", target=self.target.name, count=count, error=_said(error))


def _said(error: DeliveryError) -> str:
    return str(error)[:ERROR_LENGTH_MAX] or "no reason given"
