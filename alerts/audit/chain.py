"""The audit: who did what, when, to what; append only, each entry sealed by the one before it.

An entry's digest is SHA-256 over the digest before it and its own content, so an edit, a deletion or a swap in the middle
is found by :func:`verify_audit`, which names the first bad entry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from alerts.audit.tables import audit
from alerts.database import Transaction
from alerts.page import Page, select_page
from ingest.clock import from_ms

FIRST = "0" * 64
SEALED = "(sealed)"
_NEWEST = select(audit.c.digest).order_by(audit.c.n.desc()).limit(1)
_ENTRY = insert(audit)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, when, to what."""

    number: int
    at: datetime
    actor: str
    action: str
    subject_id: str
    data: Mapping[str, Any]
    digest: str


def record_audit(
    t: Transaction,
    action: str,
    subject_id: str,
    *,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Append an entry under the name of who asks: what was, and what is now. Nothing was there, or nothing is any more: None."""
    assert before is not None or after is not None, f"{action}: what changes something says what was or what is"  # noqa: S101
    _append(t, action, subject_id, {**(about or {}), "before": _plain(before), "after": _plain(after)})


def record_look(t: Transaction, action: str, subject_id: str, data: Mapping[str, Any]) -> None:
    """Append an entry of something that changed nothing and must be known: data handed out, a stranger's command."""
    _append(t, action, subject_id, data)


def difference(
    before: Mapping[str, Any] | Row[Any], after: Mapping[str, Any], *always: str
) -> dict[str, dict[str, Any]]:
    """``before`` and ``after`` of an entry: of what is written now only what differs, and what is named ``always``."""
    was: Mapping[str, Any] = dict(before._mapping) if isinstance(before, Row) else before  # noqa: SLF001 - a row as a mapping
    names = [name for name in after if name in always or was.get(name) != after[name]]
    return {"before": {name: was.get(name) for name in names}, "after": {name: after[name] for name in names}}


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Values as JSON has them; what lies sealed is not said."""
    return None if values is None else {name: _plain_one(value) for name, value in values.items()}


def _plain_one(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, bytes):
        return SEALED
    if isinstance(value, Mapping):
        return {str(name): _plain_one(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain_one(one) for one in value]
    return str(value)


def _append(t: Transaction, action: str, subject_id: str, data: Mapping[str, Any]) -> None:
    previous = t.connection.execute(_NEWEST).scalar_one_or_none() or FIRST
    content = {"at_ms": t.now_ms, "actor": t.who, "action": action, "subject_id": subject_id, "data": dict(data)}
    t.connection.execute(_ENTRY, {**content, "previous": previous, "digest": _digest(previous, content)})


def verify_audit(t: Transaction) -> int | None:
    """The number of the first entry that does not fit the chain, ``None`` where all do."""
    previous = FIRST
    for row in t.connection.execute(select(audit).order_by(audit.c.n)):
        if row.previous != previous or row.digest != _digest(previous, _content(row)):
            return int(row.n)
        previous = row.digest
    return None


def list_audit(t: Transaction, *, cursor: str | None, limit: int) -> Page[AuditEntry]:
    """One page of entries, newest first."""
    rows, after = select_page(t.connection, select(audit), audit.c.n, cursor=cursor, limit=limit)
    return Page(
        tuple(
            AuditEntry(row.n, from_ms(row.at_ms), row.actor, row.action, row.subject_id, row.data or {}, row.digest)
            for row in rows
        ),
        after,
    )


def _content(row: Row[Any]) -> dict[str, Any]:
    return {name: row._mapping[name] for name in ("at_ms", "actor", "action", "subject_id", "data")}  # noqa: SLF001


def _digest(previous: str, content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()
