"""How appliances are found by words: in id, model, serial and region, as :func:`alerts.words.fold` sees them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, bindparam, func, select, update

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.words import fold

FOUND_BY = ("id", "model", "serial", "region")


def is_found(word: str) -> ColumnElement[bool]:
    """Whether an appliance has a folded word; one that has said nothing of itself yet has its id."""
    columns = appliances.c
    return func.coalesce(columns.search, func.lower(columns.id)).contains(word, autoescape=True)


def note_search(t: Transaction, appliance_ids: Iterable[str]) -> None:
    """Renew what some appliances are found by, where it has changed."""
    columns = appliances.c
    query = select(*[columns[name] for name in FOUND_BY], columns.search).where(columns.id.in_(list(appliance_ids)))
    changed = [
        {"which": row.id, "found_by": text}
        for row in t.connection.execute(query)
        if (text := fold(*row[:4])) != row.search
    ]
    if changed:
        statement = update(appliances).where(columns.id == bindparam("which")).values(search=bindparam("found_by"))
        t.connection.execute(statement, changed)
