"""Dry run: who would have been told of what lies in the outbox, under these rules; nothing is sent and nothing is written.

It is the same as what happens (:mod:`alerts.subscriptions.matching`, the same joining into digests), at the times of then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from alerts.database import Transaction
from alerts.notices.records import is_record
from alerts.notices.tables import outbox
from alerts.rules.desk_rules import DeskRules
from alerts.subscriptions.facts import facts_of
from alerts.subscriptions.matching import recipients
from alerts.subscriptions.person_lane import joined
from ingest.clock import from_ms, to_ms

NOTICES_AT_ONCE = 1000
NOTICES_MAX = 50_000
MESSAGES_SHOWN = 500


@dataclass(frozen=True, slots=True)
class TrialMessage:
    """One message that somebody would have got: when, how many notices in it, of which kinds and by which rules."""

    at: datetime
    notices: int
    types: tuple[str, ...]
    rules: tuple[str, ...]
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What one person would have got; ``messages`` are the first ones."""

    person: str
    notices: int
    message_count: int
    messages: tuple[TrialMessage, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """Who would have been told of the notices of a span; ``untold`` of them reach nobody."""

    start: datetime
    end: datetime
    notices: int
    untold: int
    people: tuple[Told, ...]


def try_rules(t: Transaction, rules: DeskRules, *, start: datetime, end: datetime) -> Trial:
    """Try rules on the notices of [start, end); at most :data:`NOTICES_MAX` of them."""
    told: dict[str, list[_Message]] = {name: [] for name in rules.people}
    seen = untold = after = 0
    span = (outbox.c.at_ms >= to_ms(start)) & (outbox.c.at_ms < to_ms(end))
    while seen < NOTICES_MAX:
        page = select(outbox).where(span, outbox.c.n > after).order_by(outbox.c.n).limit(NOTICES_AT_ONCE)
        rows = t.connection.execute(page).all()
        if not rows:
            break
        after, seen = rows[-1].n, seen + len(rows)
        for row, facts in zip(rows, facts_of(t, rows), strict=True):
            reached = list(recipients(rules, facts, at_ms=row.at_ms))
            untold += not (reached or is_record(row.type))
            for one in reached:
                messages = told[one.person]
                waits_ms = messages[-1].due_ms if messages and messages[-1].due_ms > row.at_ms else None
                due_ms = joined(one, waits_ms)
                _add(messages, due_ms, row.type, one.rule, row.subject_id)
    people = tuple(_told(name, messages) for name, messages in told.items())
    return Trial(start, end, seen, untold, people)


@dataclass(slots=True)
class _Message:
    due_ms: int
    types: list[str]
    rules: list[str]
    subjects: list[str]


def _add(messages: list[_Message], due_ms: int, type_: str, rule: str, subject_id: str) -> None:
    found = next((one for one in messages[-3:] if one.due_ms == due_ms), None)
    if found is None:
        found = _Message(due_ms, [], [], [])
        messages.append(found)
        messages.sort(key=lambda one: one.due_ms)
    found.types.append(type_)
    found.rules.append(rule)
    found.subjects.append(subject_id)


def _told(name: str, messages: list[_Message]) -> Told:
    shown = tuple(
        TrialMessage(from_ms(one.due_ms), len(one.types), _each(one.types), _each(one.rules), _each(one.subjects)[:50])
        for one in messages[:MESSAGES_SHOWN]
    )
    return Told(name, sum(len(one.types) for one in messages), len(messages), shown)


def _each(words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
