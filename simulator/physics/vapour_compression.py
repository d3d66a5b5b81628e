"""Vapour compression: published curves of what a missing charge and a missing air flow cost an air conditioner.

Charge: Y = 1 + (a0 + a1 T_indoor + a2 T_outdoor + a3 f) f with f = (m - m0)/m0 and temperatures in °C (Domanski, Henderson
and Payne 2014, Sensitivity Analysis of Installation Faults on Heat Pump Performance, NIST Technical Note 1848). Air flow of a
single speed coil, ff = flow / rated: capacity .7186 + .4101 ff - .1287 ff², energy input ratio 1.3230 - .4777 ff + .1547 ff²
(the single speed curves of OCHRE, in its Biquadratic Air Conditioner.csv, and of ResStock).
"""

from __future__ import annotations

import numpy as np

from simulator.arrays import FloatArray

CHARGE = {
    ("cooling", "capacity"): ((-0.946, 0.0493, -0.00118, -1.15), (-0.163, 0.0114, -0.00021, -0.14)),
    ("cooling", "power"): ((-0.313, 0.0115, 0.00266, -0.116), (0.219, -0.00501, 0.000989, 0.284)),
    ("heating", "capacity"): ((-0.0339, 0.0, 0.0203, -2.62), (-0.00295, 0.0, 0.000738, -0.00641)),
    ("heating", "power"): ((0.0616, 0.0, 0.00446, -0.26), (-0.0594, 0.0, 0.0159, 1.89)),
}
"""(service, quantity) → coefficients for a charge too small, and for one too large."""


def charge_factor(
    service: str, quantity: str, *, indoor_c: FloatArray, outdoor_c: FloatArray, departure: FloatArray
) -> FloatArray:
    """Capacity or power over its value at full charge; ``departure`` is (m - m0)/m0."""
    too_small, too_large = CHARGE[service, quantity]
    f = departure

    def curve(a: tuple[float, float, float, float]) -> FloatArray:
        return np.asarray(1.0 + (a[0] + a[1] * indoor_c + a[2] * outdoor_c + a[3] * f) * f)

    return np.where(f <= 0, curve(too_small), curve(too_large))


def air_flow_capacity(flow: FloatArray) -> FloatArray:
    """Capacity at ``flow`` (share of the rated air flow) over that at rated flow."""
    return np.asarray(0.7186 + 0.4101 * flow - 0.1287 * flow * flow)


def air_flow_input_ratio(flow: FloatArray) -> FloatArray:
    """Power per capacity at ``flow`` (share of the rated air flow) over that at rated flow."""
    return np.asarray(1.3230 - 0.4777 * flow + 0.1547 * flow * flow)
