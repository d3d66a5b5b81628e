"""Surroundings: everything that a steady appliance can feel, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What acts on N appliances over T steps, each (T, N); means or sums over the step that begins at ``ts_ms`` (T,)."""

    ts_ms: NDArray[np.int64]
    kitchen_c: FloatArray
    room_c: FloatArray
    """Of the living room, if nothing heats or cools it beyond the ordinary."""
    outdoor_c: FloatArray
    outdoor_humidity_pct: FloatArray
    sun_w_m2: FloatArray
    """On a horizontal square metre outside."""
    mains_v: FloatArray
    inlet_c: FloatArray
    """Of the water from the mains."""
    hardness_dh: FloatArray
    """Of the water, in German degrees (1 °dH = 17.8 mg/L CaCO3)."""
    door_s: FloatArray
    """Seconds of the step for which the door stands open."""
    food_j: FloatArray
    """Heat of new food put in during the step."""
    draw_l: FloatArray
    """Hot water drawn in the step, litres of mixed water at 40 °C."""
    occupied: FloatArray
    """1 while people are at home, else 0."""
    gains_w: FloatArray
    """Heat of people and devices in the living room."""

    @classmethod
    def of(
        cls,
        steps: int,
        count: int,
        felt: Mapping[str, float | FloatArray] | Mapping[str, FloatArray],
        *,
        step_s: float,
        begin_ms: int = 0,
    ) -> Surroundings:
        """``steps`` for ``count`` appliances from ``begin_ms`` on: ``felt`` by field, the other fields NaN."""
        ts_ms = begin_ms + np.rint(np.arange(steps) * step_s * 1000).astype(np.int64)
        names = [one.name for one in fields(cls) if one.name != "ts_ms"]
        unknown = set(felt) - set(names)
        if unknown:
            raise TypeError(f"Nobody feels {', '.join(sorted(unknown))}.")
        full = {name: np.broadcast_to(np.asarray(felt.get(name, np.nan), np.float64), (steps, count)) for name in names}
        return cls(ts_ms=ts_ms, **full)
