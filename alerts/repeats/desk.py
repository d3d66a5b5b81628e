"""Repeated requests: the same key and the same request get the first answer; the same key for anything else is refused.

A key holds for a day, for the account that used it. The answer is kept behind what it answers for, in a transaction of
its own: where the service ends between the two, nobody knows whether it was done, and a repeat is told so instead of
being done again. Fails closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Executable, delete, func, insert, select, update

from alerts.database import Transaction, UnitOfWork
from alerts.errors import ConflictError, InvalidError
from alerts.repeats.tables import repeats

KEPT_MS = 24 * 3_600_000
CUT_OFF_AFTER_MS = 60_000
"""A request that has no answer after so long has lost it."""
KEY_LENGTH_MAX = 200
KEYS_MAX = 20_000
"""Of all accounts together; beyond, the oldest go before their day is over."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Repeats:
    """Keys of requests; one method, one transaction."""

    unit: UnitOfWork

    def begin(self, key: str, digest: str) -> Answer | None:
        """The first answer to the request of this digest, or ``None`` where it is new and shall be done now."""
        if not 1 <= len(key) <= KEY_LENGTH_MAX or not key.isascii() or not key.isprintable():
            raise InvalidError(f"Idempotency-Key: it has 1 to {KEY_LENGTH_MAX} visible characters of ASCII.")
        return self.unit.write(lambda t: _begin(t, key, digest))

    def finish(self, key: str, answer: Answer) -> None:
        """Keep the answer."""
        columns = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
        self.unit.write(lambda t: _execute(t, update(repeats).where(_mine(t, key)).values(columns)))

    def give_up(self, key: str) -> None:
        """Nothing was done: the key is free."""
        self.unit.write(lambda t: _execute(t, delete(repeats).where(_mine(t, key))))

    def forget(self) -> None:
        """Drop keys whose day is over, and the oldest beyond what is kept."""
        if self.unit.look(_has_old):
            self.unit.write(_forget)


def _begin(t: Transaction, key: str, digest: str) -> Answer | None:
    row = t.connection.execute(select(repeats).where(_mine(t, key))).one_or_none()
    if row is not None and row.begun_ms <= t.now_ms - KEPT_MS:
        t.connection.execute(delete(repeats).where(_mine(t, key)))
        row = None
    if row is None:
        t.connection.execute(insert(repeats).values(account=t.who, key=key, digest=digest, begun_ms=t.now_ms))
        return None
    if row.digest != digest:
        raise InvalidError("Idempotency-Key: it was used for another request; take a new key for a new one.")
    if row.status is not None:
        return Answer(row.status, row.headers or {}, row.body or "")
    if row.begun_ms > t.now_ms - CUT_OFF_AFTER_MS:
        raise ConflictError("The first request with this Idempotency-Key is being done; ask again in a moment.")
    raise ConflictError(
        "The first request with this Idempotency-Key was cut off, and nobody knows whether it was done: "
        "look, and take a new key if it was not."
    )


def _execute(t: Transaction, statement: Executable) -> None:
    t.connection.execute(statement)


def _mine(t: Transaction, key: str) -> ColumnElement[bool]:
    return (repeats.c.account == t.who) & (repeats.c.key == key)


def _has_old(t: Transaction) -> bool:
    oldest, count = t.connection.execute(select(func.min(repeats.c.begun_ms), func.count())).one()
    return oldest is not None and (oldest <= t.now_ms - KEPT_MS or count > KEYS_MAX)


def _forget(t: Transaction) -> None:
    newest = select(repeats.c.n).order_by(repeats.c.n.desc()).offset(KEYS_MAX).limit(1)
    last_gone = t.connection.execute(newest).scalar_one_or_none() or 0
    t.connection.execute(delete(repeats).where((repeats.c.begun_ms <= t.now_ms - KEPT_MS) | (repeats.c.n <= last_gone)))
