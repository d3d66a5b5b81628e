"""Mentions: who is named by ``@name`` in what people write on a ticket is told of it, whatever else they are told.

A name that no account has is a word like any other; nobody is told of their own words. A rule of notices with ``addressed``
and the type ``ticket.mentioned`` carries it to people.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Row, select

from alerts.accounts.tables import accounts
from alerts.database import Transaction
from alerts.notices.changes import put_notice

MENTIONS_MAX = 10
_NAMED = re.compile(r"(?<![\w@.])@([\w][\w.-]{0,63})")


def tell_mentioned(t: Transaction, row: Row[Any], text: str | None) -> None:
    """Lay a notice into the outbox for each account that is named in a step of a ticket, which stands as it was before the step."""
    named = list(dict.fromkeys(one.rstrip(".-") for one in _NAMED.findall(text or "")))
    if not named:
        return
    query = select(accounts.c.name).where(accounts.c.name.in_(named), accounts.c.disabled.is_(False))
    found = [name for name in t.connection.scalars(query.order_by(accounts.c.name)) if name != t.who][:MENTIONS_MAX]
    for name in found:
        told = {
            "id": row.id,
            "number": row.number,
            "appliance_id": row.appliance_id,
            "to": name,
            "by": t.who,
            "text": text,
        }
        put_notice(t, "ticket.mentioned", row.id, told, dedupe_key=f"{row.id}:{row.version + 1}:mentioned:{name}"[:200])
