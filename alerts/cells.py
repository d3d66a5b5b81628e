"""What stands in the cells of a file: lists, numbers, days, yes or no; :class:`InvalidError` with the column where it is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from alerts.errors import InvalidError
from alerts.place import Place

_WORDS = {"yes": True, "true": True, "1": True, "是": True, "no": False, "false": False, "0": False, "否": False}

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")

T = TypeVar("T")
Word = TypeVar("Word", bound=StrEnum)


def several(text: str) -> tuple[str, ...]:
    """The entries of a cell, divided by semicolons."""
    return tuple(filter(None, (one.strip() for one in text.split(";"))))


def number_of(name: str, text: str, kind: Callable[[str], T]) -> T:
    """The number of a cell; :class:`InvalidError` where it is none, or only looks like one (``1_0``, ``٣``)."""
    try:
        return kind(text if _NUMBER.fullmatch(text) else "")
    except ValueError as error:
        raise InvalidError(f"{name}: {text!r} is no number.") from error


def levels_of(name: str, text: str) -> Mapping[str, int]:
    """``washing_machine:2; dryer`` as names with levels; without one it is 1."""
    pairs = (one.partition(":") for one in several(text))
    return {word.strip(): number_of(name, level or "1", int) for word, _, level in pairs}


def one_of(name: str, kind: type[Word], text: str) -> Word:
    """The word of a cell that takes one of some words."""
    try:
        return kind(text)
    except ValueError as error:
        raise InvalidError(f"{name}: {text!r} is none; there are: {', '.join(kind)}.") from error


def yes_or_no(name: str, text: str) -> bool:
    """The truth of a cell."""
    if text.lower() not in _WORDS:
        raise InvalidError(f"{name}: {text!r} is neither yes nor no.")
    return _WORDS[text.lower()]


def day_of(name: str, text: str) -> date:
    """The day of a cell."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidError(f"{name}: {text!r} is no day such as 2026-11-30.") from error


def point_of(cells: Mapping[str, str]) -> Place:
    """The point of a row; both numbers or none."""
    if not {"latitude", "longitude"} <= cells.keys():
        raise InvalidError("latitude and longitude stand together.")
    return Place(*(number_of(name, cells[name], float) for name in ("latitude", "longitude")))
