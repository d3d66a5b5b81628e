"""Plumbing: what the inlet valve and the drain pump of a machine that washes let through, and what the pump takes."""

from __future__ import annotations

import numpy as np

from simulator.arrays import FloatArray
from simulator.physics.programme import Conditions

PRESSURE_RATED_BAR = 3.0


def inlet_flow(rated: FloatArray, conditions: Conditions) -> FloatArray:
    """Flow through the open valve, in the unit of ``rated``: by the root of the pressure, and less through a clogged sieve."""
    flow = rated * np.sqrt(conditions.pressure_bar / PRESSURE_RATED_BAR)
    return np.asarray(flow * np.maximum(1.0 - conditions.worn("inlet_valve_clog"), 0.02))


def drain_flow(rated: FloatArray, conditions: Conditions) -> FloatArray:
    """Flow while the pump runs, in the unit of ``rated``."""
    return np.asarray(rated * (1.0 - 0.9 * conditions.worn("drain_pump_clog")))


def drain_pump_w(rated_w: FloatArray, conditions: Conditions) -> FloatArray:
    """What the pump takes while it runs: less where it moves less."""
    return np.asarray(rated_w * (1.0 - 0.2 * conditions.worn("drain_pump_clog")))
