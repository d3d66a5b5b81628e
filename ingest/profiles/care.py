"""Care of one appliance kind, as data: how use is counted, what is advised about it, and what wears out by it.

Advice is about use, never about a fault: what is broken is a fault mode's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class UseStatistic(StrEnum):
    """How a day's number is taken from its readings."""

    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    DELTA = "delta"
    """Of totals: by how much it grew."""
    HOURS = "hours"
    """Time spent in the modes."""
    RUNS = "runs"
    """How often the modes were entered, half an hour apart at least."""


class OverDays(StrEnum):
    """How the numbers of several days become one."""

    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    SUM = "sum"


class Goal(StrEnum):
    """What advice is for."""

    ENERGY = "energy"
    HYGIENE = "hygiene"
    WEAR = "wear"
    RESULT = "result"
    """Clean dishes, dry laundry."""
    SAFETY = "safety"


@dataclass(frozen=True, slots=True)
class Use:
    """How an appliance is used, as one number a day (UTC): ``statistic`` of ``metric`` over the samples of ``modes`` (all where none)."""

    name: str
    statistic: UseStatistic
    unit: str
    label: Mapping[str, str]
    metric: str | None = None
    modes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do otherwise, and when it is said.

    It is said where ``use``, its days of the last ``days`` taken together as ``over``, is ``above`` or ``below`` a limit,
    ``days_least`` days have a number, and each use of ``enough`` adds up to so much. ``settles_days`` after somebody
    has done it, the same number says what came of it.
    """

    name: str
    goal: Goal
    title: Mapping[str, str]
    text: Mapping[str, str]
    use: str
    over: OverDays = OverDays.MEAN
    above: float | None = None
    below: float | None = None
    days: int = 28
    days_least: int = 10
    settles_days: int = 28
    enough: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consumable:
    """What is used up and renewed or cleaned: after ``life`` of a use, or after ``days_most``, whichever comes first.

    ``effect`` names the use whose daily number should fall (``better = "below"``) or rise (``"above"``) by it, where any
    does; ``sku`` is what is bought for it. Life is assumed, not measured.
    """

    name: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    use: str
    life: float
    days_most: int = 730
    effect: str | None = None
    better: str = "below"
    settles_days: int = 14
    sku: str | None = None
