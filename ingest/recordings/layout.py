"""Text → rows and columns: which line names the columns, what separates them, and which lines say nothing.

Read are comma, semicolon, tab and bar; a first line ``sep=;``; lines of comments (``#``), blank lines and lines of title
before the one that names the columns; the same line of names again, as joined files have it; and InfluxDB's annotated
form, where each ``#datatype`` begins a table with columns of its own. Columns keep the order in which they came first.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.recordings.header import FURTHER_TIME_COLUMNS, TIME_COLUMNS, Header, find_header
from ingest.recordings.recording import Column, CsvOptions, RecordingError, shown

LABEL_COLUMNS = frozenset({"label", "anomaly", "changepoint"})
"""What somebody else made of the readings."""
KEPT = ("mode", "cycle")
"""What a sample carries beside its readings."""
DATE_COLUMNS = ("date", "datum", "day", "日期")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp]\.?[Mm]\.?)?")
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{8}")
_ERROR = re.compile(r"#(?:N/?A|NV|[^\W_][\w/]*[!?])", re.IGNORECASE)
"""What spreadsheets write in a cell that has no value; a line that begins so is a row, and no comment."""
_ANNOTATIONS = frozenset({"#group", "#datatype", "#default"})


@dataclass(slots=True)
class Table:
    """One file: its columns of cells, and sentences about what was passed over."""

    path: Path
    columns: list[Column]
    notes: list[str] = field(default_factory=list)
    delimiter: str = ","

    def labels(self) -> list[str]:
        """The columns' labels, those without a name left out."""
        return [column.label for column in self.columns if column.is_named]

    def find(self, label: str) -> Column | None:
        """The column of this label."""
        return next((column for column in self.columns if column.label == label), None)

    def time_column(self, options: CsvOptions) -> Column:
        """The column that holds the time; raises :class:`RecordingError`."""
        if options.time is not None:
            found = self.find(options.time)
            if found is not None:
                return found
            raise RecordingError(f"{self.path} has no column {options.time!r}; it has: {', '.join(self.labels())}.")
        by_name = {column.label.lower(): column for column in reversed(self.columns)}
        for name in (*TIME_COLUMNS, *FURTHER_TIME_COLUMNS):
            if name in by_name:
                return by_name[name]
        raise RecordingError(
            f"{self.path} has no time column ({', '.join(TIME_COLUMNS)}); name it with --time, one of: "
            f"{', '.join(self.labels())}."
        )


def time_texts(table: Table, time: Column) -> tuple[list[str], set[str]]:
    """The texts of the times, and the columns they are made of: a column of dates and one of clock times are one time."""
    other: Column | None = None
    parts: tuple[Column | None, Column | None] = (None, None)
    if _are_all(time, _CLOCK):
        other = next((c for c in table.columns if c.label.lower() in DATE_COLUMNS and c is not time), None)
        parts = (other, time)
    elif _are_all(time, _DATE):
        other = next((c for c in table.columns if c is not time and _are_all(c, _CLOCK)), None)
        parts = (time, other)
    if other is None:
        return list(time.cells), {time.label}
    texts = [" ".join(cells).strip() for cells in zip(*(part.cells for part in parts if part), strict=True)]
    return texts, {time.label, other.label}


def _are_all(column: Column, form: re.Pattern[str]) -> bool:
    """Whether every cell is of this form."""
    return bool(column.cells) and all(form.fullmatch(cell.strip()) for cell in column.cells)


def read_table(path: Path, text: str, options: CsvOptions) -> Table:
    """The columns of one file; raises :class:`RecordingError`."""
    lines = io.StringIO(text, newline="").readlines()
    notes: list[str] = []
    try:
        header = find_header(path, lines, options, notes)
    except csv.Error as error:
        raise RecordingError(f"{path} is no CSV file: {error}; export it again as CSV in UTF-8.") from error
    rest = csv.reader(lines[header.lines_before :], delimiter=header.delimiter)
    try:
        sections = list(_sections(path, header, rest))
    except csv.Error as error:
        raise _unreadable(path, header, lines, header.lines_before + rest.line_num) from error
    if text.count('"') % 2:
        _refuse_open_quote(path, header, lines)
    columns = _columns(path, sections)
    twice = dict.fromkeys(name for name in header.names if name and header.names.count(name) > 1)
    notes += [
        f"{path}: the columns called {name!r} are read as {name + '#1'!r}, {name + '#2'!r}, ..." for name in twice
    ]
    return Table(path, columns, notes, header.delimiter)


