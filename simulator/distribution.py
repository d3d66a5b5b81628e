"""Distribution: a number that differs from appliance to appliance, as written in a fleet file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

FORMS = "a number, [low, high], {mean = .., sd = .., low = .., high = ..}, or {median = .., sigma = .., low = .., high = ..}"
NORMAL = {"mean", "sd", "low", "high"}
LOGNORMAL = {"median", "sigma", "low", "high"}


@dataclass(frozen=True, slots=True)
class Distribution:
    """Uniform in [low, high], or normal with ``mean`` and ``sd`` or lognormal with ``median`` and ``sigma``, cut to it."""

    low: float
    high: float
    mean: float | None = None
    sd: float | None = None
    is_log: bool = False
    """``mean`` and ``sd`` are those of the natural logarithm."""

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """``size`` independent values."""
        if self.mean is None or self.sd is None:
            return rng.uniform(self.low, self.high, size)
        drawn = rng.normal(self.mean, self.sd, size)
        return np.clip(np.exp(drawn) if self.is_log else drawn, self.low, self.high)

    def widened(self, factor: float) -> Distribution:
        """The same middle, ``factor`` times as wide: in ratios where all is above 0, which keeps shares below 1."""
        if factor == 1.0 or self.low == self.high:
            return self
        sd = None if self.sd is None else self.sd * factor
        if self.low > 0:
            middle = float(np.sqrt(self.low * self.high))
            low, high = middle * (self.low / middle) ** factor, middle * (self.high / middle) ** factor
            return replace(self, low=low, high=min(high, 1.0) if self.high <= 1.0 else high, sd=sd)
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2 * factor
        return replace(self, low=middle - half if self.low < 0 else self.low, high=middle + half, sd=sd)


def is_distribution(value: object) -> bool:
    """Whether a TOML table is a distribution rather than a table of other things."""
    return isinstance(value, dict) and set(value) in (NORMAL, LOGNORMAL)


def read_distribution(value: object) -> Distribution:
    """Read a distribution; anything else is a ValueError that says what to write."""
    if is_number(value):
        return _checked(Distribution(float(value), float(value)))
    if isinstance(value, list) and len(value) == 2 and all(is_number(v) for v in value):
        return _checked(Distribution(float(value[0]), float(value[1])))
    if isinstance(value, dict) and all(is_number(v) for v in value.values()):
        numbers = {key: float(number) for key, number in value.items()}
        if set(value) == NORMAL:
            return _checked(Distribution(numbers["low"], numbers["high"], numbers["mean"], numbers["sd"]))
        if set(value) == LOGNORMAL and numbers["median"] > 0:
            median, sigma = float(np.log(numbers["median"])), numbers["sigma"]
            return _checked(Distribution(numbers["low"], numbers["high"], median, sigma, is_log=True))
    raise ValueError(f"is {value!r}; write {FORMS}")


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value of TOML or JSON is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _checked(distribution: Distribution) -> Distribution:
    if not (np.isfinite(distribution.low) and np.isfinite(distribution.high)) or distribution.low > distribution.high:
        raise ValueError(f"goes from {distribution.low} to {distribution.high}; write the smaller finite number first")
    if distribution.sd is not None and distribution.sd < 0:
        raise ValueError(f"has sd {distribution.sd}; write 0 or more")
    return distribution
