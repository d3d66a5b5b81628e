"""The desk's own time: what expires, what is asked again, what is forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.desk import Desk


@dataclass(slots=True)
class Timers:
    """Lets time pass at the desk; :meth:`tick` is one step, to be taken about once a second."""

    desk: Desk
    ask_every_ms: int = 60_000
    _ask_ms: int = 0

    def tick(self, now_ms: int) -> int:
        """Expire sessions and commands; once a minute ask held-back alerts again. Returns how much has expired."""
        expired = self.desk.expire()
        if now_ms >= self._ask_ms:
            self._ask_ms = now_ms + self.ask_every_ms
            after: int | None = 0
            while after is not None:
                after = self.desk.ask_again(after)
            self.desk.forget_changes()
        return expired
