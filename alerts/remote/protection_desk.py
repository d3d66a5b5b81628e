"""Gentle modes until the visit, as they are asked for, ended, and kept up by time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.database import Transaction, UnitOfWork
from alerts.remote.ending import EndReason
from alerts.remote.policy import SessionLimits
from alerts.remote.protecting import (
    Protected,
    begin_protection,
    end_protections,
    has_standing,
    read_protection,
    settle_protections,
)
from alerts.remote.reading import read_session
from alerts.remote.session import DiagnosisSession
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class Protections:
    """Appliances that work gently until somebody comes; one method, one transaction."""

    unit: UnitOfWork
    limits: SessionLimits
    profiles: Mapping[str, Profile]

    def read(self, ticket_ref: str) -> Protected:
        """What a ticket's appliance can do, and how it stands."""
        return self.unit.look(lambda t: read_protection(t, ticket_ref, self.profiles))

    def begin(self, session_id: str) -> DiagnosisSession:
        """Ask for it in a session; the command waits for the key at the appliance."""

        def work(t: Transaction) -> DiagnosisSession:
            begin_protection(t, session_id, self.limits, self.profiles)
            return read_session(t, session_id, self.limits, self.profiles)

        return self.unit.write(work)

    def end(self, ticket_ref: str, *, reason: EndReason = EndReason.BY_TECHNICIAN) -> Protected:
        """End it now."""

        def work(t: Transaction) -> Protected:
            found = read_protection(t, ticket_ref, self.profiles)
            end_protections(t, found.ticket_id, reason)
            return read_protection(t, ticket_ref, self.profiles)

        return self.unit.write(work)

    def settle(self) -> int:
        """Renew what is wanted and end what is over; returns how many have ended."""
        if not self.unit.look(has_standing):
            return 0
        return self.unit.write(lambda t: settle_protections(t, self.limits, self.profiles))
