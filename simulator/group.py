"""Group: up to some hundred appliances of one kind that are moved through time together, physics and sensors and all.

Time is cut into spans of twelve hours since the fleet's start, each with its own stream of chance. So what a fleet says
depends on the seed only, however far ahead it is asked for at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.homes import Homes
from simulator.life import Life
from simulator.physics.kind import Kind
from simulator.reports import Reports
from simulator.sensors import Sensors
from simulator.specification import SPAN_S, FleetSpecification
from simulator.wear import GroupWear

SPAN_MS = SPAN_S * 1000


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of time, [begin, end), whether its readings are told at the live intervals, and its stream of chance."""

    begin_ms: int
    end_ms: int
    is_live: bool
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in a group: ``first`` is the place of the first in the fleet; wear is by place in the group."""

    specification: FleetSpecification
    homes: Homes
    """Where they are at first."""
    parameters: Mapping[str, NDArray[np.float64]]
    uses_per_year: NDArray[np.float64]
    wear: GroupWear
    life: Life
    sensors: Sensors
    first: int
    start_ms: int

    def __len__(self) -> int:
        return len(self.homes)


class Group(Protocol):
    """Appliances that are moved through time together."""

    @property
    def kind(self) -> Kind:
        """What they are."""

    @property
    def settings(self) -> dict[str, NDArray[np.float64]]:
        """The parameters that people may set anew, between two spans, each (members,)."""

    members: Members
    homes: Homes
    """Where they are now."""

    def move(self, member: int, homes: Homes, row: int) -> None:
        """Put a member up in another home, between two spans."""

    def advance(self, span: Span) -> Reports | None:
        """Everything told in that span, which follows the last one; ``None`` where there is nothing."""
