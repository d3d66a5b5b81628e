"""Heating element: a resistance, so its power goes with the square of the mains voltage."""

from __future__ import annotations

import numpy as np

from simulator.arrays import FloatArray

MAINS_RATED_V = 230.0


def element_w(rated_w: FloatArray, mains_v: FloatArray) -> FloatArray:
    """What sound elements take at this voltage, ``rated_w`` being what their labels say."""
    return np.asarray(rated_w * (mains_v / MAINS_RATED_V) ** 2)
