"""When the service listened to the broker: one row that is kept up to date, so that our own absence makes nobody stale."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from alerts.appliances.tables import listening
from alerts.database import Transaction, upsert
from ingest.liveness import ALWAYS, Listening


def read_listening(t: Transaction) -> Listening:
    """When the service listened; always, where that was never written down."""
    row = t.connection.execute(select(listening)).one_or_none()
    return ALWAYS if row is None else Listening(row.until_ms, row.away_from_ms, row.away_until_ms)


def note_listening(t: Transaction, *, is_connected: bool, stale_after_s: float) -> None:
    """Write down that the service hears the broker now, or that it does not."""
    known = read_listening(t)
    before = Listening(t.now_ms) if known is ALWAYS else known
    now = before.heard(t.now_ms, is_connected=is_connected, stale_after_s=stale_after_s)
    values: dict[str, Any] = {
        "until_ms": now.until_ms,
        "away_from_ms": now.away_from_ms,
        "away_until_ms": now.away_until_ms,
    }
    statement = upsert(t.connection, listening).values(id=1, **values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
