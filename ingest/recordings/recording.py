"""Recording: what was read from files of recorded readings, and how to read them, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SHOWN_MAX = 80


class RecordingError(Exception):
    """Recorded readings that can't be used; the message is a whole sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a metric comes from: its column as the file names it, and the unit of its values ("" where not known)."""

    metric: str
    column: str
    unit: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """N samples over M metrics: ``values`` (N, M) with NaN for not reported; ``ts_text`` is the time as it was written.

    ``left_out`` are columns that were not read, ``notes`` sentences about what was guessed or changed. ``modes`` and
    ``cycles`` are empty where the files have no such column, else one per sample.
    """

    metrics: tuple[str, ...]
    ts_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    ts_text: Sequence[str]
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    modes: Sequence[str | None] = ()
    cycles: Sequence[str | None] = ()
    origins: tuple[Origin, ...] = ()

    def __len__(self) -> int:
        """How many samples it holds."""
        return len(self.ts_text)


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """How to read: what the files don't say themselves, or say wrongly.

    ``time`` is the time column (None: the first usual name), ``drop`` columns to leave out, ``names`` column → metric,
    ``long`` the columns (entity, value) of a long form, ``day_first`` whether 1/2/2026 is in February (None: the data
    decides), ``zone`` where times without zone were taken, ``decimal`` "." or "," (None: the data decides), ``missing``
    further words for "not reported", ``encoding`` of the text (None: UTF-8, or what a byte order mark says).
    """

    time: str | None = None
    drop: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    long: tuple[str, str] | None = None
    day_first: bool | None = None
    zone: str = "UTC"
    decimal: str | None = None
    missing: tuple[str, ...] = ()
    encoding: str | None = None


def shown(cell: str) -> str:
    """A cell in quotes, for a sentence; of a long one its beginning."""
    return repr(cell) if len(cell) <= _SHOWN_MAX else f"{cell[:_SHOWN_MAX]!r}... ({len(cell)} characters)"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one file: its label (two of one name are ``name#1`` and ``name#2``), its cells, their lines.

    ``unit`` is what a row of units below the names says, as it is written there.
    """

    path: Path
    label: str
    cells: Sequence[str]
    lines: Sequence[int]
    is_named: bool = True
    unit: str = ""

    def place(self, row: int) -> str:
        """Where a cell stands, for a sentence."""
        return f"{self.path}, line {self.lines[row]}, column {self.label!r}: {shown(self.cells[row])}"
