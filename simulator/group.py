"""Group: up to some hundred appliances of one kind that are moved through time together, physics and sensors and all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simulator.homes import Homes
from simulator.reports import Reports
from simulator.sensors import Sensors
from simulator.specification import FleetSpecification
from simulator.wear import Wear

STEP_MS = 300_000


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in a group: ``first`` is the place of the first in the fleet; wear is by place in the group."""

    specification: FleetSpecification
    homes: Homes
    wear: Sequence[tuple[int, Wear]]
    sensors: Sensors
    first: int
    start_ms: int
    rng: np.random.Generator

    def __len__(self) -> int:
        return len(self.homes)


class Group(Protocol):
    """Appliances that are moved through time together."""

    members: Members

    def advance(self, until_ms: int, *, is_live: bool) -> Reports | None:
        """Reports from the last call until then; ``None`` where there is none."""
