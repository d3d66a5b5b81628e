"""The line that names the columns: which it is, and what separates its cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.recordings.recording import CsvOptions, RecordingError

TIME_COLUMNS = ("ts", "timestamp", "time", "datetime", "ctime")
FURTHER_TIME_COLUMNS = (
    "_time", "last_changed", "last_updated", "start", "start_time", "start_ts", "date_time", "date time", "date/time",
    "time (utc)", "timestamp (utc)", "zeit", "zeitstempel", "datum", "datum/zeit", "datum uhrzeit", "date", "时间", "日期时间",
)  # fmt: skip
"""Names of time columns that are tried after those of the contract."""
DELIMITERS = ",;\t|"
TITLE_LINES_MAX = 50

_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Header:
    """The line that names the columns: what separates them, their names, and how many lines stand before the data."""

    delimiter: str
    names: list[str]
    lines_before: int


def find_header(path: Path, lines: Sequence[str], options: CsvOptions, notes: list[str]) -> Header:
    """The first line that names a time column, else the first that says anything; raises :class:`RecordingError`."""
    names_of_time = {options.time} if options.time else {*TIME_COLUMNS, *FURTHER_TIME_COLUMNS}
    declared, plain, comments = _sorted_out(lines)
    if not plain:
        raise RecordingError(f"{path} is empty; a CSV file begins with a line of column names.")
    for number, line in (*plain, *comments):
        for delimiter in sorted(declared or DELIMITERS, key=line.count, reverse=True):
            cells = _split(line, delimiter)
            if names_of_time & {cell if options.time else cell.lower() for cell in cells}:
                if any(title < number for title, _ in plain):
                    notes.append(f"{path}: line {number + 1} names the columns; what stands above is not read.")
                return Header(delimiter, cells, number + 1)
    number, line = plain[0]
    delimiter = declared or max(DELIMITERS, key=line.count)
    return Header(delimiter, _split(line, delimiter), number + 1)


def _sorted_out(lines: Sequence[str]) -> tuple[str, list[Line], list[Line]]:
    """The first lines of a file: the separator it declares, the lines that say something, and the comments."""
    declared = ""
    plain: list[Line] = []
    comments: list[Line] = []
    for number, line in enumerate(lines):
        found = _SEPARATOR.fullmatch(line.strip())
        if found and not plain:
            declared = found[1]
        elif line.startswith("#"):
            comments.append((number, line.lstrip("# ")))
        elif line.strip(" \r\n\t,;|"):
            plain.append((number, line))
        if len(plain) >= TITLE_LINES_MAX:
            break
    return declared, plain, comments


def _split(line: str, delimiter: str) -> list[str]:
    """One line's cells."""
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
