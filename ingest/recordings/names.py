"""What a column's metric is called: lower snake case, with its unit behind it, and different for different columns."""

from __future__ import annotations

import hashlib
import re
import unicodedata

RESERVED_NAMES = frozenset({"id", "ts", "time", "mode", "cycle", "appliance_id"})
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BRACKETS = re.compile(r"[\[(]([^\[\]()]{1,12})[\])](#\d+)?$")
_SIGNS = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "µ": "u", "μ": "u", "°": " ", "%": " pct ", "Ω": "ohm"}
)


def metric_name(column: str) -> str:
    """A column's name as a metric name; letters that have no Latin form leave a short mark of their own.

    >>> metric_name("activePower"), metric_name("Volume Flow RateRMS"), metric_name("id")
    ('active_power', 'volume_flow_rate_rms', 'id_value')
    >>> metric_name("Kühlschrank"), metric_name("功率") != metric_name("温度")
    ('kuhlschrank', True)
    """
    plain = unicodedata.normalize("NFKD", column.translate(_SIGNS))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    name = re.sub(r"[^a-z0-9]+", "_", _WORD_ENDS.sub("_", plain).lower()).strip("_")
    if any(sign.isalpha() and not sign.isascii() for sign in plain):
        name = f"{name[:50]}_{hashlib.blake2s(column.encode(), digest_size=3).hexdigest()}".strip("_")
    if not name or not name[0].isalpha():
        name = f"m_{name}".rstrip("_")
    return f"{name[:58]}_value" if name in RESERVED_NAMES else name[:64].rstrip("_")


def unit_in(column: str) -> str:
    """The unit that a column's name has in brackets at its end, as it is written there.

    >>> unit_in("Leistung [W]"), unit_in("Temperatur (°C)"), unit_in("Power")
    ('W', '°C', '')
    """
    found = _BRACKETS.search(column)
    return found[1] if found else ""


def without_unit(column: str) -> str:
    """A column's name without what :func:`unit_in` finds there.

    >>> without_unit("Leistung [kW]"), without_unit("Leistung [kW]#2")
    ('Leistung', 'Leistung #2')
    """
    return _BRACKETS.sub(lambda found: found[2] or "", column).strip() or column


def with_unit(name: str, unit: str) -> str:
    """A metric's name with the suffix of its unit, where it does not end with it.

    >>> with_unit("power", "w"), with_unit("power_w", "w")
    ('power_w', 'power_w')
    """
    if not unit or name == unit or name.endswith(f"_{unit}"):
        return name
    return f"{name[: 63 - len(unit)]}_{unit}"
