"""Which sign divides a number: ``1.001`` may be one and a bit, or a thousand and one, and the other cells say which.

A file has one decimal sign; a column may show that a point groups its thousands, or that it does not. What nothing decides
is said, with the option that does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ingest.recordings.cells import GROUPED, NUMBER
from ingest.recordings.recording import Column

THOUSAND, NEAR_THOUSAND = 1000, 100
_ONE_COMMA = re.compile(r"[0-9]*,[0-9]*")


def decide_decimal(columns: Iterable[Column], delimiter_is_comma: bool, notes: list[str]) -> str:
    """Whether the file's numbers have a decimal comma: "," or "."; says so where only the separators tell."""
    doubtful: tuple[Column, int] | None = None
    for column in columns:
        if "," not in "".join(column.cells):
            continue
        for row, cell in enumerate(column.cells):
            found = NUMBER.fullmatch(cell.strip()) if "," in cell else None
            if found is None or "." in found[2]:
                continue
            is_grouped = GROUPED[","].fullmatch(found[2]) is not None
            if not is_grouped and _ONE_COMMA.fullmatch(found[2]):
                return ","
            if found[2].count(",") > 1:
                if is_grouped:
                    return "."
                continue  # as in no number: it says nothing of the others
            doubtful = doubtful or (column, row)
    if doubtful is None:
        return "."
    decimal = "." if delimiter_is_comma else ","
    told = "as thousands in groups" if delimiter_is_comma else "with a decimal comma"
    notes.append(f"{doubtful[0].place(doubtful[1])} is read {told}; --decimal . or --decimal , decides.")
    return decimal


def decide_points(column: Column, decimal: str, notes: list[str]) -> str:
    """The decimal sign of one column: "," where points group its thousands.

    A point that stands as in no group (``1.5``, ``0.998``) or beside plain numbers from 1000 on divides; two points in one
    number, or a decimal comma in the column, say that it groups, and so do, said, plain numbers that all come near 1000.
    """
    text = "".join(column.cells)
    if "." not in text:
        return decimal
    grouped: int | None = None
    plain: list[int] = []
    groups = divides = False
    for row, digits in _digits(column):
        if "," in digits or digits.count(".") > 1:
            groups = True
        elif "." not in digits:
            plain.append(int(digits))
        elif GROUPED["."].fullmatch(digits):
            grouped = row if grouped is None else grouped
        else:
            divides = True
            if "," not in text:
                break
    divides = divides or any(number >= THOUSAND for number in plain)
    if grouped is None or groups != divides:
        return "," if groups else "." if divides else decimal
    others = [number for number in plain if number]
    sign = "," if not groups and others and min(others) >= NEAR_THOUSAND else decimal
    told = "as thousands in groups" if sign == "," else "with a decimal point"
    notes.append(f"{column.place(grouped)} is read {told}; --decimal . or --decimal , decides.")
    return sign


def _digits(column: Column) -> Iterator[tuple[int, str]]:
    """The digits of each different number, with the first row where it stands."""
    seen: set[str] = set()
    for row, cell in enumerate(column.cells):
        if cell in seen:
            continue
        seen.add(cell)
        found = NUMBER.fullmatch(cell.strip())
        if found is not None and not found[3] and not set(found[2]) - set("0123456789.,"):
            yield row, found[2]
