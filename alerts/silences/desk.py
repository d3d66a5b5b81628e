"""Silences, as they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.database import UnitOfWork
from alerts.fault_modes import known_modes
from alerts.silences.muting import (
    Scope,
    Silence,
    Window,
    add_silence,
    has_over,
    lift_silence,
    list_silences,
    tell_over,
)
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class Silences:
    """What is muted; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]

    def standing(self) -> Sequence[Silence]:
        """What is muted now, or will be, the newest first."""
        return self.unit.look(list_silences)

    def add(
        self,
        scope: Scope,
        *,
        until: datetime,
        reason: str,
        since: datetime | None = None,
        week: str | None = None,
        time_zone: str = "UTC",
    ) -> Silence:
        """Mute until a time, from a later one on, or within hours of the week; findings still become (pending) alerts."""
        modes, window = known_modes(self.profiles), Window(until, since, week, time_zone)
        return self.unit.write(lambda t: add_silence(t, scope, window, reason=reason, fault_modes=modes))

    def tell_over(self) -> int:
        """Say of what is over that it is, once; returns of how many."""
        return self.unit.write(tell_over) if self.unit.look(has_over) else 0

    def lift(self, silence_id: str) -> None:
        """End a silence now."""
        self.unit.write(lambda t: lift_silence(t, silence_id))
