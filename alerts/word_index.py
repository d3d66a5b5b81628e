"""Words in an index of trigrams: FTS5 of SQLite, pg_trgm of PostgreSQL where it may be had.

A table keeps what each thing is found by, folded (:func:`alerts.words.fold`). Words of three letters and more are looked for
by the index; shorter ones, as most Chinese words are, by reading through the narrow table. With and without the index the
answer is the same.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, column, select, table

from alerts.database import Transaction

INDEXED_FROM = 3


def rows_with(t: Transaction, word: str, *, kept: Table, indexed: str) -> Select[Any]:
    """The keys of the rows of ``kept`` whose text holds a folded word; ``indexed`` is SQLite's table of trigrams over it."""
    if t.connection.dialect.name == "sqlite" and len(word) >= INDEXED_FROM:
        words = table(indexed, column("rowid"), column(indexed))
        phrase = '"' + word.replace('"', '""') + '"'
        return select(words.c.rowid).where(words.c[indexed].op("MATCH")(phrase))
    [key] = kept.primary_key.columns
    return select(key).where(kept.c.text.contains(word, autoescape=True))
