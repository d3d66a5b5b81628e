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
    "k": (100.0, 25_000.0),
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
_REGISTER_ENDS = (327.67, -327.68, 327.68, 655.35, 3276.7, -3276.8, 6553.5, 32767.0, -32768.0, 65535.0)
"""Ends of the number range of a 16-bit register, plain or with one or two decimals."""
_NO_VOLTAGE = (655.35, 6553.5, 32767.0, 65535.0)
"""The same of voltages, of which the smaller ones can be."""
_NO_SENSOR_C = 999.0
_JUST_ON = ("ds18b20", "ds18x20"), 85.0
"""What this thermometer says before it has measured for the first time."""


def is_plausible(metric: str, value: float) -> bool:
    """Whether a reading can be one.

    >>> is_plausible("drum_temperature_c", -327.68), is_plausible("freezer_c", -18.0), is_plausible("power_w", -327.68)
    (False, True, True)
    """
    low, high, marks = limits(metric)
    return low <= value <= high and round(value, 2) not in marks


@lru_cache(METRICS_REMEMBERED)
def limits(metric: str) -> tuple[float, float, tuple[float, ...]]:
    """Lowest and highest value that a metric can have, and the values in between that are marks for none.

    >>> limits("ds18b20_temperature_c")[2][-2:], limits("power_w")
    ((999.0, 85.0), (-1000000000.0, 1000000000.0, ()))
    """
    suffix = metric.rpartition("_")[2]
    low, high = _RANGES.get(suffix, (-ANYTHING, ANYTHING))
    if suffix == "pct" and any(share in metric for share in _SHARES):
        low, high = _SHARE_RANGE
    elif metric.startswith(_POWER_FACTOR):
        low, high = -100.0, 100.0
    marks = _REGISTER_ENDS if suffix in {"c", "pct"} else _NO_VOLTAGE if suffix == "v" else ()
    if suffix == "c":
        names, value = _JUST_ON
        marks = (*marks, _NO_SENSOR_C, *([value] if any(name in metric for name in names) else ()))
    return low, high, marks


def impossible(metrics: Sequence[str], values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of N samples' readings of M metrics (N, M) can't be; what is not reported is none of them.

    >>> impossible(("freezer_c", "power_w"), np.array([[-327.68, -327.68], [-18.0, np.nan]])).tolist()
    [[True, False], [False, False]]
    """
    known = [limits(name) for name in metrics]
    low, high = (np.array([one[end] for one in known]) for end in (0, 1))
    found: NDArray[np.bool_] = (values < low) | (values > high)
    for column, (_, _, marks) in enumerate(known):
        if marks:
            found[:, column] |= np.isin(np.round(values[:, column], 2), marks)
    return found
