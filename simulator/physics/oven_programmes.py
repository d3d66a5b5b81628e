"""Programmes of an oven: what stands on its dial, from hot air to pyrolysis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Programmes:
    """The programmes on the dial as columns; which elements (bake, grill, ring) preheat and hold, (programmes, 3)."""

    share: FloatArray
    target_c: FloatArray
    hold_min: FloatArray
    preheats: FloatArray
    holds: FloatArray
    blows: NDArray[np.bool_]
    locks: NDArray[np.bool_]


PROGRAMMES = Programmes(  # hot air 180, top and bottom 200, pizza 240, roast 160, grill 230, pyrolysis 460
    share=np.array([0.36, 0.24, 0.12, 0.16, 0.08, 0.04]),
    target_c=np.array([180.0, 200.0, 240.0, 160.0, 230.0, 460.0]),
    hold_min=np.array([35.0, 45.0, 14.0, 75.0, 15.0, 80.0]),
    preheats=np.array([[1, 0, 1], [1, 1, 0], [1, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 0]], dtype=np.float64),
    holds=np.array([[0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 0], [1, 1, 0]], dtype=np.float64),
    blows=np.array([True, False, True, True, False, False]),
    locks=np.array([False, False, False, False, False, True]),
)
