"""A record that makes the detectors fail costs three starts at most, and everything else nothing."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectors.finding import DetectCommit
from detectors.loop.attempts import AttemptFile, Attempts, FoldFailed, MemoryAttempts, by_appliance
from detectors.loop.runner import Runner
from detectors.pipeline import Outcome, Pipeline
from ingest.books.books import Books
from ingest.books.dead_letters import list_dead_letters
from ingest.feed.poison import keep_poison
from ingest.sample import AdmittedBatch, Event, EventType, Status, StatusState
from ingest.wire.dead_letter import RefusalReason
from tests.detectors.made_fleet import PROFILES, ListFeed, fridge_batches
from tests.detectors.memory_sink import MemorySink

FAULTS = {"F1": "condenser_fouling", "F2": None, "F3": "refrigerant_leak"}
POISONED = "F2"
AT = frozenset({26, 27})


class Poisoned(Pipeline):
    """A pipeline with a defect that some batches of one appliance meet."""

    at = AT

    def anew(self) -> Pipeline:
        """The same defect."""
        return Poisoned(self.profiles)

    def fold(self, batch: AdmittedBatch) -> Outcome:
        """Fail at the poisoned ones."""
        ids = {appliance_id for block in batch.blocks for appliance_id in block.appliance_ids}
        if batch.position in self.at and POISONED in ids:
            self.fail()
        return super().fold(batch)

    def fail(self) -> None:
        """As a defect does."""
        raise ZeroDivisionError("a defect")


class Killed(Poisoned):
    """The same defect kills the process."""

    at = frozenset({3})

    def anew(self) -> Pipeline:
        """The same defect."""
        return Killed(self.profiles)

    def fail(self) -> None:
        """As a defect in native code does."""
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="module")
def batches() -> list[AdmittedBatch]:
    """Four weeks of three refrigerators, a day a batch."""
    return fridge_batches(FAULTS, days=28)


def run(
    batches: list[AdmittedBatch], pipeline: Pipeline, attempts: Attempts, sink: MemorySink | None = None
) -> tuple[MemorySink, int, list[AdmittedBatch]]:
    """Run to the end, starting again after each failure; the sink, how many failures, and what was left out."""
    sink, left_out, failures = sink or MemorySink(), list[AdmittedBatch](), 0
    runner = Runner(
        ListFeed(batches), sink, pipeline, elapsed_s=lambda: 0.0, attempts=attempts, leave_out=left_out.append
    )
    runner.start()
    while True:
        try:
            if not runner.run_once():
                break
        except FoldFailed:
            failures += 1
            assert failures <= 3 * len(AT)
            runner.start()
    runner.commit()
    return sink, failures, left_out


def said(sink: MemorySink) -> list[tuple[str, str, int, int | None]]:
    """What was found of the others, without scores: they move a little with what the fleet's average lacks."""
    return [
        (one.appliance_id, one.fault_mode, one.raised_ms, one.cleared_ms)
        for one in sink.findings
        if one.appliance_id != POISONED
    ]


def test_a_poisoned_record_is_left_out_after_three_failures(batches: list[AdmittedBatch]) -> None:
    """T19: each poisoned record costs three failures, then it alone is left out; all other appliances are as without it."""
    sound, _, _ = run(batches, Pipeline(PROFILES), MemoryAttempts())

    sink, failures, left_out = run(batches, Poisoned(PROFILES), MemoryAttempts())

    assert failures == 3 * len(AT)
    assert [batch.position for batch in left_out] == sorted(AT)
    assert {name for batch in left_out for block in batch.blocks for name in block.appliance_ids} == {POISONED}
    assert said(sink) == said(sound) != []
    assert sink.position == sound.position


def test_without_the_note_it_fails_for_ever(batches: list[AdmittedBatch]) -> None:
    """T19, control: where attempts aren't noted, the same record fails again after every start."""

    class Forgetful(MemoryAttempts):
        """Notes nothing."""

        def last(self) -> None:
            """Nothing is known."""

    with pytest.raises(AssertionError):
        run(batches, Poisoned(PROFILES), Forgetful())


class FileSink(MemorySink):
    """A sink that the next process finds as this one left it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        if path.exists():
            self.position, self.rows, self.shared = pickle.loads(path.read_bytes())  # noqa: S301 - our own file

    def commit(self, step: DetectCommit) -> None:
        """Take a step, and keep it."""
        super().commit(step)
        self._path.write_bytes(pickle.dumps((self.position, self.rows, self.shared)))


def live(batches: list[AdmittedBatch], folder: Path) -> None:
    """What each process does: go on from what the ones before have left, and write down how it ended."""
    attempts, kept = AttemptFile(folder / "attempt"), FileSink(folder / "sink")
    sink, _, left_out = run(batches, Killed(PROFILES), attempts, kept)
    (folder / "ended").write_text(f"{sink.position} {[batch.position for batch in left_out]}")


def test_a_record_that_kills_the_process_is_left_out(batches: list[AdmittedBatch], tmp_path: Path) -> None:
    """T19: a record that kills the process is found by what the former processes have noted before they died."""
    deaths: list[int | None] = []
    while len(deaths) < 5 and not (tmp_path / "ended").exists():
        process = multiprocessing.get_context("fork").Process(target=live, args=(batches[:5], tmp_path))
        process.start()
        process.join()
        deaths.append(process.exitcode)

    assert deaths == [-signal.SIGKILL] * 3 + [0]
    assert (tmp_path / "ended").read_text() == "5 [3]"


def test_an_attempt_file_that_is_torn_says_nothing(tmp_path: Path) -> None:
    """A note that was not written whole is no note."""
    path = tmp_path / "attempt"
    for size in range(0, 80, 7):
        path.write_bytes(random.Random(size).randbytes(size))
        attempts = AttemptFile(path)
        assert attempts.last() is None
        attempts.close()


def test_parts_are_all_there_is(batches: list[AdmittedBatch]) -> None:
    """The parts of a batch hold each sample, event and status once."""
    event = Event("F9", "refrigerator", 1, 1, EventType.MOVED)
    births = tuple(Status(name, "refrigerator", 1, 1, StatusState.ONLINE, model="M") for name in ("F1", "F8"))
    batch = replace(batches[0], events=(event,), statuses=births)

    parts = dict(by_appliance(batch))

    assert sorted(parts) == ["F1", "F2", "F3", "F8", "F9"]
    assert tuple(status for part in parts.values() for status in part.statuses) == births
    assert sum(len(block) for part in parts.values() for block in part.blocks) == len(batch.blocks[0])
    assert parts["F9"].events == (event,)
    (one,) = parts["F2"].blocks
    mine = [row for row, name in enumerate(batch.blocks[0].appliance_ids) if name == "F2"]
    assert np.array_equal(one.values, batch.blocks[0].values[mine], equal_nan=True)


def test_poison_is_kept_once(tmp_path: Path, batches: list[AdmittedBatch]) -> None:
    """What was left out stands in the dead letters with its reason, once, however often it is handed over."""
    part = dict(by_appliance(replace(batches[0], events=(Event("F2", "refrigerator", 1, 1, EventType.MOVED),))))["F2"]
    path = tmp_path / "books.db"

    keep_poison(path, part)
    keep_poison(path, part)

    books = Books.open(path)
    with books.snapshot() as connection:
        letters = list(list_dead_letters(connection))
    books.close()
    assert len(letters) == sum(map(len, part.blocks)) + 1
    assert {letter.reason for letter in letters} == {RefusalReason.POISON}
    assert {letter.topic.rsplit("/", 1)[1] for letter in letters} == {"telemetry", "event"}
