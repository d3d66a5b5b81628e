"""Refrigerant circuit of a refrigerator: capacity, power and condenser while the compressor runs, solved in closed form.

Qc = Q0 [1 + .02 (Te - Te0) - .012 (Tc - Tc0)] φ, P = P0 [1 + .008 (Tc - Tc0)] ψ and
Tc = T_kitchen + rise · (Qc + P)/(Q0 + P0) / (UAc/UAc0); which fault changes φ, ψ and UAc: see refrigerator.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.arrays import FloatArray
from simulator.physics.kind import Parameters

KITCHEN_RATED_C = 22.0


@dataclass(frozen=True, slots=True)
class RefrigerantCircuit:
    """The refrigeration circuit per step as it depends on the evaporator's drop below the freezer, compressor running.

    Capacity is ``capacity_w`` - ``per_drop_w`` · drop; the condenser is ``above_k`` - ``above_per_drop`` · drop warmer
    than rated.
    """

    capacity_w: FloatArray
    per_drop_w: FloatArray
    above_k: FloatArray
    above_per_drop: FloatArray
    power_w: FloatArray
    superheat_k: FloatArray
    fan: FloatArray
    condenser_fan: FloatArray


def refrigerant_circuit(
    p: Parameters,
    rated_w: tuple[FloatArray, FloatArray],
    kitchen_c: FloatArray,
    worn: Mapping[str, FloatArray],
    blocked: FloatArray,
) -> RefrigerantCircuit:
    """The circuit in each step; ``rated_w`` is capacity and power as new, ``blocked`` where the capillary is frozen shut.

    How warm the condenser gets and what the compressor does depend on each other, both linearly: that is solved for, so no step
    needs an iteration.
    """
    capacity_w, power_w = rated_w
    condenser_fan = 1.0 - 0.5 * worn["condenser_fan_wear"]
    conductance = (1.0 - 0.5 * worn["condenser_fouling"] ** 1.5) * condenser_fan**0.9
    missing = np.maximum(0.85 - (1.0 - 0.6 * worn["refrigerant_leak"]), 0.0)
    alive = worn["compressor_start_fault"] < 1.0
    phi = (1.0 - 1.8 * missing) * (1.0 - 0.8 * blocked) * alive
    q, w = capacity_w * phi, power_w * (1.0 - 0.5 * missing) * (1.0 - 0.3 * blocked) * alive
    rated_k = KITCHEN_RATED_C + p["condenser_rise_k"]
    gain = p["condenser_rise_k"] / (capacity_w + power_w) / conductance
    spread = gain / (1.0 - gain * (0.008 * w - 0.012 * q))
    still = (kitchen_c - rated_k) * (spread / gain) + spread * w
    here = q * (1.0 + 0.02 * p["evaporator_drop_k"])
    kept = 1.0 - 0.012 * q * spread
    shape = still.shape
    return RefrigerantCircuit(
        here * kept - 0.012 * q * still, np.broadcast_to(0.02 * q * kept, shape), still + spread * here,
        np.broadcast_to(spread * 0.02 * q, shape), np.broadcast_to(w, shape),
        np.broadcast_to(15.0 * np.minimum(missing / 0.45, 1.0), shape),
        np.broadcast_to(1.0 - 0.4 * worn["evaporator_fan_wear"], shape), np.broadcast_to(condenser_fan, shape),
    )  # fmt: skip
