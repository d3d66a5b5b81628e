"""Silences, as they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.database import UnitOfWork
from alerts.fault_modes import known_modes
from alerts.silences.muting import Scope, Silence, add_silence, lift_silence, list_silences
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class Silences:
    """What is muted; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]

    def standing(self) -> Sequence[Silence]:
        """What is muted now, the newest first."""
        return self.unit.look(list_silences)

    def add(self, scope: Scope, *, until: datetime, reason: str) -> Silence:
        """Mute until a time; findings still become (pending) alerts."""
        modes = known_modes(self.profiles)
        return self.unit.write(lambda t: add_silence(t, scope, until=until, reason=reason, fault_modes=modes))

    def lift(self, silence_id: str) -> None:
        """End a silence now."""
        self.unit.write(lambda t: lift_silence(t, silence_id))
