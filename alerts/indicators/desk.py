"""Indicators, as they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from alerts.database import Transaction, UnitOfWork
from alerts.errors import InvalidError
from alerts.indicators.figures import Figures, count_figures

PERIODS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}


@dataclass(frozen=True, slots=True)
class Indicators:
    """How the desk did; one method, one transaction."""

    unit: UnitOfWork

    def over(self, period: timedelta) -> Figures:
        """The figures of the period that ends now, the present moment included."""

        def work(t: Transaction) -> Figures:
            end_ms = t.now_ms + 1
            return count_figures(t, start_ms=end_ms - 1 - round(period.total_seconds() * 1000), end_ms=end_ms)

        return self.unit.look(work)


def parse_period(period: str) -> timedelta:
    """``day``, ``week``, ``month``, ``quarter``, ``year``, or days such as ``30d``."""
    days = PERIODS.get(period)
    if days is None and period.endswith("d") and period[:-1].isascii() and period[:-1].isdecimal() and len(period) < 6:
        days = int(period[:-1])
    if not days:
        raise InvalidError(f"period: {period!r} is none of {', '.join(PERIODS)}, nor days such as 30d.")
    return timedelta(days=days)
