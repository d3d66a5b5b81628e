"""A backtest says what the service would have said: the same findings at the same times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectors.backtest.recording import run_backtest
from detectors.finding import Finding
from detectors.loop.runner import Runner
from detectors.pipeline import Pipeline
from ingest.recordings.recording import Recording
from ingest.sample import AdmittedBatch
from tests.detectors.made_fleet import FRIDGE, PROFILES, START_MS, ListFeed, block, fridge
from tests.detectors.memory_sink import MemorySink

ROWS_PER_BATCH = 150


def live(recording: Recording, kind: str) -> list[Finding]:
    """What the loop of the service makes of the recording, a few rows a batch, through the order of event time."""
    batches = []
    for number, start in enumerate(range(0, len(recording), ROWS_PER_BATCH), start=1):
        part = range(start, min(start + ROWS_PER_BATCH, len(recording)))
        rows = [("A1", int(recording.ts_ms[n]), recording.values[n], None, None) for n in part]
        taken = block(kind, recording.metrics, rows)
        batches.append(AdmittedBatch(number, int(recording.ts_ms[part[-1]]), len(rows), (taken,), ()))
    late = replace(
        batches[-1], position=len(batches) + 1, received_ms=batches[-1].received_ms + 3_600_000, blocks=(), messages=0
    )
    sink, passed = MemorySink(), iter(range(0, 10**9, 7))
    runner = Runner(ListFeed([*batches, late]), sink, Pipeline(PROFILES), elapsed_s=lambda: float(next(passed)))
    runner.start()
    while runner.run_once():
        pass
    runner.commit()
    return sink.findings


def fouling() -> Recording:
    """A refrigerator whose condenser fouls."""
    ts, values = fridge(3, days=40, fault="condenser_fouling")
    return Recording(FRIDGE, ts, values, [str(one) for one in ts], ())


def broken() -> Recording:
    """Two metrics of something unknown, one of which breaks twice."""
    values = np.random.default_rng(4).normal(0, 1, (1500, 2))
    values[800:820, 0] += 25.0
    values[1300:1310, 1] += 60.0
    ts = START_MS + np.arange(1500, dtype=np.int64) * 300_000
    return Recording(("a", "b"), ts, values, [str(one) for one in ts], ())


@pytest.mark.parametrize(("kind", "recording"), [("refrigerator", fouling()), ("generic", broken())])
def test_a_backtest_and_the_service_find_the_same(kind: str, recording: Recording) -> None:
    """Each finding that the loop makes durable is an episode of the backtest, with its fault mode, and nothing else is."""
    found = [one for one in live(recording, kind) if not one.is_data_fault]

    result = run_backtest(recording, kind, PROFILES, calibrate_rows=400)

    raised = {(one.fault_mode, str(one.raised_ms)) for one in found if one.is_new}
    assert raised
    assert {(one.fault_mode, one.start) for one in result.episodes} == raised
    assert result.alarms.sum() == sum(
        int(
            np.searchsorted(recording.ts_ms, _end(one, found, recording))
            - np.searchsorted(recording.ts_ms, one.raised_ms)
        )
        for one in found
        if one.is_new
    )


def _end(one: Finding, found: list[Finding], recording: Recording) -> int:
    """When a finding was cleared; just after the last row where it stands to the end."""
    ends = [other.cleared_ms for other in found if other.raised_ms == one.raised_ms and other.cleared_ms is not None]
    return ends[0] if ends else int(recording.ts_ms[-1]) + 1
