"""The loop that keeps the desk told whether the broker is heard."""

from __future__ import annotations

from dataclasses import dataclass, field

from alerts.appliances.desk import Appliances

NOTES_PER_SILENCE = 60
"""How often it is written down that we listen: so many times in the least silence that makes stale."""


@dataclass(slots=True)
class Listener:
    """Writes down whether the broker is heard, when that changes and now and then while it does not."""

    appliances: Appliances
    _noted_ms: int | None = field(default=None)
    _was_connected: bool = field(default=False)

    def tick(self, *, is_connected: bool) -> None:
        """Note it where it is time; raises :class:`alerts.errors.UnavailableError` while the database is away."""
        now_ms = self.appliances.unit.clock.now_ms()
        every_ms = self.appliances.stale_after_s * 1000 / NOTES_PER_SILENCE
        is_known = self._noted_ms is not None and is_connected == self._was_connected
        if is_known and (not is_connected or now_ms - (self._noted_ms or 0) < every_ms):
            return
        self.appliances.note_listening(is_connected=is_connected)
        self._noted_ms, self._was_connected = now_ms, is_connected
