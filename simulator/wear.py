"""Wear: how the severity of one fault of one appliance grows from 0 (nothing) to 1 (failed).

Laws of growth over the share ``tau`` of the fault's life: ``exponential`` (e^(b·tau) - 1)/(e^b - 1), ``linear``,
``sqrt`` (diffusion, hardening) and ``gamma`` (a gamma process on its way to failure, so a random staircase).
A mild fault stops at its ceiling and never fails.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LAWS = ("exponential", "linear", "sqrt", "gamma")
GAMMA_KNOTS = 128


@dataclass(frozen=True, slots=True)
class Wear:
    """One fault of one appliance: when it begins, how long it takes, by which law, and how far it goes."""

    fault_mode: str
    component: str
    onset_ms: int
    duration_ms: int
    law: str
    shape: float
    ceiling: float = 1.0
    staircase: tuple[float, ...] = ()

    @property
    def failure_ms(self) -> int | None:
        """When the component fails; ``None`` for a fault that stays mild."""
        return self.onset_ms + self.duration_ms if self.ceiling >= 1.0 else None

    def severity(self, ts_ms: NDArray[np.int64]) -> NDArray[np.float64]:
        """Severity at each of the given times, 0 to ``ceiling``; never falls."""
        tau = np.clip((ts_ms - self.onset_ms) / self.duration_ms, 0.0, 1.0)
        if self.law == "exponential":
            grown = np.expm1(self.shape * tau) / np.expm1(self.shape)
        elif self.law == "sqrt":
            grown = np.sqrt(tau)
        elif self.law == "gamma":
            grown = np.interp(tau, np.linspace(0.0, 1.0, len(self.staircase)), self.staircase)
        else:
            grown = tau
        return np.asarray(grown * self.ceiling, dtype=np.float64)


def draw_staircase(shape: float, rng: np.random.Generator) -> tuple[float, ...]:
    """A gamma process that reaches 1 at the end of life; the smaller ``shape``, the fewer and the higher its steps."""
    steps = rng.gamma(shape / 8.0, 1.0, GAMMA_KNOTS - 1) + 1e-9
    grown = np.concatenate([[0.0], np.cumsum(steps)])
    return tuple((grown / grown[-1]).tolist())
