"""Numbers as devices write them, as text or in JSON; text that only looks like one is none."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-][0-9]{1,3})?")
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9]|\.0)?")
_CHARACTERS_MAX = 40
NO_VALUE = frozenset({"", "unknown", "unavailable", "none", "null", "nan", "n/a", "undefined"})
"""Words for "nothing there"."""


def number_of(text: str) -> float | None:
    """The number that a text is; None for any other text, such as an error code ``1E5``, ``1_000`` or other digits.

    >>> number_of(" 12.5 "), number_of("1e-05"), number_of("1E5"), number_of("1_000"), number_of("٣")
    (12.5, 1e-05, None, None, None)
    """
    text = text.strip(" \t\r\n")
    if len(text) > _CHARACTERS_MAX or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def plain_number_of(text: str) -> float | None:
    """As :func:`number_of`, where nothing promises a number: only in the form in which a number is usually written.

    >>> plain_number_of("2.1"), plain_number_of("2.10"), plain_number_of("007")
    (2.1, None, None)
    """
    return number_of(text) if _PLAIN.fullmatch(text.strip(" \t\r\n")) else None


def is_no_value(text: str) -> bool:
    """Whether a text is a word for "nothing there"."""
    return text.strip().lower() in NO_VALUE
