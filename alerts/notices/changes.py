"""Change events for those who watch, and notices for those who must be told.

A change event is a line of a bounded log that the console's event stream resumes in by its id. A notice lies in the
outbox until every receiver has it (:mod:`alerts.notices.outbox`). Both are written in the transaction of what they tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, insert, select

from alerts.database import Transaction, UnitOfWork, upsert
from alerts.notices.tables import changes, outbox
from ingest.clock import from_ms

CHANGES_KEPT = 20_000
_TELL = insert(changes)


class Subject(StrEnum):
    """What a change event is about."""

    TICKET = "ticket"
    ALERT = "alert"
    SESSION = "session"
    INCIDENT = "incident"
    VISIT = "visit"


@dataclass(frozen=True, slots=True)
class Change:
    """Something has changed: read it again. ``id`` grows, in the order in which changes became visible."""

    id: int
    at: datetime
    subject: Subject
    subject_id: str
    data: Mapping[str, Any] = field(default_factory=dict)


def record_change(t: Transaction, subject: Subject, subject_id: str, data: Mapping[str, Any]) -> None:
    """Append a change event."""
    told = {"at_ms": t.now_ms, "event": subject.value, "subject_id": subject_id, "data": dict(data)}
    t.connection.execute(_TELL, told)


def put_notice(t: Transaction, type_: str, subject_id: str, data: Mapping[str, Any], *, dedupe_key: str) -> None:
    """Lay a notice into the outbox; one with the same key lies there once."""
    t.connection.execute(
        upsert(t.connection, outbox)
        .values(
            id=t.new_id("no"),
            at_ms=t.now_ms,
            type=type_,
            subject_id=subject_id,
            data=dict(data),
            dedupe_key=dedupe_key,
        )
        .on_conflict_do_nothing(),
    )


@dataclass(frozen=True, slots=True)
class Span:
    """The log of changes at one moment: its oldest and newest id, and what is newer than what was asked about."""

    oldest: int
    newest: int
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Changes:
    """The log of change events, as it is asked; one method, one transaction."""

    unit: UnitOfWork

    def page(self, *, after: int, limit: int = 500) -> list[Change]:
        """Change events behind the id ``after``, oldest first."""
        return self.unit.look(lambda t: read_changes(t, after=after, limit=limit))

    def since(self, after: int | None, *, limit: int) -> Span:
        """From where to where the log goes, and the changes behind the id ``after``; None asks for none."""

        def work(t: Transaction) -> Span:
            oldest, newest = t.connection.execute(select(func.min(changes.c.id), func.max(changes.c.id))).one()
            found = [] if after is None or after >= (newest or 0) else read_changes(t, after=after, limit=limit)
            return Span(oldest or 0, newest or 0, found)

        return self.unit.look(work)

    def last(self) -> int:
        """The id of the newest change event, 0 where there is none."""
        return self.unit.look(last_change)

    def forget(self) -> None:
        """Drop change events that nobody will resume from any more."""
        if self.unit.look(has_old_changes):
            self.unit.write(forget_changes)


def read_changes(t: Transaction, *, after: int, limit: int) -> list[Change]:
    """Change events behind ``after``, oldest first."""
    query = select(changes).where(changes.c.id > after).order_by(changes.c.id).limit(limit)
    return [
        Change(row.id, from_ms(row.at_ms), Subject(row.event), row.subject_id, row.data or {})
        for row in t.connection.execute(query)
    ]


def last_change(t: Transaction) -> int:
    """The id of the newest change event, 0 where there is none."""
    return t.connection.execute(select(func.max(changes.c.id))).scalar_one() or 0


def has_old_changes(t: Transaction) -> bool:
    """Whether there are more change events than are kept."""
    oldest = t.connection.execute(select(func.min(changes.c.id))).scalar_one()
    return oldest is not None and oldest <= last_change(t) - CHANGES_KEPT


def forget_changes(t: Transaction) -> None:
    """Drop the oldest change events beyond those that are kept."""
    t.connection.execute(delete(changes).where(changes.c.id <= last_change(t) - CHANGES_KEPT))
