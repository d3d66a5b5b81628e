"""Single layers: the point bank, hygiene, the folding of cycles, and state as bytes."""

from __future__ import annotations

import doctest
from types import ModuleType

import numpy as np
import pytest

from detectors.finding import Finding
from detectors.kinds.portions import Portions
from detectors.layers import cusum, diagnosis, point_bank
from detectors.pipeline import Pipeline
from detectors.state import checkpoint, columns
from ingest.recordings import names
from ingest.sample import AdmittedBatch
from tests.detectors.made_fleet import FRIDGE, PROFILES, START_MS, block, fridge
from tests.examples import some_of


@pytest.mark.parametrize("module", [columns, cusum, diagnosis, point_bank, names])
def test_examples_in_docstrings_run(module: ModuleType) -> None:
    """What a docstring shows is what happens."""
    assert doctest.testmod(module).failed == 0


def test_the_bank_scores_before_it_learns() -> None:
    """The score of a reading comes from the mean before it, and the largest distance scores highest."""
    bank, seen = np.zeros((3, 3, 1), np.float32), np.zeros(3, np.uint32)
    rng = np.random.default_rng(1)
    rows = np.arange(3)
    for _ in range(300):
        point_bank.update(bank, seen, rows, rng.normal(20, 2, (3, 1)).astype(np.float32))

    z = point_bank.update(bank, seen, rows, np.array([[20.0], [26.0], [40.0]], np.float32))[0][:, 0]

    assert abs(z[0]) < 1
    assert 2 < z[1] < 4
    assert 8 < z[2] < 12
    assert bank[0, point_bank.MEAN, 0] == pytest.approx(20, abs=0.5)


def test_a_reading_not_given_leaves_the_bank_as_it_is() -> None:
    """NaN scores NaN and moves neither mean nor variance."""
    bank, seen = np.zeros((1, 3, 2), np.float32), np.zeros(1, np.uint32)
    rows = np.array([0])
    for x in (5.0, 6.0, 5.5):
        point_bank.update(bank, seen, rows, np.array([[x, np.nan]], np.float32))
    before = bank.copy()

    z, _ = point_bank.update(bank, seen, rows, np.full((1, 2), np.nan, np.float32))

    assert np.isnan(z).all()
    np.testing.assert_array_equal(bank, before)


