"""The loop from admitted batches to durable findings."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from detectors.finding import Checkpoint, DetectCommit
from detectors.loop.runner import Runner
from detectors.pipeline import Pipeline
from ingest.sample import AdmittedBatch, Status, StatusState
from tests.detectors.made_fleet import PROFILES, ListFeed, fridge_batches
from tests.detectors.memory_sink import MemorySink
from tests.examples import some_of

FAULTS = {"F1": "condenser_fouling", "F2": None, "F3": "refrigerant_leak", "F4": None, "F5": None, "F6": None}


@dataclass
class Elapsed:
    """A clock for durations that is moved by hand."""

    now_s: float = 0.0

    def __call__(self) -> float:
        """Seconds since some moment."""
        return self.now_s


@dataclass
class FailingSink:
    """A sink whose database is away for some commits."""

    sink: MemorySink = field(default_factory=MemorySink)
    failures: int = 1

    def load(self) -> Checkpoint:
        """What the sink behind holds."""
        return self.sink.load()

    def commit(self, step: DetectCommit) -> None:
        """Fail, or hand on."""
        if self.failures:
            self.failures -= 1
            raise OSError("the database is away")
        self.sink.commit(step)


@pytest.fixture(scope="module")
def batches() -> list[AdmittedBatch]:
    """Forty days of six refrigerators, a day a batch."""
    return fridge_batches(FAULTS, days=40, hours=24)


@pytest.fixture(scope="module")
def whole(batches: list[AdmittedBatch]) -> MemorySink:
    """What is kept where nothing goes wrong."""
    sink = MemorySink()
    run(batches, sink).commit()
    return sink


def run(
    batches: list[AdmittedBatch], sink: MemorySink, *, until: int | None = None, clock: Elapsed | None = None
) -> Runner:
    """Run until the feed is empty, or until a position, and stop without a last commit."""
    clock = clock or Elapsed()
    runner = Runner(ListFeed(batches), sink, Pipeline(PROFILES), elapsed_s=clock)
    runner.start()
    while until is None or runner.position < until:
        clock.now_s += 7.0
        if not runner.run_once():
            break
    return runner


def test_what_only_a_birth_says_outlives_a_restart(batches: list[AdmittedBatch]) -> None:
    """An appliance may say what it is in a batch of its own, long before its next sample."""
    births = tuple(Status(name, "refrigerator", 1, 1, StatusState.ONLINE, model="M") for name in ("F1", "F9"))
    told = [batches[0], AdmittedBatch(2, batches[0].received_ms, len(births), (), (), births)]
    cut, going_on = MemorySink(), MemorySink()
    run(told, going_on).commit()

    run(told[:1], cut).commit()
    run(told, cut).commit()

    assert "F9" in cut.rows
    assert cut.rows == going_on.rows
    run(told[:1], cut := MemorySink()).commit()
    assert cut.rows["F1"] != going_on.rows["F1"]


@pytest.mark.parametrize("crash_at", some_of([1, 7, 20, 28, 33, 39], 1, turn=1))
def test_a_crash_changes_no_finding(batches: list[AdmittedBatch], whole: MemorySink, crash_at: int) -> None:
    """Killed at any batch and started again, the fold ends with the same findings and the same state."""
    cut = MemorySink()
    run(batches, cut, until=crash_at)

    run(batches, cut).commit()

    assert whole.findings
    assert cut.findings == whole.findings
    assert cut.rows == whole.rows
    assert cut.conditions.keys() == whole.conditions.keys()


def test_a_finding_is_committed_with_its_batch(batches: list[AdmittedBatch]) -> None:
    """What was found in a batch is durable before the next batch is read, however long the usual pause is."""
    sink = MemorySink()
    runner = Runner(ListFeed(batches), sink, Pipeline(PROFILES), commit_every_s=1e9, elapsed_s=Elapsed())
    runner.start()

    while not sink.findings and runner.run_once():
        pass

    assert sink.findings
    assert sink.position == runner.position


def test_without_findings_it_commits_every_thirty_seconds(batches: list[AdmittedBatch]) -> None:
    """Healthy appliances cost one commit per thirty seconds, not one per batch."""
    sink, clock = MemorySink(), Elapsed()
    runner = Runner(ListFeed(batches[:20]), sink, Pipeline(PROFILES), elapsed_s=clock)
    runner.start()

    while runner.run_once():
        clock.now_s += 10.0

    assert 5 <= sink.commits <= 8


def test_a_failed_commit_loses_no_state(batches: list[AdmittedBatch], whole: MemorySink) -> None:
    """Rows, findings and conditions of a commit that failed are in the next one."""
    sink = FailingSink(failures=2)
    runner = Runner(ListFeed(batches), sink, Pipeline(PROFILES), commit_every_s=1e9, elapsed_s=Elapsed())
    runner.start()
    failed = 0
    while True:
        try:
            if not runner.run_once():
                break
        except OSError:
            failed += 1
    runner.commit()

    assert failed == 2
    assert sink.sink.findings == whole.findings
    assert sink.sink.rows == whole.rows


def test_nothing_new_is_no_commit() -> None:
    """An empty feed leaves the sink alone."""
    sink, clock = MemorySink(), Elapsed()
    runner = Runner(ListFeed([]), sink, Pipeline(PROFILES), elapsed_s=clock)
    runner.start()
    clock.now_s = 1000.0

    assert not runner.run_once()
    assert sink.commits == 0
