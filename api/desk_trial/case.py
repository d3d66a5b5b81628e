"""A case: what became of one fault of the world, as it is counted."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.people.after_sales import COMPLAINS, DAY_MS, WorldFault

VISIT_PRICE, REMOTE_PRICE, FIX_FIRST_PRICE, PART_PRICE, TRAVEL_PER_MIN = 120.0, 12.0, 2.0, 45.0, 0.6
"""Money, as the rules of the gate have it; a part and a minute on the road are assumed."""


@dataclass(slots=True)
class Case:
    """One fault under way: visits, what was spent, and when it was over; ``over_ms`` None while it is not."""

    fault: WorldFault
    number: str
    visits: int = 0
    missed: int = 0
    travel_min: float = 0.0
    parts: int = 0
    remote: int = 0
    fix_first: int = 0
    came_back: int = 0
    over_ms: int | None = None

    @property
    def is_real(self) -> bool:
        """Whether anything was wrong."""
        return self.fault.mode is not None

    @property
    def is_first_time(self) -> bool | None:
        """Whether the first visit ended it for good; None where nobody had to come, or nothing was wrong."""
        return None if not self.visits or not self.is_real else self.visits == 1 and not self.came_back

    @property
    def days(self) -> float:
        """From the finding to the end."""
        return 0.0 if self.over_ms is None else (self.over_ms - self.fault.at_ms) / DAY_MS

    @property
    def cost(self) -> float:
        """All that was spent."""
        tried = self.remote * REMOTE_PRICE + self.fix_first * FIX_FIRST_PRICE
        going = (self.visits + self.missed) * VISIT_PRICE + self.travel_min * TRAVEL_PER_MIN
        return going + tried + self.parts * PART_PRICE

    @property
    def complains(self) -> bool:
        """Whether the customer complains: it took longer than they have patience, or came back."""
        is_cross = self.days > self.fault.home.patience_days or self.came_back > 0
        return is_cross and self.fault.happens("complains", 0, COMPLAINS)

    @property
    def stars(self) -> int:
        """How the customer rates it: 5, less one for each further visit, for each time it came back and for lost patience."""
        lost = max(0, self.visits - 1) + self.came_back + (self.days > self.fault.home.patience_days)
        return max(1, 5 - lost - (1 if self.complains else 0))
