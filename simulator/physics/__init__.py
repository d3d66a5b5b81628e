"""Physics: one file per appliance kind, equations on whole groups of appliances at once.

A new kind is a file that ends with its ``KIND``, a line here, its table in the fleet files, and its profile.
"""

from __future__ import annotations

from simulator.physics import air_conditioner, dishwasher, dryer, oven, refrigerator, washing_machine, water_heater
from simulator.physics.kind import Kind

KINDS: dict[str, Kind] = {
    one.name: one
    for one in (
        refrigerator.KIND,
        washing_machine.KIND,
        dishwasher.KIND,
        air_conditioner.KIND,
        water_heater.KIND,
        dryer.KIND,
        oven.KIND,
    )
}
