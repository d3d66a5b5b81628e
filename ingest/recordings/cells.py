"""A column of cells → numbers in one unit, NaN where nothing was reported; or None where the column holds words.

A number may have a decimal comma, thousands in groups, and a unit that we know behind it; units of one kind are brought
to the same size (``950 mW`` and ``1.2 kW`` to W). *Not reported* are empty cells, NaN, infinity, and the words of
:data:`NOT_REPORTED`. ``on`` and ``off`` are 1 and 0 where a column holds nothing else.

Refuses a column that is mostly numbers and holds a cell that is none, and cells that only look like numbers (``1_00``):
a number that is left out in silence is worse than a sentence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.recordings.recording import Column, RecordingError
from ingest.wire.foreign.units import Unit, known_unit

NOT_REPORTED = frozenset(
    {"", "-", "--", "---", "—", "–", "?", "nan", "null", "nil", "none", "na", "n/a", "#n/a", "#na", "#nv", "unavailable", "unknown",
     "undefined", "missing", "no data", "nodata", "inf", "-inf", "+inf", "infinity", "-infinity", "\\n"}
)  # fmt: skip
_TRUTH = {"true": 1.0, "false": 0.0}
_SWITCH = {"on": 1.0, "off": 0.0}

NUMBER = re.compile(
    "([+\\-\N{MINUS SIGN}]?)([0-9.,](?:[0-9.,' \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]*[0-9.,])?)([eE][+-]?[0-9]+)?"
    "[ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]*([^0-9+\\-].*)?"
)
_PLAIN_DIGITS = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")
_BLANKS = re.compile("(?<=[0-9])['\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE} ](?=[0-9]{3}(?![0-9]))")
GROUPED = {sign: re.compile(rf"[1-9][0-9]{{0,2}}(?:{re.escape(sign)}[0-9]{{3}})+") for sign in ".,"}
_ONE_COMMA = re.compile(r"[0-9]*,[0-9]*")
_LOOKS_LIKENUMBER = re.compile(r"[+-]?\d[\d_]*(?:[.,][\d_]+)?", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of a column and the suffix of their unit, "" where no cell names one."""

    values: NDArray[np.float64]
    unit: str = ""


def read_figures(column: Column, *, decimal: str, missing: Sequence[str] = ()) -> Figures | None:
    """The column as numbers; None where it holds words; raises :class:`RecordingError`."""
    plain = _plain(column.cells) if decimal == "." and not missing else None
    if plain is not None:
        return Figures(plain)
    silent = NOT_REPORTED | {word.lower() for word in missing}
    distinct = {cell: _value(cell.strip(), decimal, silent) for cell in dict.fromkeys(column.cells)}
    odd = [cell for cell, value in distinct.items() if value is None]
    if odd:
        words = {cell.strip().lower() for cell in odd}
        if words <= set(_SWITCH) and all(v is None or math.isnan(v[0]) for v in distinct.values()):
            distinct |= {cell: (_SWITCH[cell.strip().lower()], None) for cell in odd}
        else:
            _refuse_if_numbers(column, distinct)
            return None
    if all(math.isnan(value[0]) for value in distinct.values() if value):
        return None
    unit = _one_unit(column, distinct)
    sizes = {cell: _in_unit(value) for cell, value in distinct.items() if value}
    return Figures(np.fromiter((sizes[cell] for cell in column.cells), float, len(column.cells)), unit)


def _plain(cells: Sequence[str]) -> NDArray[np.float64] | None:
    """Cells of plain numbers, the common case, fast; None for anything else, and where nothing is reported."""
    text = "".join(cells)
    if "_" in text or not text.isascii():
        return None
    try:
        values = np.fromiter((float(cell) if cell else math.nan for cell in cells), float, len(cells))
    except ValueError:
        return None
    return None if np.isinf(values).any() or np.isnan(values).all() else values


