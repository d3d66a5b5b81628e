"""Truth: which faults a fleet really had and when; the only part of the detectors that opens ``truth/``.

A fault counts where its time and the appliance's readings overlap: one that failed before the first reading, or begins
after the last one, is left out. It can be warned of until it fails; from then until a part is replaced (or the readings
end) the appliance is broken, and a finding is neither an early warning nor false.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detectors.backtest.fleet_folder import FleetFolder
from ingest.recordings.recording import RecordingError
from ingest.recordings.times import parse_time
from ingest.sample import EventType

DAY_MS = 86_400_000
GENERIC = "generic"
ABRUPT = "abrupt"


@dataclass(frozen=True, slots=True)
class Fault:
    """A true fault of an appliance; ``failure_ms`` is None where it did not fail within the readings."""

    appliance_id: str
    kind: str
    fault_mode: str
    is_abrupt: bool
    onset_ms: int
    failure_ms: int | None
    last_ms: int
    """Until when there was something to warn of: the failure, else the last reading."""
    over_ms: int
    """From when the appliance is sound again."""


@dataclass(frozen=True, slots=True)
class SensorFault:
    """A true fault of one sensor."""

    appliance_id: str
    kind: str
    metric: str
    what: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What happened in a fleet while it was read."""

    kinds: Mapping[str, str]
    spans: Mapping[str, tuple[int, int]]
    """The times of each appliance's first and last reading, ms."""
    faults: Sequence[Fault]
    sensor_faults: Sequence[SensorFault]


def read_truth(fleet: Path) -> Truth:
    """The truth of a fleet folder; raises :class:`RecordingError` where it has none."""
    folder = FleetFolder(fleet)
    kinds, spans = folder.kinds(), folder.spans()
    repairs = _repairs(fleet / "events.csv")
    return Truth(
        kinds,
        spans,
        _faults(fleet / "truth" / "faults.csv", kinds, spans, repairs),
        _sensor_faults(fleet / "truth" / "sensor_faults.csv", kinds, spans),
    )


def lines_of(file: Path, needed: Sequence[str]) -> list[dict[str, str]]:
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


def _repairs(file: Path) -> dict[str, list[int]]:
    """When parts of an appliance were replaced; a fleet may have no events."""
    repairs: dict[str, list[int]] = {}
    if file.exists():
        for row in lines_of(file, ("id", "ts", "type")):
            if row["type"] == EventType.PART_REPLACED:
                repairs.setdefault(row["id"], []).append(parse_time(row["ts"]))
    return repairs


def _faults(
    file: Path, kinds: Mapping[str, str], spans: Mapping[str, tuple[int, int]], repairs: Mapping[str, Sequence[int]]
) -> list[Fault]:
    """The faults that could be seen in the readings."""
    faults = []
    for row in lines_of(file, ("id", "fault_mode", "onset", "failure_at")):
        onset = parse_time(row["onset"])
        failure = parse_time(row["failure_at"]) if row["failure_at"] else None
        first, last = spans.get(row["id"], (0, -1))
        if onset > last or (failure is not None and failure < first):
            continue
        if failure is not None and failure > last:
            failure = None
        after = [ts for ts in repairs.get(row["id"], ()) if ts >= (onset if failure is None else failure)]
        over = min(after, default=last)
        until = min(over, last) if failure is None else failure
        is_abrupt = row.get("kind_of_onset", "") == ABRUPT
        kind = kinds.get(row["id"], GENERIC)
        faults.append(Fault(row["id"], kind, row["fault_mode"], is_abrupt, max(onset, first), failure, until, over))
    return faults


def _sensor_faults(file: Path, kinds: Mapping[str, str], spans: Mapping[str, tuple[int, int]]) -> list[SensorFault]:
    """The faults of sensors that could be seen in the readings; a fleet may have none."""
    if not file.exists():
        return []
    faults = []
    for row in lines_of(file, ("id", "metric", "kind", "start", "end")):
        first, last = spans.get(row["id"], (0, -1))
        start, end = parse_time(row["start"]), parse_time(row["end"]) if row["end"] else last
        if start <= last and end >= first:
            kind = kinds.get(row["id"], GENERIC)
            faults.append(SensorFault(row["id"], kind, row["metric"], row["kind"], start, end))
    return faults
