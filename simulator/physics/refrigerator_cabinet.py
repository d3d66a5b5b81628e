"""Cabinet of a refrigerator: what gets into it step by step, through walls, gasket and doors.

A worn gasket lets in (1 + .35 s^1.5) as much heat and half as much moisture again; a drifted freezer sensor makes the
control aim 3 s K lower; a weak defrost heater leaves 1 - s of its power.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.arrays import FloatArray
from simulator.physics.kind import Parameters
from simulator.physics.surroundings import Surroundings

DOOR_J_PER_S_K = 38.0
"""Heat let in per second of open door and kelvin, moisture included."""
DOOR_S_PER_DAY = 400.0


@dataclass(frozen=True, slots=True)
class Felt:
    """What acts on the cabinet in each step: heat let in at 0 °C and per kelvin, frost, the setting as felt, the heater.

    ``heater`` is the share of the defrost heater's power that is left.
    """

    in_fresh_w: FloatArray
    in_freezer_w: FloatArray
    lets_fresh: FloatArray
    lets_freezer: FloatArray
    frosting: FloatArray
    freezer_set_c: FloatArray
    heater: FloatArray


def feel(p: Parameters, around: Surroundings, worn: Mapping[str, FloatArray], step_s: float) -> Felt:
    """What acts on the cabinet in each step."""
    shape = around.kitchen_c.shape
    gasket = worn["door_gasket_wear"] ** 1.5
    door_w_k = around.door_s * (DOOR_J_PER_S_K / step_s)
    moisture = 0.5 * step_s + 0.5 * around.door_s * (86_400.0 / DOOR_S_PER_DAY)
    lets_fresh = p["ua_fresh_w_k"] * (1.0 + 0.35 * gasket) + 0.8 * door_w_k
    lets_freezer = p["ua_freezer_w_k"] * (1.0 + 0.35 * gasket) + 0.1 * door_w_k
    return Felt(
        in_fresh_w=lets_fresh * around.kitchen_c + around.food_j / step_s,
        in_freezer_w=lets_freezer * around.kitchen_c,
        lets_fresh=lets_fresh,
        lets_freezer=lets_freezer,
        frosting=moisture / (p["frost_days"] * 86_400.0) * (1.0 + 0.5 * gasket),
        freezer_set_c=np.broadcast_to(p["freezer_set_c"] - 3.0 * worn["freezer_sensor_drift"], shape),
        heater=np.broadcast_to(1.0 - worn["defrost_heater_failure"], shape),
    )
