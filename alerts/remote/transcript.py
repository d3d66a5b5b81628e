"""The transcript: who said and did what in a session, line by line; and the change event that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert

from alerts.database import Transaction
from alerts.notices.changes import Subject, record_change
from alerts.remote.tables import transcript

_LINE = insert(transcript)


def add_line(
    t: Transaction,
    session_id: str,
    *,
    event: str,
    command_id: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Append a line under the name of who asks, and tell the watchers."""
    line = {
        "session_id": session_id,
        "at_ms": t.now_ms,
        "actor": t.who,
        "event": event,
        "command_id": command_id,
        "data": dict(data or {}),
    }
    t.connection.execute(_LINE, line)
    record_change(t, Subject.SESSION, session_id, {"event": event, "command_id": command_id})
