"""Names that keep different things different: of devices as appliance ids, of what they measure as metrics.

A name that our ids can't hold is written in letters that they can; where that loses something a short hash of the whole
name stands behind it. Plain names of two things may still meet (``tele/home/a`` and ``tele/home_a``): whoever came first
keeps the name, any other gets its hash behind it, and claims.py remembers that over a restart.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from ingest.wire.telemetry import is_metric_name

_ID_CHARACTERS_MAX = 64
_METRIC_CHARACTERS_MAX = 64
_BETWEEN = re.compile(r"[\s/.:,;|()\[\]+-]")
_NOT_ID = re.compile(r"[^A-Za-z0-9_-]")
_NOT_METRIC = re.compile(r"[^a-z0-9]+")
_LETTERS: Mapping[str, str] = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d",
    "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "\u0131": "i",
}  # fmt: skip


def hash_of(text: str, characters: int = 8) -> str:
    """A few hexadecimal digits that differ where the texts do."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()[:characters]


def latin(text: str) -> str:
    """Letters without their accents, and the few that have another spelling; others stay as they are.

    >>> latin("Kühlschrank Straße")
    'Kuhlschrank Strasse'
    """
    spelled = "".join(_LETTERS.get(character, character) for character in text)
    return "".join(c for c in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(c))


def safe_id(name: str, whole: str) -> str:
    """An appliance id for a device's name; ``whole`` is the name with its convention's root, which the hash is made of.

    >>> safe_id("kitchen/fridge", "zigbee2mqtt/kitchen/fridge")
    'kitchen_fridge'
    """
    plain = latin(_BETWEEN.sub(lambda match: match[0] if match[0] == "-" else "_", name))
    if plain.isascii() and len(plain) <= _ID_CHARACTERS_MAX and not _NOT_ID.search(plain) and plain.strip("_"):
        return plain
    kept = _NOT_ID.sub("", plain).strip("_-")
    return hashed(kept or whole.partition("/")[0], whole, _ID_CHARACTERS_MAX)


def hashed(stem: str, whole: str, characters_max: int = _ID_CHARACTERS_MAX) -> str:
    """A name with the hash of the whole one behind it."""
    return f"{_NOT_ID.sub('', stem)[: characters_max - 9] or 'device'}_{hash_of(whole)}"


def snake(text: str) -> str:
    """A name in the form of our metrics, empty where nothing of it can stay.

    >>> snake("Drum temperature"), snake("水温")
    ('drum_temperature', '')
    """
    return _NOT_METRIC.sub("_", latin(text).lower()).strip("_")


def metric_name(stem: str, suffix: str) -> str | None:
    """A metric by its stem and unit; None where the stem can't be one.

    A text that is cut short keeps the hash of the whole.

    >>> metric_name("power", "w"), metric_name("power_w", "w"), metric_name("3v", "v"), metric_name("Water temp", "c")
    ('power_w', 'power_w', 'value_3v_v', 'water_temp_c')
    """
    stem = snake(stem)
    if not stem:
        return None
    tail = f"_{suffix}" if suffix else ""
    if tail and stem.endswith(tail):
        stem = stem.removesuffix(tail)
    stem = stem if stem[:1].isalpha() else f"value_{stem}"
    room = _METRIC_CHARACTERS_MAX - len(tail)
    if len(stem) > room:
        stem = f"{stem[: room - 9].rstrip('_')}_{hash_of(stem)}"
    name = stem + tail
    return name if is_metric_name(name) else f"value_{name}"[:_METRIC_CHARACTERS_MAX]
