"""The outbox: every notice reaches every receiver at least once, or stands parked where everyone can see it.

A notice is written in the transaction of what it tells (:mod:`alerts.changes`). :meth:`Outbox.run_once` makes a delivery
of it for each receiver, tries those that are due and waits longer after each miss. A crash between the receiver's answer
and our note of it repeats the notice under the same id: a doubled notice is better than a missed one, and receivers know
a repeat by its id. After 24 hours a delivery is parked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Row, delete, func, insert, select, update

from alerts.cursors.checkpoint import move_cursor, read_cursor
from alerts.database import Transaction, UnitOfWork
from alerts.notices.notice import Delivery, DeliveryError, DeliveryState, Notice, Target
from alerts.notices.tables import deliveries, outbox
from ingest.backoff import Backoff
from ingest.clock import from_ms

NOTICES_AT_ONCE = 500
TRIES_AT_ONCE = 50
GIVE_UP_AFTER_MS = 24 * 3_600_000
WAITING = Backoff(1.0, 3600.0, least=0.5)
"""Between two tries; a receiver that misses is left in peace for at least half of each wait."""
NOTICES_KEPT = 50_000
PARKED_KEPT_MS = 30 * 24 * 3_600_000
ERROR_LENGTH_MAX = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outbox:
    """Delivers notices to targets; :meth:`run_once` is one step."""

    unit: UnitOfWork
    targets: Sequence[Target]

    def run_once(self) -> int:
        """Make deliveries of new notices and try what is due; returns how many were delivered."""
        for target in self.targets:
            self.unit.write(partial(_spread, target=target.name))
        due = self.unit.look(lambda t: _due(t, [target.name for target in self.targets]))
        by_name = {target.name: target for target in self.targets}
        delivered = 0
        for row in due:
            error = _try(by_name[row.target], row)
            self.unit.write(partial(self._note, row=row, error=error))
            delivered += error is None
        if delivered:
            self.forget()
        return delivered

    def parked(self, *, limit: int = 100) -> list[Delivery]:
        """Deliveries that were given up, newest first."""
        query = _with_notice().where(deliveries.c.state == DeliveryState.PARKED.value).order_by(deliveries.c.n.desc())
        return self.unit.look(lambda t: [_delivery(row) for row in t.connection.execute(query.limit(limit))])

    def counts(self) -> Mapping[DeliveryState, int]:
        """How many deliveries stand in each state."""
        query = select(deliveries.c.state, func.count().label("number")).group_by(deliveries.c.state)
        found = self.unit.look(lambda t: {row.state: row.number for row in t.connection.execute(query)})
        return {state: found.get(state.value, 0) for state in DeliveryState}

    def try_again(self, number: int) -> None:
        """Give a parked delivery another day."""

        def work(t: Transaction) -> None:
            t.connection.execute(
                update(deliveries)
                .where(deliveries.c.n == number, deliveries.c.state == DeliveryState.PARKED.value)
                .values(
                    state=DeliveryState.WAITING.value,
                    attempts=0,
                    due_ms=t.now_ms,
                    give_up_ms=t.now_ms + GIVE_UP_AFTER_MS,
                ),
            )

        self.unit.write(work)

    def forget(self) -> int:
        """Drop old notices: those that everybody has beyond what is kept, and parked ones after a month."""

        def work(t: Transaction) -> int:
            newest = t.connection.execute(select(func.max(outbox.c.n))).scalar_one() or 0
            spread = [read_cursor(t, _cursor(target.name)) for target in self.targets]
            is_old = outbox.c.n <= min([newest - NOTICES_KEPT, *spread])
            waiting = select(deliveries.c.notice_n).where(
                deliveries.c.state != DeliveryState.DELIVERED.value,
                deliveries.c.give_up_ms > t.now_ms - PARKED_KEPT_MS,
            )
            return t.connection.execute(delete(outbox).where(is_old, outbox.c.n.not_in(waiting))).rowcount

        return self.unit.write(work)

    def _note(self, t: Transaction, row: Row[Any], error: str | None) -> None:
        columns: dict[str, Any] = {"attempts": row.attempts + 1, "last_error": error}
        if error is None:
            columns |= {"state": DeliveryState.DELIVERED.value, "delivered_ms": t.now_ms}
        elif t.now_ms >= row.give_up_ms:
            columns |= {"state": DeliveryState.PARKED.value}
            log.error("notice_parked", target=row.target, notice_id=row.id, error=error)
        else:
            columns |= {"due_ms": t.now_ms + round(1000 * WAITING.wait_s(row.attempts, t.chance))}
            log.warning("notice_not_delivered", target=row.target, notice_id=row.id, error=error)
        t.connection.execute(update(deliveries).where(deliveries.c.n == row.n).values(columns))


def _cursor(target: str) -> str:
    return f"outbox:{target}"[:200]


def _spread(t: Transaction, target: str) -> None:
    after = read_cursor(t, _cursor(target))
    query = select(outbox.c.n).where(outbox.c.n > after).order_by(outbox.c.n).limit(NOTICES_AT_ONCE)
    numbers = t.connection.execute(query).scalars().all()
    if not numbers:
        return
    waiting = {"target": target, "state": DeliveryState.WAITING.value, "attempts": 0, "due_ms": t.now_ms}
    waiting["give_up_ms"] = t.now_ms + GIVE_UP_AFTER_MS
    t.connection.execute(insert(deliveries), [{"notice_n": number, **waiting} for number in numbers])
    move_cursor(t, _cursor(target), numbers[-1])


def _with_notice() -> Any:
    notice = (outbox.c.id, outbox.c.at_ms, outbox.c.type, outbox.c.subject_id, outbox.c.data)
    return select(deliveries, *notice).join(outbox, outbox.c.n == deliveries.c.notice_n)


def _due(t: Transaction, targets: Sequence[str]) -> Sequence[Row[Any]]:
    query = _with_notice().where(
        deliveries.c.state == DeliveryState.WAITING.value,
        deliveries.c.due_ms <= t.now_ms,
        deliveries.c.target.in_(targets),
    )
    rows: Sequence[Row[Any]] = t.connection.execute(query.order_by(deliveries.c.n).limit(TRIES_AT_ONCE)).all()
    return rows


def _try(target: Target, row: Row[Any]) -> str | None:
    try:
        target.deliver(_notice(row))
    except DeliveryError as error:
        return str(error)[:ERROR_LENGTH_MAX] or "no reason given"
    return None


def _notice(row: Row[Any]) -> Notice:
    return Notice(row.id, from_ms(row.at_ms), row.type, row.subject_id, row.data or {})


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        number=row.n,
        notice=_notice(row),
        target=row.target,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        due_at=from_ms(row.due_ms),
        last_error=row.last_error,
    )