def _value(text: str, decimal: str, silent: frozenset[str]) -> tuple[float, Unit | None] | None:
    """One cell: a number and its unit, NaN for not reported, None for a word."""
    lower = text.lower()
    if lower in silent:
        return math.nan, None
    if lower in _TRUTH:
        return _TRUTH[lower], None
    found = NUMBER.fullmatch(text)
    if found is None:
        return None
    unit = known_unit(found[4]) if found[4] else None
    digits = _digits(found[2], decimal)
    if digits is None or not _PLAIN_DIGITS.fullmatch(digits) or (found[4] and unit is None):
        return None
    sign = "-" if found[1] and found[1] != "+" else ""
    number = float(f"{sign}{digits}{found[3] or ''}")
    return None if math.isinf(number) else (number, unit)


def is_figure(cell: str) -> bool:
    """Whether a cell is a number, with or without one of our units.

    >>> is_figure("1,5"), is_figure("5 W"), is_figure("true"), is_figure("a5")
    (True, True, False, False)
    """
    text = cell.strip()
    return NUMBER.fullmatch(text) is not None and any(_value(text, sign, frozenset()) for sign in ".,")


def is_number(cell: str) -> bool:
    """Whether a cell is a number without a unit, whichever sign divides it.

    >>> is_number("1,5"), is_number("9 9"), is_number("5 W")
    (True, False, False)
    """
    found = NUMBER.fullmatch(cell.strip())
    return found is not None and not found[4] and any(_digits(found[2], sign) for sign in ".,")


def _digits(text: str, decimal: str) -> str | None:
    """Digits with a decimal point and without groups; None where commas and points stand as in no number."""
    text = _BLANKS.sub("", text)
    if " " in text or "'" in text:
        return None
    if "," in text and "." in text:
        mark = max(",.", key=text.rfind)
        other = "." if mark == "," else ","
        whole, _, part = text.rpartition(mark)
        return f"{whole.replace(other, '')}.{part}" if GROUPED[other].fullmatch(whole) else None
    for sign in ",.":
        if text.count(sign) > 1 or (sign in text and sign != decimal and GROUPED[sign].fullmatch(text)):
            return text.replace(sign, "") if GROUPED[sign].fullmatch(text) else None
    if "," in text and decimal != ",":
        return None
    return text.replace(",", ".")


def _refuse_if_numbers(column: Column, distinct: dict[str, tuple[float, Unit | None] | None]) -> None:
    """Raise where words stand among more numbers than words, or where a cell only looks like a number."""
    numbers = words = 0
    for cell in column.cells:
        value = distinct[cell]
        words += value is None
        numbers += value is not None and not math.isnan(value[0])
    for row, cell in enumerate(column.cells):
        if distinct[cell] is None and (numbers >= words or _LOOKS_LIKENUMBER.fullmatch(cell.strip())):
            raise RecordingError(
                f"{column.place(row)} is no number, as {numbers} cells of the column are; write it as a number such as 100.5, "
                f"call it not reported with --missing {cell.strip()!r}, or leave the column out with --drop {column.label!r}."
            )


def _one_unit(column: Column, distinct: dict[str, tuple[float, Unit | None] | None]) -> str:
    """The suffix that all cells with a unit share; raises :class:`RecordingError` where they are of different kinds."""
    suffixes = list(dict.fromkeys(value[1].suffix for value in distinct.values() if value and value[1]))
    if len(suffixes) > 1:
        row = next(row for row, cell in enumerate(column.cells) if _suffix(distinct[cell]) == suffixes[1])
        raise RecordingError(
            f"{column.place(row)} has another unit than the cells before; put metrics of different units into columns of "
            f"their own, or leave the column out with --drop {column.label!r}."
        )
    return suffixes[0] if suffixes else ""


def _suffix(value: tuple[float, Unit | None] | None) -> str:
    return value[1].suffix if value and value[1] else ""


def _in_unit(value: tuple[float, Unit | None]) -> float:
    """The number in the size of unit that we use."""
    number, unit = value
    return number if unit is None else number * unit.factor + unit.offset
