"""What people call time zones that are none, and which zone they mean: ``CET``, ``europe/berlin``, ``Berlin``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from zoneinfo import available_timezones

NAMES: Mapping[str, str] = {
    **dict.fromkeys(("CET", "CEST", "MEZ", "MESZ", "MET", "MEST"), "Europe/Berlin"),
    **dict.fromkeys(("GMT", "BST", "WET", "WEST"), "Europe/London"),
    **dict.fromkeys(("EET", "EEST", "OEZ", "OESZ"), "Europe/Helsinki"),
    **dict.fromkeys(("EST", "EDT", "ET"), "America/New_York"),
    **dict.fromkeys(("CST", "CDT", "CT"), "America/Chicago"),
    **dict.fromkeys(("MST", "MDT", "MT"), "America/Denver"),
    **dict.fromkeys(("PST", "PDT", "PT"), "America/Los_Angeles"),
    **dict.fromkeys(("AEST", "AEDT"), "Australia/Sydney"),
    "MSK": "Europe/Moscow", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "HKT": "Asia/Hong_Kong",
    "SGT": "Asia/Singapore", "AWST": "Australia/Perth", "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland",
    "BEIJING": "Asia/Shanghai", "Z": "UTC",
}  # fmt: skip
"""Short names of times, which are no zones, and the zone of a place where clocks show them; CST is China's as well."""

_SHORT = re.compile(r".*[0-9] ?\(?([A-Z][A-Za-z]{1,5})\)?")


def near(name: str, *, or_offset: bool = True) -> str:
    """A zone that may be meant, for a sentence.

    >>> near("CET", or_offset=False), near("europe/berlin", or_offset=False), near("Pariss", or_offset=False)
    ('Europe/Berlin', 'Europe/Berlin', 'Europe/Paris')
    """
    meant = NAMES.get(name.strip().upper())
    if meant is None:
        by_lower = {one.lower(): one for one in available_timezones()}
        cities = {one.rpartition("/")[2]: one for one in sorted(by_lower, reverse=True)}
        lower = name.strip().lower().replace(" ", "_")
        close = difflib.get_close_matches(lower, by_lower, 1, 0.75) or difflib.get_close_matches(lower, cities, 1, 0.8)
        meant = by_lower[cities.get(close[0], close[0])] if close else None
    if not or_offset:
        return meant or "one such as Europe/Berlin"
    return "one such as Europe/Berlin, UTC or +01:00" if meant is None else f"{meant}, or an offset such as +01:00"


def short_name(text: str) -> str | None:
    """The short name of a time that stands behind one, as in ``2026-11-29 10:00:00 CET``."""
    found = _SHORT.fullmatch(text)
    return found[1] if found and found[1].upper() in NAMES else None