def data_faults(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[Finding]:
    """What is said of the data of one refrigerator."""
    ts, _ = fridge(1, days=10)
    rows = [("F1", int(t), row, "cooling", None) for t, row in zip(ts, values, strict=True)]
    one = block("refrigerator", FRIDGE, rows)
    outcome = Pipeline(PROFILES).fold(AdmittedBatch(1, one.received_ms, len(rows), (one,)))
    return [finding for finding in outcome.findings if finding.is_new]


@pytest.mark.parametrize(
    ("fault", "readings"),
    [
        ("sensor_out_of_range", np.full(60, 99.0)),
        ("sensor_stuck", np.full(120, -17.25)),
    ],
)
def test_a_lying_sensor_is_a_fault_of_the_data(
    fault: str, readings: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> None:
    """A sensor that is open or stuck is named as such, with its metric, and never as a fault of the appliance."""
    _, values = fridge(1, days=10)
    values[300 : 300 + len(readings), FRIDGE.index("freezer_c")] = readings

    [found] = data_faults(values)

    assert found.is_data_fault
    assert found.fault_mode == fault
    assert found.evidence[0].metric == "freezer_c"


def test_two_sensors_at_fault_are_two_findings_and_neither_ends_the_other() -> None:
    """Raised at the same sample under one name: each names its sensor, and is cleared when that one is sound again."""
    _, values = fridge(1, days=10)
    for name, until in (("freezer_c", 360), ("fresh_food_c", 420)):
        values[300:until, FRIDGE.index(name)] = 99.0
    ts, _ = fridge(1, days=10)
    one = block(
        "refrigerator", FRIDGE, [("F1", int(t), row, "cooling", None) for t, row in zip(ts, values, strict=True)]
    )

    told = Pipeline(PROFILES).fold(AdmittedBatch(1, one.received_ms, len(one), (one,))).findings

    at = int(ts[302])
    assert [(found.fault_mode, found.metric, found.raised_ms, found.cleared_ms) for found in told] == [
        ("sensor_out_of_range", "fresh_food_c", at, None),
        ("sensor_out_of_range", "freezer_c", at, None),
        ("sensor_out_of_range", "freezer_c", at, int(ts[360])),
        ("sensor_out_of_range", "fresh_food_c", at, int(ts[420])),
    ]
    assert [[item.metric for item in found.evidence] for found in told[:2]] == [["fresh_food_c"], ["freezer_c"]]


def test_spikes_are_a_fault_of_the_data_when_they_repeat() -> None:
    """One spike is ignored; six within a day are said."""
    _, values = fridge(1, days=10)
    column = FRIDGE.index("freezer_c")
    values[200, column] = 40.0
    assert data_faults(values) == []

    values[300:348:6, column] = 40.0
    [found] = data_faults(values)

    assert found.fault_mode == "sensor_spikes"


def test_a_healthy_sensor_is_not_blamed() -> None:
    """Ten healthy days with settings that never change say nothing of the data."""
    _, values = fridge(2, days=10)

    assert data_faults(values) == []


@pytest.mark.parametrize(
    ("silences", "every", "said"),
    some_of([((8, 12, 16), 1, [17]), ((8, 12), 1, []), ((8, 12, 50), 1, []), ((8,), 1, []), ((8, 12, 16), 576, [])], 2),
)
def test_days_of_silence_are_said_where_they_come_again_and_again(
    silences: tuple[int, ...], every: int, said: list[int]
) -> None:
    """The third silence within 30 days is said as it ends, unless the appliance speaks so seldom that this is its rule.

    ``silences``: days of which it says nothing; ``every``: it speaks once in so many times of five minutes.
    """
    ts, values = fridge(1, days=90)
    day = (ts - START_MS) / 86_400_000
    spoken = np.flatnonzero(~np.any([(first <= day) & (day < first + 1) for first in silences], axis=0))[::every]
    rows = [("F1", int(ts[place]), values[place], "cooling", None) for place in spoken.tolist()]
    one = block("refrigerator", FRIDGE, rows)

    findings = Pipeline(PROFILES).fold(AdmittedBatch(1, one.received_ms, len(rows), (one,))).findings

    gaps = [one for one in findings if one.fault_mode == "data_gap"]
    assert [one.raised_ms for one in gaps if one.cleared_ms is None] == [START_MS + 86_400_000 * day for day in said]
    ended = [one.cleared_ms for one in gaps if one.cleared_ms is not None]
    assert ended == [START_MS + 86_400_000 * (9 + 60) for _ in said]


@pytest.mark.parametrize("stored", [None, b"", b"shared", b"\x00" * 64])
def test_shared_state_of_another_format_is_learned_anew(stored: bytes | None) -> None:
    """What is no shared state of ours stops no start: there is none then."""
    packed = checkpoint.pack_shared({"fridge": {"mean": np.zeros(3)}}, checkpoint.pack_layouts(checkpoint.Layouts()))

    assert not checkpoint.unpack_shared(stored).arrays
    assert list(checkpoint.unpack_shared(packed).arrays["fridge"]) == ["mean"]


def test_a_history_sent_by_one_appliance_after_another_teaches_the_fleet() -> None:
    """Units of days that are over are taken over, too, once as many wait as were taken over before."""
    portions = Portions()

    begins = portions.first(np.full(100, 20_600 * 86_400_000))

    assert begins.tolist() == [0, 16, 32, 64]


def test_a_share_a_little_beyond_its_end_is_its_end_and_no_fault_of_the_data() -> None:
    """A firmware that counts three per cent too much is believed up to the end; what is far beyond is impossible."""
    detector = Pipeline(PROFILES).detector("refrigerator")
    metrics = ("compressor_duty_pct",)
    rows = [("F1", START_MS + n * 60_000, np.array([value]), None, None) for n, value in enumerate([103.0] * 40)]
    beyond = [("F2", START_MS + n * 60_000, np.array([300.0]), None, None) for n in range(40)]

    assert detector.fold(block("refrigerator", metrics, rows))[0] == []
    assert [one.fault_mode for one in detector.fold(block("refrigerator", metrics, beyond))[0]] == [
        "sensor_out_of_range"
    ]
