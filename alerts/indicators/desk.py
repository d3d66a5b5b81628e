"""Indicators, as they are asked for: always of a period that ends at a moment, now or past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.database import Transaction, UnitOfWork
from alerts.errors import InvalidError
from alerts.indicators.days import DayCount, count_days
from alerts.indicators.families import Families, FigureCase, count_families, page_of_cases
from alerts.indicators.figures import Figures, count_figures
from alerts.indicators.modes import ModeFigures, read_modes
from alerts.indicators.reliability import Cohort, ReliabilityTable, read_reliability
from alerts.indicators.worth import Worth, read_worth
from alerts.page import LIMIT_DEFAULT, Page
from alerts.repairs.reading import rates
from alerts.repairs.repair import RepairGroup, RepairRate
from ingest.clock import to_ms

PERIODS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}


@dataclass(frozen=True, slots=True)
class Indicators:
    """How the desk did; one method, one transaction."""

    unit: UnitOfWork

    def over(self, period: timedelta, *, at: datetime | None = None) -> Figures:
        """The figures of the period that ends at a moment, itself included; now where none is given."""
        return self.unit.look(lambda t: count_figures(t, **_span(t, period, at)))

    def families(self, period: timedelta, *, at: datetime | None = None) -> Families:
        """Figures with their definitions, of the same period."""
        return self.unit.look(lambda t: count_families(t, **_span(t, period, at)))

    def cases(
        self,
        family: str,
        figure: str,
        period: timedelta,
        *,
        at: datetime | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[FigureCase]:
        """The cases behind a figure of the same period, newest first."""
        return self.unit.look(
            lambda t: page_of_cases(t, family, figure, **_span(t, period, at), cursor=cursor, limit=limit)
        )

    def reliability(self, by: Cohort, period: timedelta, *, at: datetime | None = None) -> ReliabilityTable:
        """Failures and exposure by cohort, of the same period."""
        return self.unit.look(lambda t: read_reliability(t, by, **_span(t, period, at)))

    def modes(self, period: timedelta, *, at: datetime | None = None) -> tuple[ModeFigures, ...]:
        """How true and how early each fault mode was predicted, of the same period."""
        return self.unit.look(lambda t: read_modes(t, **_span(t, period, at)))

    def worth(self, period: timedelta, *, at: datetime | None = None) -> Worth:
        """What acting on predictions was worth in the same period, against the hold-out group."""
        return self.unit.look(lambda t: read_worth(t, **_span(t, period, at)))

    def days(self, period: timedelta, *, at: datetime | None = None) -> tuple[DayCount, ...]:
        """How much there was on each day of the same period."""
        return self.unit.look(lambda t: count_days(t, **_span(t, period, at)))

    def repairs(self, by: RepairGroup, period: timedelta, *, at: datetime | None = None) -> tuple[RepairRate, ...]:
        """How the repairs of the same period held, by whose or what they were."""
        return self.unit.look(lambda t: rates(t, by, **_span(t, period, at)))


def _span(t: Transaction, period: timedelta, at: datetime | None) -> dict[str, int]:
    now_ms = t.now_ms if at is None else to_ms(at)
    if now_ms > t.now_ms:
        raise InvalidError("at: nobody knows what will be; give a moment that has been.")
    return {"start_ms": now_ms - round(period.total_seconds() * 1000), "end_ms": now_ms + 1}


def parse_period(period: str) -> timedelta:
    """``day``, ``week``, ``month``, ``quarter``, ``year``, or days such as ``30d``."""
    days = PERIODS.get(period)
    if days is None and period.endswith("d") and period[:-1].isascii() and period[:-1].isdecimal() and len(period) < 6:
        days = int(period[:-1])
    if not days:
        raise InvalidError(f"period: {period!r} is none of {', '.join(PERIODS)}, nor days such as 30d.")
    return timedelta(days=days)
