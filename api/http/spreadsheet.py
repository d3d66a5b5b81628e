"""Lists as CSV for spreadsheets: UTF-8 with its mark, one row per thing, and no cell that a spreadsheet would compute."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from alerts.page import LIMIT_MAX

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
MEDIA_TYPE = "text/csv; charset=utf-8"


def csv_lines(columns: tuple[str, ...], rows: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    """The header, then the rows, in pieces of some hundred."""
    piece = io.StringIO()
    writer = csv.writer(piece)
    piece.write("\ufeff")
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow([_cell(row.get(name)) for name in columns])
        if number % LIMIT_MAX == 0:
            yield piece.getvalue()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue()


def _cell(value: object) -> object:
    """The value; text that begins as a formula does is marked as text, as spreadsheets do."""
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return f"'{value}"
    return "" if value is None else value
