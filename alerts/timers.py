"""The desk's own time: what expires, what is asked again, what is forgotten."""

from __future__ import annotations

import time
from dataclasses import dataclass

from alerts.desk import Desk
from alerts.rules.desk_rules import DeskRules

FOLLOW_EVERY_MS = 3_600_000


@dataclass(slots=True)
class Timers:
    """Lets time pass at the desk; :meth:`tick` is one step, and may be called as often as its loop turns.

    ``pause_s`` is measured on a real clock, so that a desk whose clock runs fast is not busy with nothing else.
    """

    desk: Desk
    ask_every_ms: int = 60_000
    pause_s: float = 0.5
    _asked_ms: int | None = None
    _followed_ms: int | None = None
    _followed: DeskRules | None = None
    _ticked_at_s: float = float("-inf")

    def tick(self, now_ms: int) -> int:
        """Expire sessions and commands; once a minute look for incidents, ask held-back alerts again, close repairs that nobody answers for and end offers that no provider answered. Returns how much has expired."""
        at_s = time.monotonic()
        if at_s - self._ticked_at_s < self.pause_s:
            return 0
        self._ticked_at_s = at_s
        expired = self.desk.sessions.expire()
        if self._asked_ms is None or now_ms - self._asked_ms >= self.ask_every_ms:
            self._asked_ms = now_ms
            self.desk.incidents.look()
            after: int | None = 0
            while after is not None:
                after = self.desk.alerts.ask_again(after)
            while self.desk.customer_notices.look():
                pass
            self.desk.silences.tell_over()
            self.desk.tickets.close_unanswered()
            self.desk.tickets.test_again()
            self.desk.providers.expire()
            self.desk.stock.follow()
            self.desk.fix_first.settle()
            self.desk.protections.settle()
            self.desk.remote_first.settle()
            self.desk.repairs.settle()
            self.desk.care.settle()
            self._keep_clocks(now_ms)
            self.desk.changes.forget()
            self.desk.repeats.forget()
        return expired

    def _keep_clocks(self, now_ms: int) -> None:
        """Tell what is late; at the start, once an hour and when rules have changed bring tickets under the rules of now."""
        rules = self.desk.unit.rules.in_force
        is_due = self._followed_ms is None or now_ms - self._followed_ms >= FOLLOW_EVERY_MS
        if is_due or rules is not self._followed:
            self._followed_ms, self._followed = now_ms, rules
            self.desk.gate.look()
            self.desk.care.forget()
            while self.desk.clocks.follow_rules():
                pass
        while self.desk.clocks.tell_late():
            pass
