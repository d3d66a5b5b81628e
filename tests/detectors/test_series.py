"""Series: readings of which nothing is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.backtest.recording import run_backtest
from detectors.series import tails
from detectors.series.detector import SeriesDetector
from detectors.series.scorer import alarm_threshold
from detectors.series.window import Window
from ingest.recordings.recording import Recording
from tests.detectors.made_fleet import PROFILES, START_MS, block

Floats = NDArray[np.float64]
STEP_S = 300


def recording(values: Floats, *, step_s: int = STEP_S) -> Recording:
    """Rows of some metrics as a recording."""
    ts = START_MS + np.arange(len(values), dtype=np.int64) * step_s * 1000
    names = tuple(f"m{number}" for number in range(values.shape[1]))
    return Recording(names, ts, values, [str(one) for one in ts], ())


def rhythm(count: int, *, seed: int, noise: float = 0.2) -> Floats:
    """Two metrics that follow the hours of the day, with noise."""
    rng = np.random.default_rng(seed)
    day = np.sin(np.arange(count) * STEP_S / 86_400 * 2 * np.pi)
    return np.stack([20 + 2 * day, 50 - 3 * day], axis=1) + rng.normal(0, noise, (count, 2))


def test_a_lasting_step_on_a_daily_rhythm_is_an_alarm() -> None:
    """Twelve standard deviations of what the hour leaves open are found at once, at the default budget."""
    values = rhythm(3000, seed=1)
    calm = run_backtest(recording(values), "generic", PROFILES, calibrate_rows=1000)
    values[2000:, 0] += 12 * 0.2

    broken = run_backtest(recording(values), "generic", PROFILES, calibrate_rows=1000)

    assert not calm.alarms.any()
    assert 2000 <= np.flatnonzero(broken.alarms)[0] <= 2012


def test_an_alarm_of_a_lasting_change_ends() -> None:
    """What lasts becomes how things are; one step is one episode."""
    values = rhythm(6000, seed=2)
    values[2000:] += 8.0

    broken = run_backtest(recording(values), "generic", PROFILES)

    assert len(broken.episodes) == 1
    assert broken.alarms.sum() <= 500


@pytest.mark.parametrize("off_rows", [200, 1000])
def test_a_plug_that_begins_switched_off_is_judged_by_what_it_shows_later(off_rows: int) -> None:
    """Zeros at the beginning fix no scale: later cycles become usual, and a level never seen is an alarm."""
    rng = np.random.default_rng(3)
    cycle = np.r_[np.full(20, 90.0), np.zeros(40)]
    power = np.r_[np.zeros(off_rows), np.tile(cycle, 60)]
    power = np.where(power > 0, power + rng.normal(0, 2, len(power)), 0.0)
    power[-50:] = 1800.0

    result = run_backtest(recording(power[:, None], step_s=60), "generic", PROFILES, calibrate_rows=off_rows + 400)

    starts = np.flatnonzero(np.diff(result.alarms.astype(int), prepend=0) == 1)
    assert starts.tolist() == [len(power) - 50]


def test_the_threshold_follows_the_budget_at_both_ends() -> None:
    """From two alarms in a hundred years to hundreds in one, each budget has a threshold of its own."""
    per_year = 365 * 86_400 / STEP_S
    thresholds = [alarm_threshold(per_year / budget) for budget in (400, 100, 20, 0.2, 0.02)]

    assert thresholds == sorted(set(thresholds))
    assert thresholds[-1] - thresholds[0] > 2.5


def test_metrics_beyond_sixteen_and_few_rows_are_compared_with_shorter_windows() -> None:
    """Twenty metrics, or a hundred calm rows, still tell when one metric no longer moves with the others."""
    rng = np.random.default_rng(4)
    for metrics, rows in ((20, 1000), (4, 160)):
        common = np.sin(np.arange(rows + 100) / 9) * 3
        values = common[:, None] * rng.uniform(0.5, 2, metrics) + rng.normal(0, 0.1, (rows + 100, metrics))
        values[rows:, 1] = -values[rows:, 1]

        result = run_backtest(recording(values, step_s=60), "generic", PROFILES, calibrate_rows=rows // 2)

        assert not result.alarms[:rows].any()
        assert result.alarms[rows:].any()


def test_a_window_that_can_not_be_fitted_says_so() -> None:
    """Too few rows of all metrics are a reason that the condition tells."""
    window = Window(fit_rows=20)
    window.learn(np.random.default_rng(5).normal(size=(20, 8)), np.ones(20, bool), 20)
    detector = SeriesDetector("generic", alarms_per_year=0.2, learn_rows=20)
    values = np.random.default_rng(6).normal(size=(20, 8))
    rows = [("A", START_MS + place * 60_000, row, None, None) for place, row in enumerate(values)]

    _, conditions = detector.fold(block("generic", tuple("abcdefgh"), rows))

    assert "it takes 24 calm rows" in window.silent
    assert "not compared with each other" in conditions[-1].reason.text


def test_the_window_learns_what_has_become_usual() -> None:
    """A lasting new way of moving together is an alarm once, and no alarm after it was learned."""
    rng = np.random.default_rng(7)
    common = np.sin(np.arange(6000) / 9) * 3
    values = common[:, None] * np.array([1.0, -1.0, 0.5, 2.0]) + rng.normal(0, 0.2, (6000, 4))
    values[1500:, 1] = -values[1500:, 1]

    result = run_backtest(recording(values, step_s=60), "generic", PROFILES)

    assert result.alarms[1500:1520].any()
    assert not result.alarms[2100:].any()


def test_what_the_window_told_for_nothing_is_told_less_easily() -> None:
    """Metrics that come apart again and again are an alarm few times, unless the budget allows more."""
    rng = np.random.default_rng(9)
    common = np.sin(np.arange(9000) / 9) * 3
    values = common[:, None] * np.array([1.0, -1.0, 0.5, 2.0]) + rng.normal(0, 0.2, (9000, 4))
    for start in range(1000, 9000, 500):
        values[start : start + 30, 1] += rng.normal(0, 0.9, 30)

    few, many = (
        len(run_backtest(recording(values, step_s=60), "generic", PROFILES, alarms_per_year=budget).episodes)
        for budget in (0.2, 2000.0)
    )

    assert few <= 5
    assert many > 2 * few


def test_blocks_are_judged_at_once_as_they_are_one_by_one() -> None:
    """Tails say the same of rows that come together, with zeros and silence, as of each by itself, and know the same after."""
    said = np.abs(np.random.default_rng(11).standard_t(2, (2, 8, 400)))
    said[0, 3, :90] = 0.0
    said[1, :, 150:260] = np.nan
    together, singly = (tails.unheard(2, 8) for _ in range(2))

    at_once = [tails.surprise(together, said[..., :110], 0), tails.surprise(together, said[..., 110:], 110)]
    one_by_one = [tails.surprise(singly, said[..., n : n + 1], n) for n in range(400)]

    assert np.allclose(np.concatenate(at_once, axis=2), np.concatenate(one_by_one, axis=2), rtol=0, atol=1e-12)
    assert all(np.array_equal(together[name], singly[name], equal_nan=True) for name in together)


@pytest.mark.thorough
def test_rows_cost_the_same_however_they_are_cut() -> None:
    """Row by row, in pieces or all at once: the same findings at the same times."""
    values = rhythm(1400, seed=8)
    values[900:910] += 15.0
    ts = START_MS + np.arange(len(values)) * STEP_S * 1000
    told = []
    for cut in (3, 37, 1400):
        detector, found = SeriesDetector("generic", alarms_per_year=0.2), []
        for start in range(0, len(values), cut):
            rows = [("A", int(ts[n]), values[n], None, None) for n in range(start, min(start + cut, len(values)))]
            found += detector.fold(block("generic", ("a", "b"), rows))[0]
        told.append([(one.raised_ms, one.cleared_ms, one.evidence) for one in found])

    assert told[0] == told[1] == told[2]
    assert told[0][0][0] == ts[900]
