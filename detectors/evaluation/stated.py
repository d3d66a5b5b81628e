"""Stated windows: whether faults failed within the windows in which it was said that they would.

A window speaks of the fault that its finding warns of, and says when it fails if it does. So coverage is counted of faults that
failed within the record, one vote for each fault, shared by all windows that were told of it. Of faults that did not fail it is
counted how many had a window that passed: some of these grow no further, some fail later. A window told of an appliance
without a fault is no hit and no miss of the window, but a false alarm, and counted there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from detectors.backtest.fleet import TOLD_FILE
from detectors.evaluation.matching import Told
from detectors.evaluation.raised import Raised
from detectors.evaluation.truth import DAY_MS, Fault, lines_of
from ingest.recordings.recording import RecordingError
from ingest.recordings.times import parse_time


@dataclass(frozen=True, slots=True)
class Window:
    """A failure window as it was told of one finding."""

    appliance_id: str
    fault_mode: str
    raised_ms: int
    told_ms: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Stated:
    """The windows of a slice: ``covered`` of the ``faults`` that failed did so within theirs, counted in votes."""

    faults: int
    covered: float
    unfailed: int
    """The faults with a window that had not failed when the record ended,"""
    passed: int
    """and those of them of which a window had passed by then."""
    windows: int
    width_d: float | None
    """The median width of all windows, in days."""

    @property
    def coverage(self) -> float | None:
        """The share that held."""
        return self.covered / self.faults if self.faults else None


def read_windows(findings_file: Path) -> list[Window]:
    """The windows in ``told.csv`` beside the findings; none where there is no such file."""
    file = findings_file.with_name(TOLD_FILE)
    if not file.exists():
        return []
    found = []
    needed = ("appliance_id", "fault_mode", "raised_at", "told_at", "window_from", "window_to")
    for number, row in enumerate(lines_of(file, needed), start=2):
        if row["window_from"]:
            try:
                times = [parse_time(row[name]) for name in needed[2:]]
            except (ValueError, RecordingError) as error:
                raise RecordingError(f"{file}, line {number}: {error}") from error
            found.append(Window(row["appliance_id"], row["fault_mode"], *times))
    return found


def stated(told: Sequence[Told], windows: Sequence[Window]) -> Stated:
    """Hold the windows of some faults against what became of these."""
    of: dict[tuple[str, str, int], list[Window]] = {}
    for window in windows:
        of.setdefault((window.appliance_id, window.fault_mode, window.raised_ms), []).append(window)
    votes: list[float] = []
    widths: list[float] = []
    unfailed = passed = 0
    for one in told:
        mine = [window for warning in one.warnings for window in of.get(_key(warning), ()) if _is_of(window, one.fault)]
        widths += [(window.end_ms - window.start_ms) / DAY_MS for window in mine]
        failure_ms = one.fault.failure_ms
        if mine and failure_ms is not None:
            votes.append(sum(window.start_ms <= failure_ms <= window.end_ms for window in mine) / len(mine))
        elif mine:
            unfailed += 1
            passed += any(window.end_ms <= one.fault.last_ms for window in mine)
    return Stated(len(votes), sum(votes), unfailed, passed, len(widths), median(widths) if widths else None)


def _is_of(window: Window, fault: Fault) -> bool:
    """Whether it was told while there was something to warn of."""
    return fault.onset_ms <= window.told_ms <= fault.last_ms


def _key(one: Raised) -> tuple[str, str, int]:
    return one.appliance_id, one.fault_mode, one.raised_ms
