"""Figure: what is counted, from which cases, in what unit, and what it should be.

A figure is data: the cases behind it are asked for once, and its value, its ``n`` and the list of its tickets all come from
them, so that a figure always agrees with the list behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Subquery, func, select

from alerts.database import Transaction
from alerts.indicators.titles import OF_FIGURES, title_of


class Measure(StrEnum):
    """What is made of the values of the cases."""

    MEAN = "mean"
    """Of yes (1) and no (0) the share."""
    MEDIAN = "median"
    P90 = "p90"
    SUM = "sum"


class FigureUnit(StrEnum):
    """What a value is."""

    SHARE = "share"
    HOURS = "hours"
    MINUTES = "minutes"
    MONEY = "money"
    COUNT = "count"
    RATE = "rate"


_DECIMALS = {FigureUnit.SHARE: 4, FigureUnit.RATE: 3, FigureUnit.COUNT: 0}
_RANKS = {Measure.MEDIAN: 50, Measure.P90: 90}


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure; ``n`` is how many cases it was counted from."""

    title: Mapping[str, str]
    value: float | None
    n: int
    definition: Mapping[str, str]
    unit: FigureUnit
    target: float | None = None
    is_at_most: bool = False
    """Whether the target is a ceiling."""

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; nothing where there is none, or nothing was counted."""
        if self.value is None or self.target is None:
            return None
        return self.value <= self.target if self.is_at_most else self.value >= self.target


@dataclass(frozen=True, slots=True)
class Look:
    """A period [start, end), looked at; what several figures need of it is read once."""

    t: Transaction
    start_ms: int
    end_ms: int
    read: dict[str, Any] = field(default_factory=dict)

    def holds(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a time lies in the period."""
        return (column >= self.start_ms) & (column < self.end_ms)

    def once(self, name: str, read: Callable[[], Any]) -> Any:
        """What was read under this name, or is read now."""
        if name not in self.read:
            self.read[name] = read()
        return self.read[name]


Row = tuple[str | None, int, Decimal]
"""A case: its ticket, its time, its value."""
Cases = Subquery | Sequence[Row]
"""Rows, or a query with the columns ``ticket_id``, ``at_ms`` and ``value``."""


@dataclass(frozen=True, slots=True)
class FigureOf:
    """How one figure is counted; ``per`` is what a sum is divided by."""

    name: str
    unit: FigureUnit
    measure: Measure
    cases: Callable[[Look], Cases]
    en: str
    zh: str
    target: str | None = None
    is_at_most: bool = False
    per: Callable[[Look], float] | None = None


def count_figure(look: Look, figure: FigureOf) -> KeyFigure:
    """A figure of a period; without cases it has no value, but a sum, which is nothing."""
    n, value = _measured(look.t, figure.cases(look), figure.measure)
    if value is not None and figure.per is not None:
        per = figure.per(look)
        value = value / per if per else None
    target = None if figure.target is None else float(getattr(look.t.rules.targets, figure.target))
    rounded = None if value is None else round(value, _DECIMALS.get(figure.unit, 2))
    title = title_of(OF_FIGURES[figure.name])
    return KeyFigure(title, rounded, n, {"en": figure.en, "zh": figure.zh}, figure.unit, target, figure.is_at_most)


def _measured(t: Transaction, cases: Cases, measure: Measure) -> tuple[int, float | None]:
    if not isinstance(cases, Subquery):
        return _of_rows(cases, measure)
    n, total = t.connection.execute(select(func.count(), func.sum(cases.c.value)).select_from(cases)).one()
    if measure is Measure.SUM:
        return int(n), float(total or 0)
    if not n:
        return 0, None
    if measure is Measure.MEAN:
        return int(n), float(total) / int(n)
    ranked = select(cases.c.value).order_by(cases.c.value).offset(_rank(int(n), measure)).limit(1)
    return int(n), float(t.connection.execute(ranked).scalar_one())


def _of_rows(rows: Sequence[Row], measure: Measure) -> tuple[int, float | None]:
    values, n = sorted(value for _, _, value in rows), len(rows)
    if measure is Measure.SUM:
        return n, float(sum(values, Decimal(0)))
    if not n:
        return 0, None
    if measure is Measure.MEAN:
        return n, float(sum(values, Decimal(0)) / n)
    return n, float(values[_rank(n, measure)])


def _rank(n: int, measure: Measure) -> int:
    """The place of a percentile, by nearest rank."""
    return max(-(-n * _RANKS[measure] // 100) - 1, 0)
