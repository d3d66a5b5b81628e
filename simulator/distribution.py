"""Distribution: a number that differs from appliance to appliance, as written in a fleet file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Distribution:
    """Uniform in [low, high], or normal with ``mean`` and ``sd`` cut to [low, high] where these two are given."""

    low: float
    high: float
    mean: float | None = None
    sd: float | None = None

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """``size`` independent values."""
        if self.mean is None or self.sd is None:
            return rng.uniform(self.low, self.high, size)
        return np.clip(rng.normal(self.mean, self.sd, size), self.low, self.high)


def read_distribution(value: object) -> Distribution:
    """Read ``4.5``, ``[low, high]`` or ``{mean, sd, low, high}``; anything else is a ValueError that says what to write."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Distribution(float(value), float(value))
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, int | float) for v in value):
        return _checked(Distribution(float(value[0]), float(value[1])))
    if isinstance(value, dict) and set(value) == {"mean", "sd", "low", "high"}:
        return _checked(Distribution(**{key: float(number) for key, number in value.items()}))
    raise ValueError(f"is {value!r}; write a number, [low, high], or {{mean = .., sd = .., low = .., high = ..}}")


def _checked(distribution: Distribution) -> Distribution:
    if not (np.isfinite(distribution.low) and np.isfinite(distribution.high)) or distribution.low > distribution.high:
        raise ValueError(f"goes from {distribution.low} to {distribution.high}; write the smaller finite number first")
    if distribution.sd is not None and distribution.sd < 0:
        raise ValueError(f"has sd {distribution.sd}; write 0 or more")
    return distribution
