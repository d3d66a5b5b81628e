"""Which values a quantity can have, by the unit behind its name: what lies outside is a fault of the data, no reading.

The bounds are wide: they are there for marks such as -327.68 °C ("no sensor"), -127 °C ("no answer") or 6553.5 % and not to
judge an appliance; that is the detectors' business, by the profile's range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

ANYTHING = 1e308
METRICS_REMEMBERED = 65_536

_RANGES: Mapping[str, tuple[float, float]] = {
    "c": (-100.0, 1300.0),
    "k": (100.0, 1600.0),
    "v": (-20_000.0, 20_000.0),
    "a": (-20_000.0, 20_000.0),
    "w": (-1e9, 1e9),
    "va": (-1e9, 1e9),
    "var": (-1e9, 1e9),
    "kwh": (-1e9, 1e9),
    "hz": (0.0, 1e10),
    "lux": (-1.0, 300_000.0),
    "ppm": (0.0, 1e6),
    "ppb": (0.0, 1e9),
    "dbm": (-200.0, 100.0),
    "pct": (-1000.0, 1000.0),
    "rpm": (-1e6, 1e6),
    "bar": (-1.1, 10_000.0),
    "hpa": (-2_000.0, 1e7),
    "kg": (-1e5, 1e5),
    "ph": (-1.0, 15.0),
}
_SHARES = ("humidity", "battery", "soil_moisture")
_SHARE_RANGE = (0.0, 105.0)
_POWER_FACTOR = "power_factor"
_MARKS = frozenset({327.67, -327.68, 327.68, 655.35, 3276.7, -3276.8, 6553.5, 32767.0, -32768.0, 65535.0})
"""Ends of the number range of a 16-bit register, plain or with one or two decimals."""
_MARKED = ("c", "pct")
_ALL_MARKS = np.array(sorted(_MARKS))


def is_plausible(metric: str, value: float) -> bool:
    """Whether a reading can be one.

    >>> is_plausible("drum_temperature_c", -327.68), is_plausible("freezer_c", -18.0), is_plausible("power_w", -327.68)
    (False, True, True)
    """
    low, high, has_marks = limits(metric)
    return low <= value <= high and not (has_marks and round(value, 2) in _MARKS)


@lru_cache(METRICS_REMEMBERED)
def limits(metric: str) -> tuple[float, float, bool]:
    """Lowest and highest value that a metric can have, and whether the ends of a register's range are marks in it."""
    suffix = metric.rpartition("_")[2]
    low, high = _RANGES.get(suffix, (-ANYTHING, ANYTHING))
    if suffix == "pct" and any(share in metric for share in _SHARES):
        low, high = _SHARE_RANGE
    elif metric.startswith(_POWER_FACTOR):
        low, high = -100.0, 100.0
    return low, high, suffix in _MARKED


def impossible(metrics: Sequence[str], values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of N samples' readings of M metrics (N, M) can't be; what is not reported is none of them.

    >>> impossible(("freezer_c", "power_w"), np.array([[-327.68, -327.68], [-18.0, np.nan]])).tolist()
    [[True, False], [False, False]]
    """
    low, high, has_marks = (np.array(column) for column in zip(*map(limits, metrics), strict=True))
    found: NDArray[np.bool_] = (values < low) | (values > high)
    if has_marks.any():
        found[:, has_marks] |= np.isin(np.round(values[:, has_marks], 2), _ALL_MARKS)
    return found
