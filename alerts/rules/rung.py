"""Rung: a step of the ladder behind a breach."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from alerts.rules.quantity import Rules, quantity

ClockName = Literal["respond", "resolve", "update"]
CLOCKS: tuple[ClockName, ...] = ("respond", "resolve", "update")


class Rung(Rules):
    """A step of the ladder behind a breach."""

    after_hours: float = quantity(0, "hours", "so long after the breach, by the clock on the wall", most=8760)
    tell: str = Field(
        "manager",
        min_length=1,
        max_length=60,
        description="a role, or `assignee`; rules of notices say how it is reached",
    )
    clocks: tuple[ClockName, ...] = Field((), description="of these clocks; of all where empty")
