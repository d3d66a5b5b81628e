"""Trial: what a remote test of one appliance brings to light, by the same equations as its physics.

A trial is a short run under known conditions: the appliance drives one part and looks at what follows, second by second.
So the signature of a fault stands out of it as it does nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from simulator.arrays import FloatArray
from simulator.physics.kind import Parameters
from simulator.physics.programme import Conditions

Trace = tuple[tuple[float, Mapping[str, float | bool]], ...]
"""(seconds since the begin, metric → value) each."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How long it took, what was seen meanwhile, and the measurement that is its result."""

    seconds: float
    trace: Trace
    measured: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Tried:
    """The appliance that is tried out: its parameters and what surrounds and wears it, each (1,), for how long."""

    p: Parameters
    conditions: Conditions
    seconds: float
    rng: np.random.Generator

    def worn(self, fault_mode: str) -> float:
        """Severity of one fault mode."""
        return float(self.conditions.worn(fault_mode)[0])

    @property
    def at_s(self) -> FloatArray:
        """Every second from 1 to the end."""
        return np.arange(1.0, np.floor(self.seconds) + 1.0)

    def noisy(self, value: float | FloatArray, *, sd: float = 0.0, relative_sd: float = 0.0) -> FloatArray:
        """A value at every second as a sensor sees it, with independent noise."""
        true = np.broadcast_to(np.asarray(value, dtype=np.float64), self.at_s.shape)
        return np.asarray(true + self.rng.normal(size=true.shape) * (sd + relative_sd * np.abs(true)))

    def trial(self, measured: Mapping[str, float], **columns: FloatArray | float) -> Trial:
        """The result with a trace: each column a metric at every second, NaN where it is not told."""
        told = {name: np.broadcast_to(np.asarray(column), self.at_s.shape).tolist() for name, column in columns.items()}
        trace = tuple(
            (at_s, {name: round(values[i], 3) for name, values in told.items() if values[i] == values[i]})
            for i, at_s in enumerate(self.at_s.tolist())
        )
        return Trial(self.seconds, trace, measured)


TrialMaker = Callable[[Tried], Trial]
