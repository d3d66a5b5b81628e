"""Records as notices: each change of a noun of the desk, for systems that keep a copy of ours.

What changes is in the audit anyway; from there it is laid into the outbox, so that no noun tells by itself. The notice
``record.customer.change`` names who was changed, by whom and which fields, and none of their values: whoever may know them
reads them. What one person changed in one go, as a file that is taken over does a hundred rows at a time, is one notice with
the ids of all: a copy is not called ten thousand times. People are told of records only where a rule of theirs says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
    in_one_go: defaultdict[tuple[str, str, int], list[Any]] = defaultdict(list)
    for row in t.connection.execute(query.order_by(audit.c.n)).all():
        in_one_go[row.action, row.actor, row.at_ms].append(row)
    for (action, actor, at_ms), rows in in_one_go.items():
        ids = list(dict.fromkeys(row.subject_id for row in rows))
        told = {"id": ids[0], "ids": ids, "by": actor, "at_ms": at_ms, "fields": _fields(rows)}
        put_notice(t, f"{RECORD}{action}", ids[0], told, dedupe_key=f"record:{rows[0].n}")
    move_cursor(t, CURSOR, until)


def _fields(rows: Sequence[Any]) -> list[str]:
    """The names of what was changed, in any of them."""
    found: set[str] = set()
    for row in rows:
        data: Mapping[str, Any] = row.data or {}
        found.update(data.get("before") or {}, data.get("after") or {})
    return sorted(found)


def _newest(t: Transaction) -> int:
    return t.connection.execute(select(func.max(audit.c.n))).scalar_one() or 0
