"""How tickets are found by words: in title, sentence, fault mode, appliance, assignee, description and notes.

By an index of trigrams where the database has one (:mod:`alerts.word_index`).
For rare and for frequent words the answer is the same.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select

from alerts.appliances.searching import is_found
from alerts.appliances.tables import appliances
from alerts.database import Transaction, upsert
from alerts.tickets.tables import ticket_history, ticket_search, tickets
from alerts.word_index import rows_with
from alerts.words import fold, looked_for

NOTES_MAX = 100
TEXT_LENGTH_MAX = 40_000
FEW = 500
"""So many tickets or appliances that have a word are named one by one."""

FOUND_BY = frozenset({"title", "fault_mode", "assignee"})
"""Columns of a ticket whose change is one of what it is found by; notes are another."""


def note_search(t: Transaction, ticket_id: str) -> None:
    """Renew what a ticket is found by."""
    row = t.connection.execute(select(tickets).where(tickets.c.id == ticket_id)).one()
    line = ticket_history.c
    query = select(line.note).where(line.ticket_id == ticket_id, line.note.is_not(None)).order_by(line.n.desc())
    notes = t.connection.execute(query.limit(NOTES_MAX)).scalars().all()
    told = (row.title, *(row.summary or {}).values(), row.fault_mode, row.appliance_id, row.assignee, row.description)
    values = {"number": row.number, "text": fold(*told, *notes)[:TEXT_LENGTH_MAX]}
    statement = upsert(t.connection, ticket_search).values(values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["number"], set_=values))


def matches(t: Transaction, q: str) -> list[ColumnElement[bool]]:
    """The conditions under which a ticket is found: every word, and ``#7`` is number 7 alone."""
    number = q.strip().removeprefix("#")
    is_number = number.isascii() and number.isdecimal() and len(number) <= 18
    if is_number and q.strip() != number:
        return [tickets.c.number == int(number)]
    found = [_has(t, word) for word in looked_for(q)]
    if is_number:
        return [or_(found[0], tickets.c.number == int(number))]
    return found


def _has(t: Transaction, word: str) -> ColumnElement[bool]:
    """Whether a ticket or its appliance has a word, asked in the way that is short for that word.

    Where few have it they are named, and the list is read by their numbers; what many have is looked for in each ticket of
    the list as it is read, which soon has its page full. The query must join tickets with appliances and ``ticket_search``.
    """
    by_text = rows_with(t, word, kept=ticket_search, indexed="ticket_words")
    numbers = t.connection.execute(by_text.limit(FEW + 1)).scalars().all()
    ids = t.connection.execute(select(appliances.c.id).where(is_found(word)).limit(FEW + 1)).scalars().all()
    if len(numbers) <= FEW and len(ids) <= FEW:
        return or_(tickets.c.number.in_(numbers), tickets.c.appliance_id.in_(ids))
    return or_(_says(word), is_found(word))


def _says(word: str) -> ColumnElement[bool]:
    return ticket_search.c.text.contains(word, autoescape=True)
