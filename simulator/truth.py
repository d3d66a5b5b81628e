"""Truth: which faults a fleet really has. Kept apart from everything that the service can read."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from simulator.sensors import SensorFault
from simulator.wear import Wear


@dataclass(frozen=True, slots=True)
class Fault:
    """One real fault of one appliance."""

    appliance_id: str
    wear: Wear


@dataclass(frozen=True, slots=True)
class Truth:
    """All real faults of a fleet, and all sensors that lie."""

    faults: tuple[Fault, ...]
    sensor_faults: tuple[tuple[str, SensorFault], ...]

    def write(self, folder: Path, *, until_ms: int) -> None:
        """Write ``faults.csv`` and ``sensor_faults.csv`` of the contract: what has begun before ``until_ms``.

        A failure after ``until_ms`` was not reached: its time stays empty.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "faults.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["id", "component", "fault_mode", "onset", "failure_at", "kind_of_onset"])
            for fault in self.faults:
                wear = fault.wear
                if wear.onset_ms >= until_ms:
                    continue
                failure_ms = wear.failure_ms
                reached = rfc3339(failure_ms) if failure_ms is not None and failure_ms < until_ms else ""
                writer.writerow(
                    [fault.appliance_id, wear.component, wear.fault_mode, rfc3339(wear.onset_ms), reached, "gradual"]
                )
        with (folder / "sensor_faults.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["id", "metric", "kind", "start", "end"])
            for appliance_id, lie in self.sensor_faults:
                if lie.start_ms < until_ms:
                    writer.writerow([appliance_id, lie.metric, lie.kind, rfc3339(lie.start_ms), rfc3339(lie.end_ms)])


def rfc3339(ms: int) -> str:
    """Milliseconds since 1970 as RFC 3339 in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
