"""Loop: cursor ``detect`` → order of event time → pipeline → findings.

Reads admitted batches in the order of the journal, puts each appliance's samples in their own order, and hands findings, conditions and the changed state to the
:class:`FindingSink` in one step, at once with a finding, else every thirty seconds. After a crash the fold goes on from
the last step, over the same batches, to the same findings.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import structlog

from detectors.finding import Checkpoint, Condition, DetectCommit, Finding, FindingSink, FleetFinding
from detectors.loop.attempts import ATTEMPTS_MAX, Attempt, Attempts, FoldFailed, MemoryAttempts, by_appliance
from detectors.loop.reorder import Reorder, ReorderStats
from detectors.pipeline import Pipeline
from detectors.state import checkpoint
from ingest.sample import AdmittedBatch

COMMIT_EVERY_S = 30.0
CONDITIONS_MAX = 5_000

log = structlog.get_logger(__name__)


class AdmittedBatches(Protocol):
    """Where admitted batches come from, in order (ingest.feed.feed.AdmittedFeed)."""

    def next(self, after: int) -> AdmittedBatch | None:
        """The first batch behind a position; None when there is none yet."""
        ...


class Runner:
    """Drives the pipeline over a feed. ``elapsed_s`` is a clock for durations."""

    def __init__(
        self,
        feed: AdmittedBatches,
        sink: FindingSink,
        pipeline: Pipeline,
        *,
        commit_every_s: float = COMMIT_EVERY_S,
        elapsed_s: Callable[[], float] = time.monotonic,
        attempts: Attempts | None = None,
        leave_out: Callable[[AdmittedBatch], None] = lambda _part: None,
    ) -> None:
        """``leave_out`` gets what one appliance has in a batch and makes the pipeline fail (:mod:`detectors.loop.attempts`)."""
        self._feed = feed
        self._sink = sink
        self._pipeline = pipeline
        self._reorder = Reorder()
        self._commit_every_s = commit_every_s
        self._elapsed_s = elapsed_s
        self._attempts = attempts or MemoryAttempts()
        self._leave_out = leave_out
        self._failed: Attempt | None = None
        self._is_urgent = False
        self._findings: list[Finding] = []
        self._fleet_findings: list[FleetFinding] = []
        self._conditions: dict[str, Condition] = {}
        self._rows: dict[str, bytes] = {}
        self._committed_s = 0.0
        self._committed = 0
        self.position = 0
        """The last journal position folded in."""
        self.findings_raised = 0

    @property
    def committed_position(self) -> int:
        """The last journal position whose outcome is durable."""
        return self._committed

    @property
    def order(self) -> ReorderStats:
        """What was in order and what was not."""
        return self._reorder.stats

    def strictness(self) -> dict[tuple[str, str], float]:
        """By kind and fault mode, how many times as strongly as usual it must show, by what technicians found."""
        return self._pipeline.strictness()

    def waiting(self) -> dict[str, int]:
        """By kind, how many appliances came over their thresholds at once in the largest group whose alarms wait for that."""
        return self._pipeline.waiting()

    def drift(self) -> dict[tuple[str, str], float]:
        """By kind and input of the released fit, how far findings of late are from those that it was learned from."""
        return self._pipeline.drift()

    def judged(self) -> dict[tuple[str, str], tuple[int, float]]:
        """By kind and who judged (evidence, released, candidate): verdicts, and the mean squared error by them."""
        return self._pipeline.judged()

    def start(self) -> None:
        """Load the checkpoint and go on from there; also after :class:`FoldFailed`."""
        stored = self._sink.load()
        self._pipeline, self._reorder = self._pipeline.anew(), Reorder(stats=self._reorder.stats)
        for kept in (self._findings, self._fleet_findings, self._conditions, self._rows):
            kept.clear()
        self._failed = self._attempts.last()
        parts = {appliance_id: checkpoint.without_line(packed) for appliance_id, packed in stored.rows.items()}
        rows = {appliance_id: row for appliance_id, (row, _) in parts.items() if row}
        restored = self._pipeline.restore(Checkpoint(stored.position, rows, stored.shared))
        self._reorder.restore((appliance_id, line) for appliance_id, (_, line) in parts.items() if line)
        self._findings += restored.findings
        self._reorder.touch(finding.appliance_id for finding in restored.findings)
        self.position = self._committed = stored.position
        self._committed_s = self._elapsed_s()
        log.info(
            "detect_started",
            position=stored.position,
            appliances=len(stored.rows),
            relearning=restored.relearning,
            cleared=len(restored.findings),
        )

    def close(self) -> None:
        """Release the note of attempts; nothing else may be called afterwards."""
        self._attempts.close()

    def run_once(self) -> bool:
        """Fold in the next batch; False when there was none. Commits when it is time."""
        batch = self._feed.next(self.position)
        if batch is not None:
            self._take(self._reorder.take(batch.with_impossible()))
            self._reorder.touch(status.appliance_id for status in batch.statuses)
            self.position = batch.position
        if self._is_time():
            self.commit()
        return batch is not None

    def _take(self, batch: AdmittedBatch) -> None:
        """Fold in one batch, noting the attempt; appliance by appliance where it failed before."""
        failed = self._failed
        if failed is None or failed.position != batch.position:
            self._try(Attempt(batch.position), batch)
        else:
            for appliance_id, part in by_appliance(batch):
                count = failed.count if failed.appliance_id == appliance_id else 0
                if count < ATTEMPTS_MAX:
                    self._try(Attempt(batch.position, appliance_id, count + 1), part)
                else:
                    log.error("poison_found", appliance_id=appliance_id, position=batch.position)
                    self._leave_out(part)
            self._failed, self._is_urgent = None, True
        self._attempts.done()

    def _try(self, attempt: Attempt, batch: AdmittedBatch) -> None:
        self._attempts.begin(attempt)
        try:
            outcome = self._pipeline.fold(batch)
        except Exception as error:  # noqa: BLE001 - a defect that one record meets must not hold up all others
            cause = error
        else:
            self._findings += outcome.findings
            self._fleet_findings += outcome.fleet_findings
            for condition in outcome.conditions:
                self._conditions[condition.appliance_id] = condition
            return
        raise FoldFailed(f"the detectors fail at position {attempt.position}: {cause!r}") from cause

    def commit(self) -> None:
        """Make everything up to the current position durable; does nothing where nothing is new."""
        if self.position == self._committed:
            return
        self._rows.update(self._packed_changes())  # kept here until durable: a failed commit may be repeated
        step = DetectCommit(
            self.position,
            dict(self._rows),
            self._pipeline.shared(),
            tuple(self._findings),
            tuple(self._conditions.values()),
            tuple(self._fleet_findings),
        )
        self._sink.commit(step)
        raised = sum(finding.is_new for finding in step.findings)
        again = sum(finding.told_ms is not None for finding in step.findings)
        self.findings_raised += raised
        if step.findings:
            over = len(step.findings) - raised - again
            log.info("findings_committed", position=self.position, raised=raised, told_again=again, cleared=over)
        self._findings.clear()
        self._fleet_findings.clear()
        self._conditions.clear()
        self._rows.clear()
        self._is_urgent = False
        self._committed = self.position
        self._committed_s = self._elapsed_s()

    def _packed_changes(self) -> dict[str, bytes]:
        """The state of what changed, each appliance's row with its line."""
        lines = self._reorder.packed_changes()
        self._pipeline.touch(lines)
        rows = self._pipeline.packed_changes()
        return {
            appliance_id: checkpoint.with_line(rows.get(appliance_id, b""), line)
            for appliance_id, line in lines.items()
        }

    def _is_time(self) -> bool:
        """Whether what is known must become durable now."""
        if self._findings or self._fleet_findings or self._is_urgent or len(self._conditions) >= CONDITIONS_MAX:
            return True
        return self._elapsed_s() - self._committed_s >= self._commit_every_s
