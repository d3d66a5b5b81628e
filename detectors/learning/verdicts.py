"""Verdicts: what a desk knows of its appliances afterwards, from which a fit is learned; ``verdicts.csv`` of a fleet folder.

Columns ``id,ts,fault_mode,failed_at``: at ``ts`` somebody looked at the appliance; ``fault_mode`` is what they found, empty for
nothing; ``failed_at`` is when it had broken down, empty where it hadn't. A simulated fleet has none: then :func:`supposed` says from
its truth what visits would have found, and no more than that: a visit a week after each finding, and one at each breakdown. Onsets,
wear, and faults that nobody looked at stay unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detectors.evaluation.truth import DAY_MS, Truth, lines_of
from ingest.recordings.recording import RecordingError
from ingest.recordings.times import parse_time

VERDICTS_FILE = "verdicts.csv"
VISIT_AFTER_MS = 7 * DAY_MS
BELONGS_MS = 60 * DAY_MS
"""A verdict is one on a finding that was raised so long before, at most."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found at an appliance; ``fault_mode`` None for nothing, ``failed_ms`` None where it had not broken down."""

    appliance_id: str
    ts_ms: int
    fault_mode: str | None
    failed_ms: int | None = None


def read_verdicts(fleet: Path) -> list[Verdict] | None:
    """The verdicts of a fleet folder in the order of time; None where it has no such file."""
    file = fleet / VERDICTS_FILE
    if not file.exists():
        return None
    found = []
    for number, row in enumerate(lines_of(file, ("id", "ts", "fault_mode", "failed_at")), start=2):
        try:
            failed_ms = parse_time(row["failed_at"]) if row["failed_at"] else None
            found.append(Verdict(row["id"], parse_time(row["ts"]), row["fault_mode"] or None, failed_ms))
        except (ValueError, RecordingError) as error:
            raise RecordingError(f"{file}, line {number}: {error}") from error
    return sorted(found, key=lambda one: one.ts_ms)


def supposed(truth: Truth, raised: Sequence[tuple[str, str, int]]) -> list[Verdict]:
    """What visits would have found: one after each of the findings (appliance, fault mode, raised), and one at each breakdown."""
    found = [
        Verdict(one.appliance_id, one.failure_ms, one.fault_mode, one.failure_ms)
        for one in truth.faults
        if one.failure_ms is not None
    ]
    for appliance_id, fault_mode, raised_ms in raised:
        at = raised_ms + VISIT_AFTER_MS
        last = truth.spans[appliance_id][1]
        there = [
            one.fault_mode
            for one in truth.faults
            if one.appliance_id == appliance_id and one.onset_ms <= at <= max(one.over_ms, one.last_ms)
        ]
        if at <= last:
            found.append(
                Verdict(appliance_id, at, fault_mode if fault_mode in there else (there[0] if there else None))
            )
    return sorted(found, key=lambda one: one.ts_ms)
