"""Truth: what is really the matter with a fleet. Kept apart from everything that the service can read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.sensors import SensorFault, Shift
from simulator.wear import DAY_MS, Wear


@dataclass(frozen=True, slots=True)
class Fault:
    """One real fault of one appliance."""

    appliance_id: str
    wear: Wear


@dataclass(frozen=True, slots=True)
class Lie:
    """One sensor of one appliance that lies for a while."""

    appliance_id: str
    fault: SensorFault


@dataclass(frozen=True, slots=True)
class Batch:
    """An appliance that comes from the weak production batch of its kind."""

    appliance_id: str
    fault_mode: str


@dataclass(slots=True)
class Truth:
    """All real faults of a fleet, sensors that lie, readings that shift without a fault, and weak batches."""

    faults: list[Fault] = field(default_factory=list)
    lies: list[Lie] = field(default_factory=list)
    shifts: list[tuple[str, Shift]] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)

    def write(self, folder: Path, *, until_ms: int) -> None:
        """Write what has begun before ``until_ms``.

        The contract's ``faults.csv`` and ``sensor_faults.csv``, and beside them ``severity.parquet`` (id, fault_mode, ts, severity; daily from
        the onset on), ``shifts.csv`` (readings that change without a fault) and ``batches.csv``. A failure after ``until_ms`` was not reached: its time stays empty.
        """
        folder.mkdir(parents=True, exist_ok=True)
        begun = [fault for fault in self.faults if fault.wear.onset_ms < until_ms]
        faults = [_fault_row(fault, until_ms) for fault in begun]
        _write(folder / "faults.csv", ("id", "component", "fault_mode", "onset", "failure_at", "kind_of_onset"), faults)
        lies = [
            (lie.appliance_id, one.metric, one.kind, rfc3339(one.start_ms), rfc3339(one.end_ms))
            for lie in self.lies
            if (one := lie.fault).start_ms < until_ms
        ]
        _write(folder / "sensor_faults.csv", ("id", "metric", "kind", "start", "end"), lies)
        shifts = [
            (name, rfc3339(one.at_ms), one.metric, f"{one.gain:.6g}", f"{one.offset:.6g}", one.cause)
            for name, one in self.shifts
            if one.at_ms < until_ms
        ]
        _write(folder / "shifts.csv", ("id", "at", "metric", "gain", "offset", "cause"), shifts)
        _write(
            folder / "batches.csv", ("id", "fault_mode"), [(one.appliance_id, one.fault_mode) for one in self.batches]
        )
        _write_severity(begun, folder / "severity.parquet", until_ms)


def rfc3339(ms: int) -> str:
    """Milliseconds since 1970 as RFC 3339 in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fault_row(fault: Fault, until_ms: int) -> Sequence[str]:
    wear = fault.wear
    failure_ms = wear.failure_ms
    reached = rfc3339(failure_ms) if failure_ms is not None and failure_ms < until_ms else ""
    kind = "abrupt" if wear.is_abrupt else "gradual"
    return fault.appliance_id, wear.component, wear.fault_mode, rfc3339(wear.onset_ms), reached, kind


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def _write_severity(begun: Sequence[Fault], path: Path, until_ms: int) -> None:
    names, modes, times, severities = list[str](), list[str](), [np.zeros(0, np.int64)], [np.zeros(0)]
    for fault in begun:
        ts_ms = np.append(np.arange(fault.wear.onset_ms, until_ms, DAY_MS, dtype=np.int64), until_ms)
        names += [fault.appliance_id] * len(ts_ms)
        modes += [fault.wear.fault_mode] * len(ts_ms)
        times.append(ts_ms)
        severities.append(fault.wear.severity(ts_ms))
    table = pa.table(
        {
            "id": pa.array(names, pa.string()),
            "fault_mode": pa.array(modes, pa.string()),
            "ts": pa.array(np.concatenate(times), pa.int64()),
            "severity": pa.array(np.round(np.concatenate(severities), 6), pa.float64()),
        }
    )
    pq.write_table(table, path, compression="zstd")
