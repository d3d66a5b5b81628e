"""What clocks have to say: due, breached, each rung of the ladder behind a breach, and reminders; each once per episode.

What was told is kept, so that a restart tells nothing twice; what came due while nobody ran is told then, of reminders only the
last. A clock that stands still says nothing. The clock of the next word begins anew with each word (``since_ms``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, and_, bindparam, insert, literal, or_, select, union_all

from alerts.clocks.tables import clock_tellings
from alerts.database import SYSTEM, Transaction
from alerts.lifecycle import TicketState
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.rules.desk_rules import DeskRules
from alerts.rules.rung import CLOCKS
from alerts.tickets.opening import add_history
from alerts.tickets.sla import HOUR_MS
from alerts.tickets.tables import IS_OPEN, tickets

TOLD_AT_ONCE = 200
DUE, BREACHED = "due", "breached"


@dataclass(frozen=True, slots=True)
class Word:
    """Something that a clock says: what, how long after it is due, until when it is worth saying, and to whom."""

    what: str
    event: str
    notice: str
    after_ms: int
    until_ms: int | None = None
    to: str | None = None
    clock: str | None = None
    """Of this clock alone."""
    only: str | None = None
    """Of tickets of this type alone."""
    but: tuple[str, ...] = ()
    """Not of tickets of these types: they have a ladder of their own."""


def has_late(t: Transaction) -> bool:
    """Whether anything is to be told."""
    untold = _untold(tuple(words_of(t.rules)))
    return t.connection.execute(untold.limit(1), {"now_ms": t.now_ms}).first() is not None


def tell_late(t: Transaction) -> int:
    """Tell some of what is due or passed; returns how many."""
    all_words = tuple(words_of(t.rules))
    words = {(word.clock, word.what, word.only or ""): word for word in all_words}
    rows = t.connection.execute(_untold(all_words).limit(TOLD_AT_ONCE), {"now_ms": t.now_ms}).all()
    found = [(words.get((row.clock, row.what, row.only)) or words[None, row.what, row.only], row) for row in rows]
    for word, row in sorted(found, key=lambda one: (one[1].due_ms + one[0].after_ms, one[1].number)):
        _tell(t, word, row)
    return len(rows)


def words_of(rules: DeskRules) -> Iterator[Word]:
    """Everything that clocks may say under these rules."""
    for clock in CLOCKS:
        before_ms = round(getattr(rules.telling, f"due_before_{clock}_hours") * HOUR_MS)
        yield Word(DUE, "clock_due", "ticket.sla_due", -before_ms, 0, clock=clock)
    yield Word(BREACHED, "clock_breached", "ticket.sla_breached", 0)
    own = {name: known.escalation for name, known in rules.ticket_types.items() if known.escalation}
    for only, ladder in (None, rules.escalation), *own.items():
        but = tuple(own) if only is None else ()
        for number, rung in enumerate(ladder, start=1):
            for clock in rung.clocks or CLOCKS:
                what, after_ms = f"rung {number}", round(rung.after_hours * HOUR_MS)
                yield Word(what, "escalated", "ticket.escalated", after_ms, None, rung.tell, clock, only, but)
    every_ms = round(rules.telling.remind_every_hours * HOUR_MS)
    for number in range(1, rules.telling.reminders + 1):
        yield Word(f"reminder {number}", "reminded", "ticket.reminder", number * every_ms, (number + 1) * every_ms)


@lru_cache(maxsize=4)
def _untold(words: tuple[Word, ...]) -> Any:
    """Every word of every clock of an open ticket that moves, where it is time (``now_ms``) and it was not said yet.

    Made once for the rules in force: to put some twenty selects together took four times as long as to run them.
    """
    return union_all(*_queries(words))


def _queries(words: tuple[Word, ...]) -> Iterator[Any]:
    columns, told, now_ms = tickets.c, clock_tellings.c, bindparam("now_ms", type_=BigInteger)
    for clock, deadline, since, is_running in _clocks():
        for word in words:
            if word.clock not in {None, clock}:
                continue
            covered = (BREACHED,) if word.what == DUE else ()
            is_said = and_(
                told.ticket_id == columns.id,
                told.episode == columns.episode,
                told.clock == clock,
                told.since_ms == since,
                or_(*[told.what == what for what in (word.what, *covered)]),
            )
            yield (
                select(
                    columns.id,
                    columns.number,
                    columns.episode,
                    columns.version,
                    columns.status,
                    columns.appliance_id,
                    columns.assignee,
                    columns.priority,
                    since.label("since_ms"),
                    literal(clock).label("clock"),
                    literal(word.what).label("what"),
                    literal(word.only or "").label("only"),
                    deadline.label("due_ms"),
                )
                .where(IS_OPEN, is_running)
                .where(columns.stopped.not_like(f"%{clock}%"), deadline <= now_ms - word.after_ms)
                .where(*([] if word.only is None else [columns.type == word.only]))
                .where(*([columns.type.not_in(word.but)] if word.but else []))
                .where(*([] if word.until_ms is None else [deadline > now_ms - word.until_ms]))
                .where(~select(told.n).where(is_said).exists())
            )


def _clocks() -> tuple[tuple[str, Any, Any, ColumnElement[bool]], ...]:
    columns, never = tickets.c, literal(0)
    is_unsolved = columns.status != TicketState.REPAIRED.value
    return (
        ("respond", columns.respond_by_ms, never, columns.responded_ms.is_(None)),
        ("resolve", columns.resolve_by_ms, never, is_unsolved),
        ("update", columns.update_by_ms, columns.said_ms, columns.update_by_ms.is_not(None) & is_unsolved),
    )


def _tell(t: Transaction, word: Word, row: Row[Any]) -> None:
    values = {
        "ticket_id": row.id,
        "episode": row.episode,
        "clock": row.clock,
        "what": row.what,
        "since_ms": row.since_ms,
    }
    t.connection.execute(insert(clock_tellings).values(values | {"due_ms": row.due_ms, "told_ms": t.now_ms}))
    data = {"clock": row.clock, "due_ms": row.due_ms}
    if word.event == "escalated":
        data |= {"rung": int(row.what.split()[1]), "to": word.to}
    add_history(t.by(SYSTEM), row.id, event=word.event, data=data)
    record_change(t, Subject.TICKET, row.id, {"number": row.number, "status": row.status})
    told = {"id": row.id, "number": row.number, "version": row.version, "status": row.status, **data}
    told |= {"appliance_id": row.appliance_id, "assignee": row.assignee, "priority": row.priority}
    key = f"{row.id}:{row.episode}:{row.clock}:{row.since_ms}:{row.what}"
    put_notice(t, word.notice, row.id, told, dedupe_key=key)
