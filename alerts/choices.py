"""Words that a list may be narrowed to: one that names nothing there is refused with those that do.

A misspelt kind would be answered with an empty list, which reads as *nothing is wrong*. Ids and regions are no such words:
who asks for the tickets of an appliance or a region that we have not met yet gets none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, select

from alerts.database import Transaction
from alerts.errors import InvalidError

SHOWN_MAX = 100


def check_choice(
    t: Transaction, name: str, value: str | None, columns: Sequence[Column[Any]], known: Collection[str] = ()
) -> None:
    """Raise :class:`InvalidError` for a word that is neither known nor in any of the columns.

    Where nobody has said any word yet, any may come, and none is refused.
    """
    if value is None or value in known:
        return
    found = set(known)
    for column in columns:
        if t.connection.execute(select(column).where(column == value).limit(1)).first() is not None:
            return
        found |= set(t.connection.scalars(select(column).where(column.is_not(None)).distinct()))
    if found:
        possible = ", ".join(sorted(found)[:SHOWN_MAX]) + (", ..." if len(found) > SHOWN_MAX else "")
        raise InvalidError(f"{name}: nothing here is {value!r}; possible: {possible}.")
