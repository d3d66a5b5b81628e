"""Readings that can't be: no sample, no alarm of the appliance, and one standing finding of the data that names the metric."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors.finding import Checkpoint, Finding
from detectors.pipeline import Pipeline
from detectors.series.detector import SeriesDetector
from detectors.state.checkpoint import Layouts, opened
from ingest.admission.admission import Admission
from ingest.plausible import impossible, is_plausible
from ingest.profiles import load_profiles
from ingest.sample import AdmittedBatch, SampleBlock
from ingest.wire.columns import BatchDecoder
from ingest.wire.foreign import codecs_of
from ingest.wire.foreign.devices import Device
from tests.ingest.admission.test_foreign_admission import Foreign

MINUTE_MS, DAY_MS = 60_000, 86_400_000
START_MS = 1_790_000_000_000
GONE = -327.68


def block(cells: list[tuple[float, float]], at: int = 0, step_ms: int = MINUTE_MS) -> SampleBlock:
    """Rows (temperature, power) of one appliance without a profile, from row ``at`` on."""
    count = len(cells)
    return SampleBlock(
        "generic",
        ("probe_c", "power_w"),
        ["g1"] * count,
        START_MS + (np.arange(count) + at) * step_ms,
        np.array(cells, np.float64),
        [None] * count,
        [None] * count,
        np.full(count, -1, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.uint8),
        START_MS,
    )


def told(findings: list[Finding]) -> list[tuple[str, tuple[str, ...], int | None]]:
    """Fault mode, metrics of the evidence, and minute of the end of each finding."""
    return [
        (
            one.fault_mode,
            tuple(item.metric for item in one.evidence),
            None if one.cleared_ms is None else (one.cleared_ms - START_MS) // MINUTE_MS,
        )
        for one in findings
    ]


ROWS = [
    (4.5, 60.0),
    (GONE, 61.0),
    (4.6, 60.0),
    (GONE, 60.0),
    (GONE, 62.0),
    (GONE, 61.0),
    (GONE, 60.0),
    (4.4, 60.0),
    (4.5, 61.0),
]


@pytest.mark.parametrize("cut", range(len(ROWS) + 1))
def test_three_in_a_row_are_told_once_with_their_metric_and_the_end(cut: int) -> None:
    """Raised by the third, never again while it stands, cleared by the first sound one, wherever the stream is cut."""
    detector = SeriesDetector("generic", alarms_per_year=0.2)

    first, _ = detector.fold(block(ROWS[:cut])) if cut else ([], [])
    second, _ = detector.fold(block(ROWS[cut:], cut)) if cut < len(ROWS) else ([], [])

    assert told([*first, *second]) == [("sensor_out_of_range", ("probe_c",), None), ("sensor_out_of_range", (), 7)]
    raised = [*first, *second][0]
    assert raised.is_data_fault
    assert (raised.evidence[0].observed, raised.raised_ms) == (GONE, START_MS + 5 * MINUTE_MS)
    assert "probe_c" in detector.appliances["g1"].scorer.names
    assert np.nanmin(detector.appliances["g1"].scorer.numbers) > -300


def test_what_stands_outlives_a_restart_and_is_not_told_again() -> None:
    """The count and the standing finding are in the checkpoint; what comes back within a week is no news."""
    before, after = Pipeline(load_profiles()), Pipeline(load_profiles())

    def fold(pipeline: Pipeline, *cells: float, at: int, step_ms: int = MINUTE_MS) -> int:
        one = block([(cell, 1.0) for cell in cells], at, step_ms)
        return len(pipeline.fold(AdmittedBatch(1, START_MS, len(one), (one,))).findings)

    raised = fold(before, *[GONE] * 4, at=0)
    after.restore(Checkpoint(1, before.packed_changes(), before.shared()))
    standing, ended = fold(after, *[GONE] * 4, at=4), fold(after, 4.5, at=8)
    again, over = fold(after, *[GONE] * 4, at=9), fold(after, 4.5, at=14)
    later = fold(after, *[GONE] * 4, at=8, step_ms=DAY_MS)

    assert [raised, standing, ended, again, over, later] == [1, 0, 1, 0, 0, 1]


def test_what_can_be_is_the_same_cell_by_cell_and_at_once() -> None:
    """The bulk look at a table and the look at one reading agree, also on marks and on what has no bounds."""
    metrics = (
        "drum_c",
        "ds18b20_temperature_c",
        "power_w",
        "humidity_pct",
        "valve_pct",
        "value",
        "power_factor",
        "light_lux",
    )
    odd = [GONE, 85.0, 999.0, 65535.0, 655.35, -127.0, 6553.5, 1e30, -101.0, 0.0, float("nan")]
    values = np.array([[value] * len(metrics) for value in odd])

    expected = [[not is_plausible(name, v) and v == v for name in metrics] for v in odd]  # noqa: PLR0124  (NaN is not itself)
    assert impossible(metrics, values).tolist() == expected
    assert [expected[1][:3], expected[2][:3]] == [[False, True, False], [True, True, False]]


DESCRIBED = {"name": "Fresh food", "stat_t": "f/t", "unit_of_meas": "°C", "dev": {"ids": ["f1"], "name": "f1"}}


def test_two_sensors_are_two_findings_also_behind_a_checkpoint() -> None:
    """Each names its metric and is cleared by its own first sound reading; read back in between, nothing is told twice."""
    bad, metrics = [(GONE, 1e12)] * 4, ["probe_c", "power_w"]
    detector = SeriesDetector("generic", alarms_per_year=0.2)
    raised, _ = detector.fold(block(bad))
    restored = SeriesDetector("generic", alarms_per_year=0.2)
    packed, _ = opened(detector.packed_changes())
    assert restored.restore(packed, Layouts()) == (0, [])

    ends, _ = restored.fold(block([(4.4, 1e12), (4.5, 60.0)], len(bad)))

    assert [(one.metric, one.cleared_ms) for one in raised] == [(name, None) for name in metrics]
    assert [(one.metric, one.raised_ms) for one in ends] == [(name, raised[0].raised_ms) for name in metrics]
    assert all(one.cleared_ms is not None for one in ends)


@pytest.mark.parametrize("kind", ["generic", "refrigerator"])
def test_a_foreign_sensor_that_is_not_there_is_a_standing_finding(tmp_path: Path, kind: str) -> None:
    """From the message to the finding: nothing of it is a reading, read back it is the same, and a sound one ends it."""
    foreign, devices = Foreign(tmp_path), {"homeassistant/f1": Device("f1", kind)}
    decoders = [BatchDecoder(codecs=codecs_of(["homeassistant"], foreign.discovery), devices=devices) for _ in range(2)]
    foreign.admission, foreign.reader = Admission(foreign.books, decoders[0]), decoders[1]
    pipeline, found, readings = Pipeline(load_profiles()), list[Finding](), list[float]()
    foreign.send(("homeassistant/sensor/f1/t/config", DESCRIBED))

    for value in (4.5, GONE, GONE, GONE, GONE, 4.4):
        admitted = foreign.send(("f/t", str(value).encode()))
        assert admitted.refused == {}
        readings += [float(one) for part in admitted.batch.blocks for one in part.values[~np.isnan(part.values)]]
        found += pipeline.fold(admitted.batch.with_impossible()).findings
    foreign.books.close()

    assert readings == [4.5, 4.4]
    assert [(one.fault_mode, one.is_data_fault, one.cleared_ms is None) for one in found] == [
        ("sensor_out_of_range", True, True),
        ("sensor_out_of_range", True, False),
    ]
    assert (found[0].evidence[0].metric, found[0].evidence[0].observed) == ("fresh_food_c", GONE)
