"""Reporting: how steady appliances sum up many steps in few reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray, IntArray

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Reporting:
    """``shape`` (T, N) steps of ``step_s`` each, told in R reports of ``steps`` steps each."""

    shape: tuple[int, ...]
    step_s: float
    steps: int

    @property
    def span_s(self) -> float:
        """Length of a report."""
        return self.step_s * self.steps

    def mean(self, series: FloatArray) -> FloatArray:
        """Mean over the steps of each report, (R, N), of what is or spreads to (T, N)."""
        whole = np.broadcast_to(series, self.shape)
        return np.asarray(whole.reshape(-1, self.steps, self.shape[1]).mean(axis=1))

    def last(self, series: NDArray[Scalar]) -> NDArray[Scalar]:
        """What holds in the last step of each report."""
        return series[self.steps - 1 :: self.steps]

    def ends_ms(self, ts_ms: IntArray) -> IntArray:
        """When each report ends, from when each step begins."""
        return self.last(ts_ms) + round(self.step_s * 1000)


def counted(totals: dict[str, FloatArray], name: str, increments: FloatArray) -> FloatArray:
    """A counter after each of its increments; its last value is kept for the next span."""
    counts = totals[name] + np.cumsum(increments, axis=0)
    totals[name] = counts[-1]
    return np.asarray(counts)
