"""The desk's own time: what expires, what is asked again, what is forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.desk import Desk


@dataclass(slots=True)
class Timers:
    """Lets time pass at the desk, at most once per ``every_ms`` of its clock; :meth:`tick` is one step."""

    desk: Desk
    every_ms: int = 1000
    _next_ms: int = 0

    def tick(self, now_ms: int) -> int:
        """Expire sessions and commands, ask held-back alerts again; returns how much has changed."""
        if now_ms < self._next_ms:
            return 0
        self._next_ms = now_ms + self.every_ms
        return self.desk.tick()
