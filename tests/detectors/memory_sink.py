"""A finding sink in memory, for tests: it keeps everything it was given."""

from __future__ import annotations

from detectors.finding import Checkpoint, Condition, DetectCommit, Finding, FleetFinding


class MemorySink:
    """Keeps the checkpoint, and all findings and conditions in the order of their commits."""

    def __init__(self) -> None:
        self.position = 0
        self.rows: dict[str, bytes] = {}
        self.shared: bytes | None = None
        self.findings: list[Finding] = []
        self.fleet_findings: list[FleetFinding] = []
        self.conditions: dict[str, Condition] = {}
        self.commits = 0

    def load(self) -> Checkpoint:
        """The state of the last commit."""
        return Checkpoint(self.position, dict(self.rows), self.shared)

    def commit(self, step: DetectCommit) -> None:
        """Take a step that goes beyond the stored position."""
        if step.position <= self.position:
            return
        self.position = step.position
        self.rows.update(step.rows)
        self.shared = step.shared
        self.findings.extend(step.findings)
        self.fleet_findings.extend(step.fleet_findings)
        self.conditions.update({condition.appliance_id: condition for condition in step.conditions})
        self.commits += 1