def _refuse_open_quote(path: Path, header: Header, lines: Sequence[str]) -> None:
    """Raise where a quote never closes: what stands behind it would be one cell, and its rows gone without a word."""
    rest = csv.reader(lines[header.lines_before :], delimiter=header.delimiter, strict=True)
    read = 0
    try:
        for _ in rest:
            read = rest.line_num
    except csv.Error:
        if rest.line_num - read > 1:
            raise RecordingError(
                f"{path}, line {header.lines_before + read + 1}: a quote opens there and never closes, and "
                f"{rest.line_num - read - 1} more line(s) would be taken for its cell; close it, or export the file again."
            ) from None


def _unreadable(path: Path, header: Header, lines: Sequence[str], line: int) -> RecordingError:
    """A cell beyond any length, with its column."""
    text = lines[line - 1] if line <= len(lines) else ""
    cells = text.split(header.delimiter)
    longest = max(range(len(cells)), key=lambda place: len(cells[place]))
    name = header.names[longest] if longest < len(header.names) else header.names[-1]
    return RecordingError(
        f"{path}, line {line}, column {name!r}: {shown(cells[longest].strip())} is longer than {csv.field_size_limit()} "
        "characters; close the quote that opens there or before, or export it again."
    )


@dataclass(slots=True)
class _Section:
    """Rows under one line of names."""

    names: list[str]
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


def _sections(path: Path, header: Header, rest: Iterator[list[str]]) -> Iterator[_Section]:
    """The rows of the file, and the lines where they stand; each annotation begins a section."""
    section = _Section(header.names)
    width, is_annotated = len(header.names), False
    rows, lines = section.rows, section.lines
    marked = header.names[0].startswith("#")
    for row in rest:
        if not row or (not row[0] and not any(row)):
            continue
        if row[0].startswith("#") and not marked and not _ERROR.fullmatch(row[0]):
            is_annotated = is_annotated or row[0].lower() in _ANNOTATIONS
            continue
        if is_annotated or row == header.names:
            is_annotated = False
            if [cell.strip() for cell in row] != section.names:
                yield section
                section = _Section([cell.strip() for cell in row])
                width, rows, lines = len(row), section.rows, section.lines
            continue
        line = header.lines_before + rest.line_num  # type: ignore[attr-defined]  # a csv.reader counts its lines
        if len(row) > width and any(row[width:]):
            raise RecordingError(
                f"{path}, line {line}: {len(row)} cells under {width} column names, the first too many is {row[width]!r}; "
                "put cells that hold a comma in quotes, or export with semicolons."
            )
        rows.append(row)
        lines.append(line)
    yield section


def _columns(path: Path, sections: Sequence[_Section]) -> list[Column]:
    """Columns over all sections, by name and occurrence; cells that a section has no column for are empty."""
    labels = [_labels(section.names) for section in sections]
    lines = [line for section in sections for line in section.lines]
    found: dict[str, list[str]] = {}
    rows_before = 0
    for section, names in zip(sections, labels, strict=True):
        width, count = len(names), len(section.rows)
        full = [row if len(row) == width else (row + [""] * width)[:width] for row in section.rows]
        cells = list(zip(*full, strict=True)) if full else [()] * width
        for label, column in zip(names, cells, strict=True):
            have = found.setdefault(label, [])
            have.extend([""] * (rows_before - len(have)))
            have.extend(column)
        rows_before += count
    for have in found.values():
        have.extend([""] * (rows_before - len(have)))
    return [
        Column(path, label.lstrip("\0"), cells, lines, is_named=not label.startswith("\0"))
        for label, cells in found.items()
    ]


def _labels(names: Sequence[str]) -> list[str]:
    """A label per column: its name, with its number where the name stands twice; unnamed ones are kept apart.

    >>> _labels(["time", "power", "power"])
    ['time', 'power#1', 'power#2']
    """
    labels = []
    for place, name in enumerate(names):
        if not name:
            labels.append(f"\0unnamed column {place + 1}")
        elif names.count(name) > 1:
            labels.append(f"{name}#{names[: place + 1].count(name)}")
        else:
            labels.append(name)
    return labels
