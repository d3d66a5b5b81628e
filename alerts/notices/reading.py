"""Deliveries and receivers, read; and a parked delivery tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from alerts.audit.chain import difference, record_audit
from alerts.database import Transaction
from alerts.errors import ConflictError, UnknownError
from alerts.notices.notice import Delivery, DeliveryState, Notice
from alerts.notices.receiver_rows import switch_on
from alerts.notices.tables import deliveries, outbox, receivers
from alerts.page import Page, moment, select_page
from ingest.clock import from_ms, to_ms

ANOTHER_DAY_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """How a receiver stands: ``misses`` in a row, left in peace until when, switched off since when, and what it said."""

    name: str
    begun_at: datetime
    misses: int
    waits_until: datetime | None
    off_since: datetime | None
    said: str | None


def list_deliveries(
    t: Transaction,
    *,
    state: DeliveryState | None,
    receiver: str | None = None,
    subject_id: str | None = None,
    cursor: str | None,
    limit: int,
) -> Page[Delivery]:
    """One page of the log of deliveries, newest first."""
    query = with_notice()
    if state is not None:
        query = query.where(deliveries.c.state == state.value)
    if receiver is not None:
        query = query.where(deliveries.c.target == receiver)
    if subject_id is not None:
        query = query.where(outbox.c.subject_id == subject_id)
    rows, after = select_page(t.connection, query, deliveries.c.n, cursor=cursor, limit=limit)
    return Page(tuple(_delivery(row) for row in rows), after)


def read_delivery(t: Transaction, number: int) -> Delivery:
    """The delivery with this number, or :class:`UnknownError`."""
    row = t.connection.execute(with_notice().where(deliveries.c.n == number)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no notice {number}.")
    return _delivery(row)


def count_deliveries(t: Transaction) -> Mapping[DeliveryState, int]:
    """How many deliveries stand in each state."""
    query = select(deliveries.c.state, func.count().label("number")).group_by(deliveries.c.state)
    found = {row.state: row.number for row in t.connection.execute(query)}
    return {state: found.get(state.value, 0) for state in DeliveryState}


def list_receivers(t: Transaction) -> tuple[ReceiverState, ...]:
    """All receivers that were ever told anything, by name."""
    return tuple(
        ReceiverState(
            row.name,
            from_ms(row.begun_ms),
            row.misses,
            moment(row.waits_until_ms if row.misses else None),
            moment(row.off_ms),
            row.said,
        )
        for row in t.connection.execute(select(receivers).order_by(receivers.c.name))
    )


def retry_delivery(t: Transaction, number: int) -> Delivery:
    """Give a parked delivery another day, and its receiver a try at once; one that was switched off is on again."""
    delivery = read_delivery(t, number)
    if delivery.state is not DeliveryState.PARKED:
        raise ConflictError(f"Notice {number} is {delivery.state}; only a parked one can be tried again.")
    due_ms = min(t.now_ms, to_ms(delivery.due_at))
    again = {"state": DeliveryState.WAITING.value, "attempts": 0, "due_ms": due_ms, "tried_ms": None}
    again |= {"give_up_ms": t.now_ms + ANOTHER_DAY_MS, "last_error": None}
    t.connection.execute(update(deliveries).where(deliveries.c.n == number).values(again))
    switch_on(t, delivery.target)
    was = {"state": delivery.state.value, "attempts": delivery.attempts}
    about = {"target": delivery.target, "notice_id": delivery.notice.id}
    record_audit(t, "notice.retry", str(number), **difference(was, {name: again[name] for name in was}), about=about)
    return read_delivery(t, number)


def retry_parked(t: Transaction, receiver: str | None) -> int:
    """Give all parked deliveries another day, of one receiver or of all; returns how many."""
    parked = deliveries.c.state == DeliveryState.PARKED.value
    which = parked if receiver is None else parked & (deliveries.c.target == receiver)
    names = t.connection.execute(select(deliveries.c.target).where(which).distinct()).scalars().all()
    again = {"state": DeliveryState.WAITING.value, "attempts": 0, "due_ms": t.now_ms, "tried_ms": None}
    again |= {"give_up_ms": t.now_ms + ANOTHER_DAY_MS, "last_error": None}
    count = t.connection.execute(update(deliveries).where(which).values(again)).rowcount
    for name in names:
        switch_on(t, name)
    was, now = {"state": DeliveryState.PARKED.value}, {"state": DeliveryState.WAITING.value}
    record_audit(t, "notice.retry_parked", receiver or "all", before=was, after=now, about={"count": count})
    return int(count)


def with_notice() -> Any:
    """Deliveries with what they deliver."""
    notice = (outbox.c.id, outbox.c.at_ms, outbox.c.type, outbox.c.subject_id, outbox.c.data)
    return select(deliveries, *notice).join(outbox, outbox.c.n == deliveries.c.notice_n)


def notice_of(row: Row[Any]) -> Notice:
    """The notice in a row of :func:`with_notice`."""
    return Notice(row.id, from_ms(row.at_ms), row.type, row.subject_id, row.data or {})


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        number=row.n,
        notice=notice_of(row),
        target=row.target,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        due_at=from_ms(row.due_ms),
        last_error=row.last_error,
        tried_at=moment(row.tried_ms),
        delivered_at=moment(row.delivered_ms),
        rule=row.rule,
    )
