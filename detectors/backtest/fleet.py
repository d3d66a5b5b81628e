"""Backtest over a fleet folder: the live pipeline over its readings and events → ``findings.csv``."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from detectors.backtest.fleet_folder import FleetFolder
from detectors.backtest.recording import as_rfc3339, evidence_as_json
from detectors.finding import Finding, FleetFinding
from detectors.layering.fits import Fits
from detectors.pipeline import ALARMS_PER_YEAR, Pipeline
from ingest.profiles.definition import Profile

COLUMNS = (
    "appliance_id", "kind", "fault_mode", "raised_at", "cleared_at", "severity", "probability", "window_from",
    "window_to", "data_fault", "evidence",
)  # fmt: skip

CAUSES_FILE = "causes.csv"
TOLD_FILE = "told.csv"
FLEET_FILE = "fleet.csv"
FLEET_COLUMNS = (
    "kind", "raised_at", "cleared_at", "model", "firmware", "region", "feature", "reads", "crossed", "exposed",
)  # fmt: skip
TOLD_COLUMNS = (
    "appliance_id", "kind", "fault_mode", "raised_at", "told_at", "severity", "probability", "window_from", "window_to",
    "coverage", "failing_30d",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Findings:
    """All findings of a fleet folder in the order in which they were raised, and what was told of them later."""

    raised: list[Finding]
    """As they were raised, each with its end where it has one."""
    told: list[Finding]
    """What stood, told again."""
    fleet: list[FleetFinding] = field(default_factory=list)
    """What many showed at once, each as it was last told, with its end where it has one."""


def run_fleet_backtest(
    folder: Path,
    profiles: Mapping[str, Profile],
    *,
    alarms_per_year: float = ALARMS_PER_YEAR,
    fits: Fits | None = None,
    heard: Callable[[int, int], None] | None = None,
) -> Findings:
    """All findings of a fleet folder; ``heard`` hears (event time in ms, messages) after each window."""
    pipeline = Pipeline(profiles, alarms_per_year=alarms_per_year, fits=fits)
    found: dict[tuple[str, str, str | None, int], Finding] = {}
    told: list[Finding] = []
    fleet: dict[tuple[str, int], FleetFinding] = {}
    for batch in FleetFolder(folder).batches():
        outcome = pipeline.fold(batch)
        for many in outcome.fleet_findings:
            is_over = many.cleared_ms is not None
            one = replace(fleet[many.kind, many.raised_ms], cleared_ms=many.cleared_ms) if is_over else many
            fleet[many.kind, many.raised_ms] = one
        for finding in outcome.findings:
            key = (finding.appliance_id, finding.fault_mode, finding.metric, finding.raised_ms)
            if finding.told_ms is not None:
                told.append(finding)
            elif finding.cleared_ms is None or key not in found:
                found[key] = finding
            else:
                found[key] = _with_end(found[key], finding.cleared_ms)
        if heard is not None:
            heard(batch.received_ms, batch.messages)
    return Findings(list(found.values()), told, list(fleet.values()))


def write_findings(findings: Findings, out: Path) -> None:
    """Write ``findings.csv`` into the folder ``out``, each as it was raised.

    Beside it ``causes.csv``: what else may be behind each, ``told.csv``: what became of it while it stood, and ``fleet.csv``:
    what many showed at once, whose alarms waited.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / CAUSES_FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("appliance_id", "fault_mode", "raised_at", "cause", "probability"))
        for one in findings.raised:
            head = (one.appliance_id, one.fault_mode, as_rfc3339(one.raised_ms))
            writer.writerows((*head, cause, f"{probability:.3f}") for cause, probability in one.alternatives)
    with (out / "findings.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in findings.raised:
            window = one.failure_window_ms
            evidence = [evidence_as_json(item) for item in one.evidence]
            writer.writerow(
                [
                    one.appliance_id,
                    one.kind,
                    one.fault_mode,
                    as_rfc3339(one.raised_ms),
                    "" if one.cleared_ms is None else as_rfc3339(one.cleared_ms),
                    f"{one.severity:.3f}",
                    f"{one.probability:.3f}",
                    as_rfc3339(window[0]) if window else "",
                    as_rfc3339(window[1]) if window else "",
                    int(one.is_data_fault),
                    json.dumps(evidence, separators=(",", ":"), ensure_ascii=False),
                ]
            )

    with (out / TOLD_FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(TOLD_COLUMNS)
        writer.writerows(map(_told_line, findings.told))
    with (out / FLEET_FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FLEET_COLUMNS)
        writer.writerows(map(_fleet_line, findings.fleet))


def _fleet_line(one: FleetFinding) -> tuple[str, ...]:
    """What many showed at once, as it stands in a row of ``fleet.csv``."""
    return (
        one.kind, as_rfc3339(one.raised_ms), "" if one.cleared_ms is None else as_rfc3339(one.cleared_ms),
        one.model or "", one.firmware or "", one.region or "", one.feature or "", "high" if one.reads_high else "low",
        str(len(one.appliances)), str(one.exposed),
    )  # fmt: skip


def _told_line(one: Finding) -> tuple[str, ...]:
    """What stood, told again, as it stands in a row of ``told.csv``."""
    window = one.failure_window_ms
    edges = ("", "", "") if window is None else (as_rfc3339(window[0]), as_rfc3339(window[1]), f"{window[2]:g}")
    return (
        one.appliance_id, one.kind, one.fault_mode, as_rfc3339(one.raised_ms), as_rfc3339(one.told_ms or one.raised_ms),
        f"{one.severity:.3f}", f"{one.probability:.3f}", *edges,
        "" if one.failing_30d is None else f"{one.failing_30d:.4f}",
    )  # fmt: skip


def _with_end(finding: Finding, cleared_ms: int) -> Finding:
    """The finding as it was raised, with its end."""
    return replace(finding, cleared_ms=cleared_ms)
