"""Rules of the hold-out group: for whom nothing is done about predictions, so that what predictions are worth can be told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import blake2b

from pydantic import Field

from alerts.rules.quantity import Rules, quantity


class HoldOut(Rules):
    """Appliances drawn by chance whose predictions open no ticket; never where food, water, fire, gas or people are in danger."""

    share: float = quantity(0, "share", "of appliances that are held out; 0 holds none", most=0.5)
    name: str = Field("first", min_length=1, max_length=64, description="the draw's name: another one draws anew")
    since: date | None = Field(None, description="the day (UTC) from which the groups are compared")
    danger_at_most: int = quantity(1, "danger", "what is more dangerous is never held out", most=1)

    def holds(self, appliance_id: str) -> bool:
        """Whether an appliance was drawn: the same answer always and everywhere, from its id and the draw's name alone."""
        if self.share <= 0:
            return False
        drawn = blake2b(f"{self.name}:{appliance_id}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn, "big") < self.share * 2**64

    @property
    def since_ms(self) -> int:
        """When the comparison begins."""
        day = self.since
        return 0 if day is None else round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
