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


def record_audit(t: Transaction, action: str, subject_id: str, data: Mapping[str, Any]) -> None:
    """Append an entry under the name of who asks."""
    query = select(audit.c.digest).order_by(audit.c.n.desc()).limit(1)
    previous = t.connection.execute(query).scalar_one_or_none() or FIRST
    content = {"at_ms": t.now_ms, "actor": t.who, "action": action, "subject_id": subject_id, "data": dict(data)}
    t.connection.execute(insert(audit).values(**content, previous=previous, digest=_digest(previous, content)))


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
