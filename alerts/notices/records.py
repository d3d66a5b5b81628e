"""Records as notices: each change of a noun of the desk, for systems that keep a copy of ours.

What changes is in the audit anyway; from there it is laid into the outbox, so that no noun tells by itself. The notice
``record.customer.change`` names who was changed, by whom and which fields, and none of their values: whoever may know them
reads them. People are told of records only where a rule of theirs says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, or_, select

from alerts.audit.tables import audit
from alerts.cursors.checkpoint import has_cursor, move_cursor, read_cursor
from alerts.cursors.tables import cursors
from alerts.database import Transaction
from alerts.notices.changes import put_notice

RECORD = "record."
NOUNS = (
    *("customer", "site", "ownership", "consent", "appliance", "technician", "absence", "provider", "offer", "visit"),
    *("stock", "price", "tax", "coverage", "billing", "invoice", "credit", "article", "task"),
)
"""As the audit's actions begin; tickets and incidents have notices of their own."""
CURSOR = "records"
AT_ONCE = 500


def is_record(type_: str) -> bool:
    """Whether a notice of this type tells of a record."""
    return type_.startswith(RECORD)


def begin_records(t: Transaction) -> None:
    """Tell of what changes from now on; where records are told already, go on."""
    if not has_cursor(t, CURSOR):
        move_cursor(t, CURSOR, _newest(t))


def end_records(t: Transaction) -> None:
    """Nobody wants to be told any more; what changes until somebody does is past."""
    t.connection.execute(delete(cursors).where(cursors.c.name == CURSOR))


def has_new_records(t: Transaction) -> bool:
    """Whether anything was changed since it was last told."""
    return _newest(t) > read_cursor(t, CURSOR)


def lay_records(t: Transaction) -> None:
    """Lay the next changes into the outbox."""
    after = read_cursor(t, CURSOR)
    until = min(_newest(t), after + AT_ONCE)
    query = select(audit).where(audit.c.n > after, audit.c.n <= until)
    query = query.where(or_(*(audit.c.action.startswith(f"{noun}.", autoescape=True) for noun in NOUNS)))
    for row in t.connection.execute(query.order_by(audit.c.n)).all():
        told = {"id": row.subject_id, "by": row.actor, "at_ms": row.at_ms, "fields": _fields(row.data or {})}
        put_notice(t, f"{RECORD}{row.action}", row.subject_id, told, dedupe_key=f"record:{row.n}")
    move_cursor(t, CURSOR, until)


def _fields(data: Mapping[str, Any]) -> list[str]:
    """The names of what was changed."""
    return sorted({*(data.get("before") or {}), *(data.get("after") or {})})


def _newest(t: Transaction) -> int:
    return t.connection.execute(select(func.max(audit.c.n))).scalar_one() or 0
