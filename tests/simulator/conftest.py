"""Fixtures of the simulator's tests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.fleet_file import read_fleet
from simulator.specification import FleetSpecification


@pytest.fixture
def specification() -> FleetSpecification:
    """The demo's fleet."""
    return read_fleet("demo")


@pytest.fixture
def quiet(specification: FleetSpecification) -> FleetSpecification:
    """The demo's fleet with sensors that only have noise: nothing missing, no spikes, no lies."""
    sensors = replace(specification.sensors, missing_samples=0.0, missing_readings=0.0, spikes=0.0, faulty_share=0.0)
    return replace(specification, sensors=sensors)
