"""Files of rows as CSV: text to rows and rows to text, nothing decided.

Comma, semicolon or tab between cells, told by the first line; a byte order mark is skipped. Each row keeps the line it
began at, so that a report can be laid beside the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.errors import InvalidError

ROWS_MAX = 100_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Columns:
    """What a file's first line may name, and what it must."""

    names: Sequence[str]
    needed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file: the line it begins at, and its cells that are not empty."""

    number: int
    cells: Mapping[str, str]


def read_csv(text: str, columns: Columns) -> Iterator[Line]:
    """The rows of a CSV text; :class:`InvalidError` where its head makes no sense."""
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    if not head.strip():
        raise InvalidError(f"The file is empty. Its first line names columns: {', '.join(columns.names)}.")
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in next(reader)]
        _check_names(names, columns)
        yield from _lines(reader, names)
    except csv.Error as error:
        raise InvalidError(f"Line {reader.line_num}: this is no CSV: {error}.") from error


def write_csv(columns: Columns, rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """The text that :func:`read_csv` reads, line by line; no cell begins a spreadsheet's formula."""
    yield _text(columns.names)
    for row in rows:
        yield _text([_harmless(row.get(name, "")) for name in columns.names])


def _check_names(names: Sequence[str], columns: Columns) -> None:
    unknown = [name for name in names if name not in columns.names]
    if unknown:
        raise InvalidError(
            f"Line 1: no column is called {', '.join(map(repr, unknown))}; there are: {', '.join(columns.names)}."
        )
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise InvalidError(f"Line 1: {', '.join(double)} stands there twice.")
    missing = [name for name in columns.needed if name not in names]
    if missing:
        raise InvalidError(f"Line 1: the column {' and '.join(missing)} is missing.")


def _lines(reader: Any, names: Sequence[str]) -> Iterator[Line]:
    number = 0
    begins = reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            number += 1
            if number > ROWS_MAX:
                raise InvalidError(f"At most {ROWS_MAX} rows at once: cut the file.")
            found = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
            if len(cells) > len(names):
                found["?"] = f"{len(cells)} cells for {len(names)} columns"
            yield Line(begins, found)
        begins = reader.line_num + 1


def _text(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; a phone number keeps its plus."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not cell[1:2].isdigit() else cell
