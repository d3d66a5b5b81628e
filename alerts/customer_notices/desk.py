"""Customer notices, as time passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from alerts.alerting.intake import take_finding
from alerts.alerting.unheard import look_for_unheard
from alerts.customer_notices.telling import has_due, tell_customers
from alerts.database import Transaction, UnitOfWork
from detectors.finding import Finding
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class CustomerNotices:
    """What customers are told of their appliances' data; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]
    stale_after_s: float
    are_sent: bool
    """Whether there is a way to write to customers; without one nothing is laid out for them."""

    def look(self) -> int:
        """Find who has fallen silent and who is heard again, and tell owners; returns how many alerts changed."""
        unheard = partial(look_for_unheard, profiles=self.profiles, stale_after_s=self.stale_after_s)
        changed = self.unit.write(lambda t: self._state(t, unheard(t))) if self.unit.look(unheard) else 0
        if self.are_sent and self.unit.look(has_due):
            self.unit.write(tell_customers)
        return changed

    def _state(self, t: Transaction, findings: list[Finding]) -> int:
        for finding in findings:
            take_finding(t, finding, self.profiles)
        return len(findings)
