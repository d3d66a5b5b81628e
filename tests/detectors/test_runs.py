"""Appliances that only a power plug speaks for: their runs, judged one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from detectors.backtest.recording import run_backtest
from detectors.finding import Finding, FindingChannel
from detectors.pipeline import Pipeline
from ingest.recordings.recording import Recording
from ingest.sample import AdmittedBatch
from tests.detectors.made_fleet import PROFILES, START_MS, block
from tests.examples import some_of

MINUTE_MS = 60_000
APART_MIN = 3


def plugged(runs: Sequence[int], *, pause: int = 25, watts: float = 90.0, seed: int = 3) -> Recording:
    """Readings three minutes apart: runs of these lengths in minutes, with pauses between."""
    rng = np.random.default_rng(seed)
    parts = [part for run in runs for part in (rng.normal(watts, 3, run), np.zeros(pause))]
    power = np.concatenate([np.zeros(5), *parts])[::APART_MIN]
    ts = START_MS + np.arange(len(power), dtype=np.int64) * APART_MIN * MINUTE_MS
    text = [datetime.fromtimestamp(ms / 1000, UTC).isoformat() for ms in ts.tolist()]
    return Recording(("power_w",), ts, power[:, None], text, ())


def usual(count: int, *, seed: int = 7) -> list[int]:
    """Lengths of ordinary runs in minutes."""
    return [round(length) for length in np.random.default_rng(seed).normal(15, 1.5, count).tolist()]


def findings(recording: Recording, *, at_once: int = 500) -> list[Finding]:
    """What the live pipeline raises of the recording, so many samples at a time."""
    pipeline = Pipeline(PROFILES)
    found: list[Finding] = []
    for start in range(0, len(recording), at_once):
        part = range(start, min(start + at_once, len(recording)))
        rows = [("P1", int(recording.ts_ms[i]), recording.values[i], None, None) for i in part]
        taken = block("refrigerator", ("power_w",), rows)
        found += pipeline.fold(AdmittedBatch(start + 1, rows[-1][1], len(rows), (taken,), ())).findings
    return [one for one in found if one.is_new and not one.is_data_fault]


def test_runs_that_stay_longer_are_a_finding_with_evidence() -> None:
    """Runs half as long again as those of the first days are raised once, showing the length beyond its band."""
    [found] = findings(plugged(usual(200) + [round(run * 1.5) for run in usual(60, seed=8)]))

    assert (found.channel, found.fault_mode) == (FindingChannel.EVIDENCE, "unknown")
    length = next(one for one in found.evidence if one.metric == "on_run")
    assert length.observed > length.expected_high
    assert sum(one.share for one in found.evidence) == pytest.approx(1)


def test_ordinary_runs_are_no_finding() -> None:
    """A week of runs as they always were raises nothing."""
    assert findings(plugged(usual(240))) == []


def test_a_compressor_that_never_stops_is_named_while_it_runs() -> None:
    """A run several times as long as any before is raised while it goes on, as a compressor that does not stop."""
    recording = plugged([*usual(200), 240])

    [found] = findings(recording)

    assert found.fault_mode == "compressor_stuck_on"
    assert found.raised_ms < int(recording.ts_ms[-1]) - 2 * 3_600_000


def test_what_a_block_boundary_cuts_makes_no_difference() -> None:
    """Findings are raised at the same moment with the same score, whatever the size of the blocks."""
    recording = plugged(usual(180) + [round(run * 1.5) for run in usual(30, seed=8)])

    raised = [[(one.raised_ms, one.score) for one in findings(recording, at_once=at)] for at in (97, 500)]

    assert raised[0]
    assert raised[0] == raised[1]


def test_scores_of_runs_do_not_look_ahead() -> None:
    """Rows that are appended leave the scores of a plug's earlier rows unchanged."""
    runs = usual(180) + [round(run * 1.5) for run in usual(30, seed=8)]
    whole = plugged([*runs, *usual(40)])
    first = len(plugged(runs)) - 5
    part = Recording(whole.metrics, whole.ts_ms[:first], whole.values[:first], whole.ts_text[:first], ())

    before, after = (run_backtest(one, "refrigerator", PROFILES).scores[:first] for one in (part, whole))

    assert np.array_equal(before, after)
    assert before.max() > 4


def washes(count: int, *, seed: int, stuck_min: int = 0) -> Recording:
    """A dishwasher behind a plug, read every two minutes: heating twice, pumping between; at last a heater that stays on."""
    rng = np.random.default_rng(seed)
    parts: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = []
    for number in range(count):
        heat = [rng.normal(2000, 8, round(rng.normal(minutes, 1.5) / 2)) for minutes in (18, 14)]
        if stuck_min and number == count - 1:
            heat[1] = rng.normal(2000, 8, stuck_min // 2)
        parts += [np.zeros(300), np.full(4, 45.0), heat[0], np.full(12, 45.0), heat[1], np.full(7, 45.0)]
    power = np.concatenate(parts)
    ts = START_MS + np.arange(len(power), dtype=np.int64) * 2 * MINUTE_MS
    return Recording(("power_w",), ts, power[:, None], [str(one) for one in ts], ())


@pytest.mark.parametrize("kind", some_of(["washing_machine", "dishwasher"], 1))
def test_a_heater_that_stays_on_is_found_within_the_hour(kind: str) -> None:
    """A tenth longer than ever is an alarm while it lasts, and no data fault; ordinary cycles raise nothing."""
    recording = washes(14, seed=11, stuck_min=200)
    began = len(recording) - 7 - 100

    result = run_backtest(recording, kind, PROFILES)

    first = int(np.flatnonzero(result.alarms)[0])
    assert began + 7 < first <= began + 30
    assert [one.fault_mode for one in result.episodes] == [
        "heater_stuck_on" if kind == "washing_machine" else "unknown"
    ]
    assert not run_backtest(washes(9, seed=12), kind, PROFILES).alarms.any()


def test_power_without_a_mode_is_neither_stuck_nor_spiking() -> None:
    """What a heater draws reaches the judge of runs as it is."""
    pipeline = Pipeline(PROFILES)
    recording = washes(9, seed=13)
    recording.values[recording.values > 1000] = 2000.0
    rows = [("P1", int(ts), values, None, None) for ts, values in zip(recording.ts_ms, recording.values, strict=True)]

    taken = block("dishwasher", ("power_w",), rows)
    found = pipeline.fold(AdmittedBatch(1, rows[-1][1], len(rows), (taken,), ())).findings

    assert found == []
