"""Taking a file over row by row: the same file twice changes nothing the second time.

A row is known again by another system's id. What it leaves empty stays as it is. A row that makes no sense is refused
with a sentence, whole, and the others are taken. A dry run does all of it and keeps nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection

from alerts.csv_file import Line
from alerts.errors import DeskError, InvalidError

ROWS_AT_ONCE = 100

T = TypeVar("T")
TakeRow = Callable[[T, Line], "RowReport"]
Write = Callable[[Callable[[T], None]], None]
"""Runs work in one writing transaction."""


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a row led to: whose it is now, whether they are new, and what was done, in words; nothing where nothing is new."""

    id: str
    is_new: bool
    done: Sequence[str]


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of one row of a file, in words."""

    line: int
    external_id: str | None
    outcome: Outcome
    id: str | None
    detail: str


class _DryRunError(Exception):
    """Ends a transaction whose work is not to stay."""


def take_row(connection: Connection, line: Line, take: Callable[[], Taken], *, key: str = "external_id") -> RowReport:
    """Take one row over, all of it or nothing; it is known again by the cell ``key``."""
    external_id = line.cells.get(key)
    try:
        if "?" in line.cells:
            raise InvalidError(f"The row has {line.cells['?']}.")
        if external_id is None:
            raise InvalidError(f"{key} is empty: it is by this that the row is known again.")
        with connection.begin_nested():
            taken = take()
    except DeskError as error:
        return RowReport(line.number, external_id, Outcome.REFUSED, None, str(error))
    if not taken.done:
        return RowReport(line.number, external_id, Outcome.UNCHANGED, taken.id, "nothing is new")
    outcome = Outcome.CREATED if taken.is_new else Outcome.CHANGED
    return RowReport(line.number, external_id, outcome, taken.id, ", ".join(taken.done))


def take_file(write: Write[T], lines: Iterable[Line], take: TakeRow[T], *, is_dry_run: bool) -> Iterator[RowReport]:
    """Take rows over, some at a time; with ``is_dry_run`` nothing stays, and only the report tells what would."""
    rest = iter(lines)
    made: set[str] = set()
    while some := list(islice(rest, ROWS_AT_ONCE)):
        for report in _take(write, some, take, is_dry_run=is_dry_run):
            yield _as_if_kept(report, made) if is_dry_run else report


def _take(write: Write[T], lines: Sequence[Line], take: TakeRow[T], *, is_dry_run: bool) -> Sequence[RowReport]:
    reports: list[RowReport] = []

    def work(t: T) -> None:
        reports[:] = map(partial(take, t), lines)
        if is_dry_run:
            raise _DryRunError

    with contextlib.suppress(_DryRunError):
        write(work)
    return reports


def _as_if_kept(report: RowReport, made: set[str]) -> RowReport:
    """A dry run's report where an earlier part of the file would have made it already."""
    if report.outcome is not Outcome.CREATED or report.external_id is None:
        return report
    if report.external_id in made:
        return replace(report, outcome=Outcome.CHANGED, detail=f"a further row of {report.external_id}")
    made.add(report.external_id)
    return report
