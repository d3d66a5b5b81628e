"""Fixtures of the simulator's tests: small fleets, and groups of identical machines under steady conditions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.chunk import Chunk, join
from simulator.fleet import Fleet
from simulator.homes import DAY_MS
from simulator.specification import FleetSpecification, read_fleet

START_MS = 1_790_000_100_000


@pytest.fixture
def specification() -> FleetSpecification:
    """The demo's fleet."""
    return read_fleet("demo")


@pytest.fixture
def quiet(specification: FleetSpecification) -> FleetSpecification:
    """The demo's fleet with perfect sensors: nothing missing, no spikes, no lies."""
    sensors = replace(specification.sensors, missing_samples=0.0, missing_readings=0.0, spikes=0.0, faulty_share=0.0)
    return replace(specification, sensors=sensors)


def run_days(fleet: Fleet, days: int, *, kind: str) -> Chunk:
    """All that the appliances of one kind report in that many days of history."""
    parts = []
    for day in range(days):
        parts += [chunk for chunk in fleet.advance(fleet.start_ms + (day + 1) * DAY_MS) if chunk.kind == kind]
    return join(parts)


def column(chunk: Chunk, metric: str) -> np.ndarray:
    """One metric of a chunk."""
    return chunk.values[:, chunk.metrics.index(metric)]
