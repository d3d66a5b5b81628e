"""Raised: the findings of a backtest, as far as they are held against a truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from detectors.backtest.fleet import CAUSES_FILE
from detectors.evaluation.truth import lines_of
from ingest.profiles.definition import Profile
from ingest.recordings.recording import RecordingError
from ingest.recordings.times import parse_time

_NEEDED = ("appliance_id", "kind", "fault_mode", "raised_at", "data_fault")


@dataclass(frozen=True, slots=True)
class Raised:
    """One finding; ``cleared_ms`` is None where it stood to the end."""

    appliance_id: str
    kind: str
    fault_mode: str
    raised_ms: int
    cleared_ms: int | None
    is_data_fault: bool
    metric: str
    """The metric that says most for it; empty where none does."""
    causes: tuple[str, ...]
    """The fault modes that may be behind it, the likeliest first."""

    def stands(self, start_ms: int, end_ms: int) -> bool:
        """Whether it is raised, or stands, between two times."""
        return self.raised_ms <= end_ms and (self.cleared_ms is None or self.cleared_ms >= start_ms)


def read_raised(file: Path, profiles: Mapping[str, Profile]) -> list[Raised]:
    """The findings of ``findings.csv``, with the other causes that stand beside it, in the order of raising.

    Evidence names a metric, or a feature: then the metric is that of the sensor behind it.
    """
    sensors = {kind: {one.name: one.metric or "" for one in profile.features} for kind, profile in profiles.items()}
    others = _other_causes(file.with_name(CAUSES_FILE))
    found = []
    for number, row in enumerate(lines_of(file, _NEEDED), start=2):
        key = (row["appliance_id"], row["fault_mode"], row["raised_at"])
        try:
            raised_ms = parse_time(row["raised_at"])
            cleared_ms = parse_time(row["cleared_at"]) if row.get("cleared_at") else None
            leading = _leading_metric(row.get("evidence") or "[]")
        except (ValueError, TypeError, KeyError, RecordingError) as error:
            raise RecordingError(f"{file}, line {number}: {error}") from error
        causes = (row["fault_mode"], *(name for name in others.get(key, ()) if name != row["fault_mode"]))
        metric = sensors.get(row["kind"], {}).get(leading, leading)
        is_data_fault = row["data_fault"] == "1"
        found.append(
            Raised(key[0], row["kind"], row["fault_mode"], raised_ms, cleared_ms, is_data_fault, metric, causes)
        )
    return sorted(found, key=lambda one: one.raised_ms)


def _leading_metric(evidence: str) -> str:
    """The metric or feature of the largest share."""
    items = json.loads(evidence)
    return str(max(items, key=lambda item: float(item.get("share") or 0.0))["metric"]) if items else ""


def _other_causes(file: Path) -> dict[tuple[str, str, str], list[str]]:
    """By finding, its other causes, the likeliest first; none where the file isn't there."""
    if not file.exists():
        return {}
    rows = lines_of(file, ("appliance_id", "fault_mode", "raised_at", "cause", "probability"))
    causes: dict[tuple[str, str, str], list[str]] = {}
    for row in sorted(rows, key=lambda row: -float(row["probability"] or 0.0)):
        causes.setdefault((row["appliance_id"], row["fault_mode"], row["raised_at"]), []).append(row["cause"])
    return causes
