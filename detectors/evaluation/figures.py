"""Findings against a fleet's truth; the only part of the detectors that opens ``truth/``.

A finding hits a fault when it is raised of the same appliance under its fault mode, or as ``unknown``, between the
fault's onset and its failure (without failure, or after it: until the readings end). Recall is the share of faults hit;
``named`` the share hit under their own mode; the lead is the time from the first hit to the failure, where there is one;
a finding that hits no fault is a false alarm; precision is the share of findings that hit. Only faults that begin before
the readings end count. Data faults are counted apart: the same, with an appliance's sensor faults, whatever they are called.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from detectors.backtest.fleet_folder import FleetFolder
from detectors.finding import UNKNOWN
from ingest.recordings.recording import RecordingError
from ingest.recordings.times import parse_time

DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS
DATA = "data"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Fault:
    """A true fault; ``end_ms`` is when it ceased to be something to warn of, ``failure_ms`` none if it did not fail."""

    appliance_id: str
    kind: str
    fault_mode: str
    onset_ms: int
    failure_ms: int | None
    end_ms: int


@dataclass(frozen=True, slots=True)
class Raised:
    """A finding as far as it counts here."""

    appliance_id: str
    kind: str
    fault_mode: str
    raised_ms: int
    is_data_fault: bool


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one kind and fault mode; a figure without anything to count is None."""

    kind: str
    fault_mode: str
    faults: int
    caught: int
    named: int
    recall: float | None
    median_lead_days: float | None
    findings: int
    false_alarms: int
    false_alarms_per_appliance_year: float
    precision: float | None

    def as_json(self) -> dict[str, Any]:
        """The row under its names."""
        return asdict(self)


def evaluate(fleet: Path, findings_file: Path) -> list[Row]:
    """The figures per kind and fault mode, those of each kind under ``all``, those of the data under ``data``."""
    folder = FleetFolder(fleet)
    kinds = folder.kinds()
    first_ms, last_ms = folder.span()
    faults = _faults(fleet / "truth" / "faults.csv", kinds, last_ms)
    sensors = _sensor_faults(fleet / "truth" / "sensor_faults.csv", kinds, last_ms)
    raised = _raised(findings_file)
    rows: list[Row] = []
    for kind in sorted(set(kinds.values())):
        years = sum(1 for one in kinds.values() if one == kind) * (last_ms - first_ms) / YEAR_MS
        true = [fault for fault in faults if fault.kind == kind]
        said = [one for one in raised if one.kind == kind and not one.is_data_fault]
        modes = sorted({fault.fault_mode for fault in true} | {one.fault_mode for one in said})
        rows += [_row(kind, mode, [f for f in true if f.fault_mode == mode], true, said, years) for mode in modes]
        rows.append(_row(kind, ALL, true, true, said, years))
        rows.append(
            _row(
                kind,
                DATA,
                [fault for fault in sensors if fault.kind == kind],
                [fault for fault in sensors if fault.kind == kind],
                [one for one in raised if one.kind == kind and one.is_data_fault],
                years,
            )
        )
    return rows


def as_table(rows: Sequence[Row]) -> str:
    """The figures as a table in plain text."""
    names = ("kind", "fault mode", "faults", "recall", "named", "lead d", "findings", "false", "false/yr", "precision")
    cells = [names]
    for row in rows:
        lead, named = _text(row.median_lead_days, 1), row.named / row.faults if row.faults else None
        cells.append((
            row.kind, row.fault_mode, str(row.faults), _text(row.recall, 2), _text(named, 2), lead, str(row.findings),
            str(row.false_alarms), _text(row.false_alarms_per_appliance_year, 3), _text(row.precision, 2),
        ))  # fmt: skip
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def _text(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _hits(fault: Fault, one: Raised) -> bool:
    """Whether a finding is a warning of this fault."""
    of_it = one.is_data_fault or one.fault_mode in {fault.fault_mode, UNKNOWN}
    return one.appliance_id == fault.appliance_id and of_it and fault.onset_ms <= one.raised_ms <= fault.end_ms


def _row(
    kind: str, mode: str, faults: Sequence[Fault], possible: Sequence[Fault], said: Iterable[Raised], years: float
) -> Row:
    """Count one row: ``faults`` are those of the mode, ``possible`` all that a finding may have meant."""
    said = list(said)
    mine = [one for one in said if mode in {ALL, DATA, one.fault_mode}]
    leads, caught, named = [], 0, 0
    for fault in faults:
        hits = [one for one in said if _hits(fault, one)]
        caught += bool(hits)
        named += any(one.fault_mode == fault.fault_mode for one in hits)
        if hits and fault.failure_ms is not None:
            first = min(one.raised_ms for one in hits)
            if first <= fault.failure_ms:
                leads.append((fault.failure_ms - first) / DAY_MS)
    false = sum(1 for one in mine if not any(_hits(fault, one) for fault in possible))
    return Row(
        kind, mode, len(faults), caught, named,
        recall=caught / len(faults) if faults else None,
        median_lead_days=median(leads) if leads else None,
        findings=len(mine), false_alarms=false,
        false_alarms_per_appliance_year=false / years if years else 0.0,
        precision=(len(mine) - false) / len(mine) if mine else None,
    )  # fmt: skip


def _lines(file: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV file; raises :class:`RecordingError` where it is not what it must be."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise RecordingError(f"{file} has no column {missing[0]!r}; it needs {', '.join(needed)}.")
            return list(reader)
    except OSError as error:
        raise RecordingError(f"{file} can't be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{file} is no CSV file in UTF-8: {error}.") from error


def _faults(file: Path, kinds: dict[str, str], last_ms: int) -> list[Fault]:
    """The true faults that begin before the readings end."""
    faults = []
    for row in _lines(file, ("id", "fault_mode", "onset", "failure_at")):
        onset = parse_time(row["onset"])
        failure = parse_time(row["failure_at"]) if row["failure_at"] else None
        if onset <= last_ms:
            kind = kinds.get(row["id"], "generic")
            faults.append(Fault(row["id"], kind, row["fault_mode"], onset, failure, last_ms))
    return faults


def _sensor_faults(file: Path, kinds: dict[str, str], last_ms: int) -> list[Fault]:
    """The true faults of sensors; a fleet may have none."""
    if not file.exists():
        return []
    faults = []
    for row in _lines(file, ("id", "kind", "start", "end")):
        start, end = parse_time(row["start"]), parse_time(row["end"]) if row["end"] else last_ms
        if start <= last_ms:
            faults.append(Fault(row["id"], kinds.get(row["id"], "generic"), row["kind"], start, None, end + DAY_MS))
    return faults


def _raised(file: Path) -> list[Raised]:
    """The findings of ``findings.csv``."""
    return [
        Raised(
            row["appliance_id"], row["kind"], row["fault_mode"], parse_time(row["raised_at"]), row["data_fault"] == "1"
        )
        for row in _lines(file, ("appliance_id", "kind", "fault_mode", "raised_at", "data_fault"))
    ]
