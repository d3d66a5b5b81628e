"""Silences, as they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.database import UnitOfWork
from alerts.silences.muting import Silence, add_silence, lift_silence, list_silences


@dataclass(frozen=True, slots=True)
class Silences:
    """What is muted; one method, one transaction."""

    unit: UnitOfWork

    def standing(self) -> Sequence[Silence]:
        """What is muted now, the newest first."""
        return self.unit.look(list_silences)

    def add(self, *, appliance_id: str | None, fault_mode: str | None, until: datetime, reason: str) -> Silence:
        """Mute an appliance, a fault mode, or both, until a time; findings still become (pending) alerts."""
        return self.unit.write(
            lambda t: add_silence(t, appliance_id=appliance_id, fault_mode=fault_mode, until=until, reason=reason),
        )

    def lift(self, silence_id: str) -> None:
        """End a silence now."""
        self.unit.write(lambda t: lift_silence(t, silence_id))
