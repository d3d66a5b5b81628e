"""Device clocks: what time it is for an appliance whose clock is set wrongly and runs too fast or too slow.

An appliance sets its clock when it starts, as well as it can; from then on it drifts. ``up_ms``, the time since the
start, is always right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import IntArray
from simulator.specification import NetworkSpecification
from simulator.weather import DAY_MS, HORIZON_DAYS

SPREAD = 2**42
"""Keeps the starts of one appliance apart from those of the next, in ms: 139 years."""


@dataclass(frozen=True, slots=True)
class DeviceClocks:
    """The clocks of N appliances and all their starts, as ``appliance × SPREAD + ms``, sorted."""

    offset_ms: NDArray[np.float64]
    drift: NDArray[np.float64]
    """Share of the time that passes too fast."""
    starts: IntArray

    @property
    def is_true(self) -> bool:
        """Whether all clocks are right."""
        return not (self.offset_ms.any() or self.drift.any())

    def first_starts(self) -> list[int]:
        """The number of each appliance's first start."""
        first = np.searchsorted(self.starts, np.arange(len(self.offset_ms)) * SPREAD)
        return [int(number) for number in first]

    def start(self, appliance: IntArray, ts_ms: IntArray) -> IntArray:
        """The number of the start, over the whole fleet, after which each of these appliances is at its ``ts_ms``."""
        found = np.searchsorted(self.starts, appliance * SPREAD + ts_ms, side="right") - 1
        return np.maximum(found, np.searchsorted(self.starts, appliance * SPREAD))

    def up_ms(self, appliance: IntArray, ts_ms: IntArray) -> IntArray:
        """How long they have been running at ``ts_ms``."""
        return np.maximum(ts_ms - (self.starts[self.start(appliance, ts_ms)] - appliance * SPREAD), 0)

    def shown_ms(self, appliance: IntArray, ts_ms: IntArray) -> IntArray:
        """What these appliances take ``ts_ms`` for."""
        if self.is_true:
            return ts_ms
        wrong = self.offset_ms[appliance] + self.drift[appliance] * self.up_ms(appliance, ts_ms)
        return ts_ms + np.rint(wrong).astype(np.int64)


def draw_clocks(rules: NetworkSpecification, *, count: int, start_ms: int, seed: int) -> DeviceClocks:
    """The clocks of a fleet that starts at ``start_ms``, and its reboots for ``HORIZON_DAYS`` from there."""
    rng = np.random.default_rng([seed, 7])
    offset_ms = rules.clock_offset_s.draw(count, rng) * 1000.0
    drift = rules.clock_drift_s_per_day.draw(count, rng) / 86_400.0
    reboots = rng.poisson(rules.reboots_per_year * HORIZON_DAYS / 365.25, count)
    appliance = np.concatenate([np.arange(count), np.repeat(np.arange(count), reboots)])
    after_ms = np.concatenate([np.zeros(count), rng.random(reboots.sum()) * HORIZON_DAYS * DAY_MS])
    starts = appliance * SPREAD + start_ms + np.rint(after_ms).astype(np.int64)
    return DeviceClocks(offset_ms, drift, np.sort(starts))
