"""Units of measurement as Home Assistant's devices write them → the suffix of a metric, and how to get there.

A unit that is another size of one of ours is converted (kW → W, °F → °C); any other stands behind the name as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_OTHER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Unit:
    """``suffix`` of the metric; our value = theirs × ``factor`` + ``offset``."""

    suffix: str
    factor: float = 1.0
    offset: float = 0.0


_KNOWN: Mapping[str, Unit] = {
    "W": Unit("w"), "mW": Unit("w", 1e-3), "kW": Unit("w", 1e3), "MW": Unit("w", 1e6),
    "VA": Unit("va"), "kVA": Unit("va", 1e3), "var": Unit("var"),
    "kWh": Unit("kwh"), "Wh": Unit("kwh", 1e-3), "MWh": Unit("kwh", 1e3), "J": Unit("kwh", 1 / 3.6e6),
    "V": Unit("v"), "mV": Unit("v", 1e-3), "A": Unit("a"), "mA": Unit("a", 1e-3),
    "°C": Unit("c"), "C": Unit("c"), "°F": Unit("c", 5 / 9, -160 / 9), "F": Unit("c", 5 / 9, -160 / 9), "K": Unit("k"),
    "%": Unit("pct"), "Hz": Unit("hz"), "kHz": Unit("hz", 1e3), "rpm": Unit("rpm"), "RPM": Unit("rpm"),
    "s": Unit("s"), "ms": Unit("s", 1e-3), "min": Unit("s", 60.0), "h": Unit("s", 3600.0), "d": Unit("s", 86400.0),
    "L": Unit("l"), "l": Unit("l"), "mL": Unit("l", 1e-3), "m³": Unit("m3"), "m3": Unit("m3"),
    "L/min": Unit("l_min"), "L/h": Unit("l_min", 1 / 60), "m³/h": Unit("m3_h"),
    "bar": Unit("bar"), "mbar": Unit("hpa"), "hPa": Unit("hpa"), "Pa": Unit("hpa", 1e-2), "kPa": Unit("hpa", 10.0),
    "mm/s": Unit("mm_s"), "m/s": Unit("m_s"), "g": Unit("kg", 1e-3), "kg": Unit("kg"), "lx": Unit("lux"),
    "dB": Unit("db"), "dBm": Unit("dbm"), "ppm": Unit("ppm"), "ppb": Unit("ppb"), "µg/m³": Unit("ug_m3"),
}  # fmt: skip


def unit_of(text: str) -> Unit:
    """The unit that a text names; of an unknown one its letters and digits."""
    text = text.strip().replace("μ", "µ")
    return _KNOWN.get(text) or Unit(_OTHER.sub("_", text.lower()).strip("_")[:16])
