"""Units of measurement as devices write them → the suffix of a metric, and how to get there.

Spellings are made one first (NFKC: ``㎾`` is kW, ``℉`` is °F, both signs for micro are one). A unit that is another size of
one of ours is converted (kW → W, µA → A, °F → °C); of any other its letters stand behind the name, signs written out, so
that no two units become one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from ingest.wire.foreign.identity import hash_of

_OTHER = re.compile(r"[^a-z0-9]+")
_SUFFIX_CHARACTERS_MAX = 16


@dataclass(frozen=True, slots=True)
class Unit:
    """``suffix`` of the metric; our value = theirs × ``factor`` + ``offset``."""

    suffix: str
    factor: float = 1.0
    offset: float = 0.0


_PREFIXES: Mapping[str, float] = {"n": 1e-9, "µ": 1e-6, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9}
_SCALED: Mapping[str, tuple[str, float]] = {
    "W": ("w", 1.0), "VA": ("va", 1.0), "var": ("var", 1.0), "VAr": ("var", 1.0), "VAR": ("var", 1.0),
    "Wh": ("kwh", 1e-3), "VAh": ("kvah", 1e-3), "varh": ("kvarh", 1e-3), "VArh": ("kvarh", 1e-3),
    "J": ("kwh", 1 / 3.6e6), "V": ("v", 1.0), "A": ("a", 1.0), "Ah": ("ah", 1.0), "Ω": ("ohm", 1.0), "ohm": ("ohm", 1.0),
    "Hz": ("hz", 1.0), "F": ("farad", 1.0), "H": ("henry", 1.0), "T": ("tesla", 1.0), "S": ("siemens", 1.0),
    "S/cm": ("s_cm", 1.0), "N": ("n", 1.0), "m": ("m", 1.0), "g": ("kg", 1e-3), "s": ("s", 1.0), "L": ("l", 1.0),
    "bar": ("bar", 1.0), "Pa": ("hpa", 1e-2), "lm": ("lm", 1.0), "mol": ("mol", 1.0),
}  # fmt: skip
"""Units that take a prefix, and the size of the plain one in ours."""
_NO_PREFIX = frozenset({"nW", "mF", "kF", "MF", "GF", "kT", "MT", "Gm", "Mm"})
_FAHRENHEIT, _CELSIUS = Unit("c", 5 / 9, -160 / 9), Unit("c")
_WHOLE: Mapping[str, Unit] = {
    "°C": _CELSIUS, "C": _CELSIUS, "degC": _CELSIUS, "ºC": _CELSIUS, "oC": _CELSIUS, "Celsius": _CELSIUS,
    "celsius": _CELSIUS, "°F": _FAHRENHEIT, "F": _FAHRENHEIT, "degF": _FAHRENHEIT, "ºF": _FAHRENHEIT,
    "Fahrenheit": _FAHRENHEIT, "fahrenheit": _FAHRENHEIT, "K": Unit("k"), "Kelvin": Unit("k"), "°": Unit("deg"), "deg": Unit("deg"),
    "%": Unit("pct"), "%RH": Unit("pct"), "%rh": Unit("pct"), "% RH": Unit("pct"), "RH%": Unit("pct"), "%rF": Unit("pct"), "‰": Unit("pct", 0.1),
    "rpm": Unit("rpm"), "RPM": Unit("rpm"), "U/min": Unit("rpm"), "1/min": Unit("rpm"), "r/min": Unit("rpm"),
    "sec": Unit("s"), "seconds": Unit("s"), "min": Unit("s", 60.0), "minutes": Unit("s", 60.0), "h": Unit("s", 3600.0), "hours": Unit("s", 3600.0), "hr": Unit("s", 3600.0), "hrs": Unit("s", 3600.0), "d": Unit("s", 86400.0),
    "days": Unit("s", 86400.0), "l": Unit("l"), "ml": Unit("l", 1e-3), "liter": Unit("l"), "litre": Unit("l"), "gal": Unit("l", 3.785411784),
    "m³": Unit("m3"), "m^3": Unit("m3"), "cm³": Unit("l", 1e-3), "ft³": Unit("m3", 0.028316846592),
    "L/min": Unit("l_min"), "l/min": Unit("l_min"), "lpm": Unit("l_min"), "LPM": Unit("l_min"), "L/h": Unit("l_min", 1 / 60), "l/h": Unit("l_min", 1 / 60), "L/s": Unit("l_min", 60.0), "l/s": Unit("l_min", 60.0), "gal/min": Unit("l_min", 3.785411784), "GPM": Unit("l_min", 3.785411784), "mL/min": Unit("l_min", 1e-3), "ml/min": Unit("l_min", 1e-3),
    "m³/h": Unit("m3_h"), "m^3/h": Unit("m3_h"), "m³/min": Unit("m3_h", 60.0), "m³/s": Unit("m3_h", 3600.0), "ft³/min": Unit("m3_h", 1.69901082), "CFM": Unit("m3_h", 1.69901082), "CCF": Unit("m3", 2.8316846592),
    "mbar": Unit("hpa"), "psi": Unit("hpa", 68.947572932), "mmHg": Unit("hpa", 1.33322387415), "inHg": Unit("hpa", 33.86388640341), "atm": Unit("hpa", 1013.25),
    "inH₂O": Unit("hpa", 2.4908891), "mm/s": Unit("mm_s"), "m/s": Unit("m_s"), "km/h": Unit("m_s", 1 / 3.6), "kmh": Unit("m_s", 1 / 3.6), "mph": Unit("m_s", 0.44704), "kn": Unit("m_s", 0.514444444), "ft/s": Unit("m_s", 0.3048), "m/s²": Unit("m_s2"), "m/s^2": Unit("m_s2"), "mm/s²": Unit("m_s2", 1e-3),
    "t": Unit("kg", 1e3), "lb": Unit("kg", 0.45359237), "lbs": Unit("kg", 0.45359237), "oz": Unit("kg", 0.028349523125),
    "in": Unit("m", 0.0254), "ft": Unit("m", 0.3048), "cm": Unit("m", 1e-2), "lx": Unit("lux"), "lux": Unit("lux"), "klx": Unit("lux", 1e3),
    "hPa": Unit("hpa"), "dB": Unit("db"), "dBA": Unit("db"), "dBm": Unit("dbm"), "ppm": Unit("ppm"), "ppb": Unit("ppb"), "µg/m³": Unit("ug_m3"), "ug/m³": Unit("ug_m3"), "mg/m³": Unit("ug_m3", 1e3), "g/m³": Unit("g_m3"),
    "Watt": Unit("w"), "Watts": Unit("w"), "Volt": Unit("v"), "Volts": Unit("v"), "Ampere": Unit("a"), "Amps": Unit("a"), "Hertz": Unit("hz"), "percent": Unit("pct"),
    "BTU/h": Unit("w", 0.29307107), "hp": Unit("w", 745.699872), "cal": Unit("kwh", 1.163e-6), "kcal": Unit("kwh", 1.163e-3), "kΩ": Unit("ohm", 1e3),
    "pH": Unit("ph"), "UV index": Unit("uv_index"), "W/m²": Unit("w_m2"), "µS/cm": Unit("us_cm"), "uS/cm": Unit("us_cm"), "mS/cm": Unit("us_cm", 1e3), "°dH": Unit("dh"), "°/s": Unit("deg_s"),
}  # fmt: skip
_WRITTEN = {
    "°": "deg",
    "µ": "u",
    "%": "pct",
    "Ω": "ohm",
    "€": "eur",
    "$": "usd",
    "£": "gbp",
    "¥": "yen",
    "²": "2",
    "³": "3",
}
_BARE_POWER = re.compile(r"(m|ft|s)\^?([23])(?=/|$)")
_POWERS = str.maketrans({"²": "\x02", "³": "\x03"})


def _spelled(text: str) -> str:
    """One spelling: NFKC, but for the powers, which it would make plain digits."""
    kept = unicodedata.normalize("NFKC", text.translate(_POWERS)).replace("\x02", "²").replace("\x03", "³")
    kept = (
        kept.replace("·", "")
        .replace("⋅", "")
        .replace("μ", "µ")
        .replace("\u2126", "Ω")
        .replace("\u00ba", "°")
        .replace("−", "-")
    )
    return " ".join(kept.split())


_KNOWN: Mapping[str, Unit] = {
    _spelled(text): unit
    for text, unit in {
        **{plain: Unit(suffix, size) for plain, (suffix, size) in _SCALED.items() if plain != "F"},
        **{
            prefix + plain: Unit(suffix, size * factor)
            for plain, (suffix, size) in _SCALED.items()
            for prefix, factor in _PREFIXES.items()
            if prefix + plain not in _NO_PREFIX
        },
        **_WHOLE,
    }.items()
}
_LOOSE_PREFIXES = ("", "m", "k", "M")
"""Of the prefixes those that people mean in any case: nobody's ``UV`` is a microvolt, and nobody's ``NM`` a nanometre."""
_MEANT = {prefix + plain for prefix in _LOOSE_PREFIXES for plain in _SCALED} | {_spelled(text) for text in _WHOLE}
_SURE = {
    text.lower()
    for text in _KNOWN.keys() & _MEANT
    if len(text) > 1 or text.isupper()  # a capital G is no gram, and D no day
}
_ALIKE: dict[str, set[Unit]] = {}
for _text, _unit in _KNOWN.items():
    _ALIKE.setdefault(_text.lower(), set()).add(_unit)
_LOOSE: Mapping[str, Unit] = {
    lower: next(iter(units)) for lower, units in _ALIKE.items() if len(units) == 1 and lower in _SURE
}
"""Spellings in any case (``kw``, ``KWH``), where only one unit can be meant."""


_LETTERS = frozenset(unit.suffix for unit in _KNOWN.values() if len(unit.suffix) == 1)
"""Suffixes that are one letter: a letter that is none of these units has a hash behind it."""


def unit_of(text: str) -> Unit:
    """The unit that a text names; of an unknown one its letters and digits, and a hash where others would be lost."""
    text = _spelled(text)
    whole = _BARE_POWER.sub(_power, text.replace(" ", ""))
    known = _KNOWN.get(text) or _KNOWN.get(whole) or _LOOSE.get(whole.lower())
    if known is not None or not text:
        return known or Unit("")
    written = "".join(f" {_WRITTEN[c]} " if c in _WRITTEN and c not in "²³" else _WRITTEN.get(c, c) for c in text)
    suffix = _OTHER.sub("_", written.lower()).strip("_")
    is_whole = written.isascii() and len(suffix) <= _SUFFIX_CHARACTERS_MAX and bool(suffix) and suffix not in _LETTERS
    if is_whole:
        return Unit(suffix)
    return Unit(f"{suffix[: _SUFFIX_CHARACTERS_MAX - 5].strip('_') or 'unit'}_{hash_of(text, 4)}")


def _power(match: re.Match[str]) -> str:
    """A power that is written as a plain digit: m3, ft3, m/s2."""
    return match[1] + {"2": "²", "3": "³"}[match[2]]


def known_unit(text: str) -> Unit | None:
    """The unit that a text names, where it is one of ours or another size of one; None for anything else."""
    text = _spelled(text)
    return _KNOWN.get(text) or _KNOWN.get(_BARE_POWER.sub(_power, text.replace(" ", "")))
