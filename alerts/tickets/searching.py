"""How tickets are found by words: in title, sentence, fault mode, appliance, assignee, description and notes.

Words are compared folded (:func:`alerts.words.fold`). Words of three letters and more are looked for by an index of
trigrams: FTS5 of SQLite, pg_trgm of PostgreSQL where it may be had; shorter ones, as most Chinese words are, by reading
through the narrow table. With and without the index the answer is the same.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, column, or_, select, table, union

from alerts.appliances.searching import is_found
from alerts.appliances.tables import appliances
from alerts.database import Transaction, upsert
from alerts.tickets.tables import ticket_history, ticket_search, tickets
from alerts.words import fold, looked_for

NOTES_MAX = 100
TEXT_LENGTH_MAX = 40_000
INDEXED_FROM = 3
_words = table("ticket_words", column("rowid"), column("ticket_words"))

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
    found: list[ColumnElement[bool]] = [tickets.c.number.in_(_numbers(t, word)) for word in looked_for(q)]
    if is_number:
        return [or_(found[0], tickets.c.number == int(number))]
    return found


def _numbers(t: Transaction, word: str) -> Select[tuple[int]]:
    by_appliance = select(appliances.c.id).where(is_found(word))
    both = union(_by_text(t, word), select(tickets.c.number).where(tickets.c.appliance_id.in_(by_appliance)))
    return select(both.subquery().c[0])


def _by_text(t: Transaction, word: str) -> Select[tuple[int]]:
    if t.connection.dialect.name == "sqlite" and len(word) >= INDEXED_FROM:
        phrase = '"' + word.replace('"', '""') + '"'
        return select(_words.c.rowid).where(_words.c.ticket_words.op("MATCH")(phrase))
    return select(ticket_search.c.number).where(ticket_search.c.text.contains(word, autoescape=True))
