"""When the service listened to the broker: one row that is kept up to date, so that our own absence makes nobody stale."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from alerts.appliances.tables import listening
from alerts.database import Transaction, transact, upsert
from ingest.liveness import ALWAYS, Listening

if TYPE_CHECKING:
    from alerts.desk import Desk

NOTES_PER_SILENCE = 60
"""How often it is written down that we listen: so many times in the least silence that makes stale."""


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


@dataclass(slots=True)
class Listener:
    """Writes down whether the broker is heard, when that changes and now and then while it does not."""

    desk: Desk
    _noted_ms: int | None = field(default=None)
    _was_connected: bool = field(default=False)

    def tick(self, *, is_connected: bool) -> None:
        """Note it where it is time; raises :class:`alerts.errors.UnavailableError` while the database is away."""
        now_ms = self.desk.clock.now_ms()
        every_ms = self.desk.stale_after_s * 1000 / NOTES_PER_SILENCE
        is_known = self._noted_ms is not None and is_connected == self._was_connected
        if is_known and (not is_connected or now_ms - (self._noted_ms or 0) < every_ms):
            return
        transact(
            self.desk.engine,
            lambda t: note_listening(t, is_connected=is_connected, stale_after_s=self.desk.stale_after_s),
            now_ms=now_ms,
            chance=self.desk.chance,
        )
        self._noted_ms, self._was_connected = now_ms, is_connected
