"""A person's lane: what the rules have for them, at its time, several notices as one message.

Delivering, missing, waiting and giving up are those of every lane (:mod:`alerts.notices.lane`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any

from sqlalchemy import Row, func, insert, select

from alerts.cursors.checkpoint import move_cursor, read_cursor
from alerts.database import Transaction
from alerts.notices.lane import GIVE_UP_AFTER_MS, NOTICES_AT_ONCE, Lane
from alerts.notices.notice import DIGEST, DeliveryError, DeliveryState, Notice
from alerts.notices.reading import notice_of, with_notice
from alerts.notices.receiver_rows import cursor_of, is_due, is_left_in_peace, read_receiver
from alerts.notices.tables import deliveries, outbox
from alerts.rules.desk_rules import DeskRules
from alerts.subscriptions.facts import facts_of
from alerts.subscriptions.matching import Recipient, recipient
from ingest.clock import to_ms

IN_ONE_MESSAGE = 200


@dataclass(frozen=True, slots=True)
class PersonLane(Lane):
    """Tells one person of the rules."""

    person: str = ""
    rules: DeskRules = DeskRules()  # noqa: RUF009 - frozen

    def run_once(self, is_over: Callable[[], bool] = lambda: False) -> int:
        """Send what is due, as one message; returns how many notices were in it."""
        if self.unit.look(self._is_new):
            self.begin()
        if self.unit.look(self._has_new):
            self.unit.write(self._spread)
        rows = () if is_over() else self.unit.look(self._due)
        if not rows:
            return 0
        error = self._send(rows)
        self.unit.write(partial(self._note_message, rows=rows, error=error))
        return 0 if error is not None else len(rows)

    def _spread(self, t: Transaction) -> None:
        name = self.target.name
        query = select(outbox).where(outbox.c.n > read_cursor(t, cursor_of(name))).order_by(outbox.c.n)
        rows = t.connection.execute(query.limit(NOTICES_AT_ONCE)).all()
        if not rows:
            return
        waits_ms = t.connection.execute(
            select(func.min(deliveries.c.due_ms)).where(
                deliveries.c.target == name,
                deliveries.c.state == DeliveryState.WAITING.value,
                deliveries.c.due_ms > t.now_ms,
            )
        ).scalar_one()
        values = []
        for row, facts in zip(rows, facts_of(t, rows), strict=True):
            told = recipient(self.rules, self.person, facts, at_ms=t.now_ms)
            if told is not None:
                due_ms = joined(told, waits_ms)
                waits_ms = due_ms if due_ms > t.now_ms else waits_ms
                values.append(self._waiting(row, told, due_ms))
        if values:
            t.connection.execute(insert(deliveries), values)
        move_cursor(t, cursor_of(name), rows[-1].n)

    def _waiting(self, row: Row[Any], told: Recipient, due_ms: int) -> dict[str, Any]:
        return {
            "notice_n": row.n,
            "target": self.target.name,
            "state": DeliveryState.WAITING.value,
            "attempts": 0,
            "due_ms": due_ms,
            "give_up_ms": due_ms + GIVE_UP_AFTER_MS,
            "rule": told.rule,
        }

    def _due(self, t: Transaction) -> Sequence[Row[Any]]:
        receiver = read_receiver(t, self.target.name)
        if receiver is None or is_left_in_peace(receiver, t.now_ms):
            return ()
        mine = (deliveries.c.target == self.target.name) & (deliveries.c.state == DeliveryState.WAITING.value)
        query = with_notice().where(mine, is_due(t.now_ms)).order_by(deliveries.c.n).limit(IN_ONE_MESSAGE)
        return t.connection.execute(query).all()

    def _send(self, rows: Sequence[Row[Any]]) -> DeliveryError | None:
        try:
            self.target.deliver(message_of([notice_of(row) for row in rows]))
        except DeliveryError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever a receiver makes of a message, the service goes on
            return self._broke(rows[0], error)
        return None

    def _note_message(self, t: Transaction, *, rows: Sequence[Row[Any]], error: DeliveryError | None) -> None:
        for row in rows:
            self._note_row(t, row=row, error=error)
        self._note_receiver(t, error)


def joined(told: Recipient, waits_ms: int | None) -> int:
    """When it is sent: with what waits already, where that goes out earlier; at once where it must."""
    if told.at_once or told.is_quiet or waits_ms is None:
        return told.due_ms
    return min(told.due_ms, waits_ms)


def message_of(notices: Sequence[Notice]) -> Notice:
    """One notice as it is; several as a digest, whose id is the same at every repeat."""
    if len(notices) == 1:
        return notices[0]
    digest = blake2b("".join(one.id for one in notices).encode(), digest_size=12).hexdigest()
    parts: list[Mapping[str, Any]] = [
        {"id": one.id, "type": one.type, "subject_id": one.subject_id, "at_ms": to_ms(one.at)}
        | {"data": dict(one.data)}
        for one in notices
    ]
    return Notice(f"dg_{digest}", max(one.at for one in notices), DIGEST, notices[0].subject_id, {"notices": parts})
