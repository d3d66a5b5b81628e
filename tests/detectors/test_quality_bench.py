"""The scorer of the public benchmark, held against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.quality.budget import false_alarms
from benchmarks.quality.nab import normalised, parts_of
from benchmarks.quality.series import Labelled

ROWS = 2000
HALF = np.array([0.5])


def series() -> Labelled:
    """A series with two windows."""
    wrong = np.zeros(ROWS, bool)
    wrong[800:900] = wrong[1500:1600] = True
    return Labelled("g", np.arange(ROWS, dtype=np.int64), np.zeros((ROWS, 1)), wrong)


@pytest.mark.parametrize(
    ("alarms", "score"),
    [((), 0.0), ((800, 1500), 100.0), ((800,), 50.0), ((100,), 0.0), ((800, 1500, 500), 100 - 100 * 0.11 / 4)],
    ids=["never", "at each window", "at one of two", "in the probation", "once for nothing"],
)
def test_the_scorer_gives_what_the_benchmark_promises(alarms: tuple[int, ...], score: float) -> None:
    """Nothing said is 0, the first row of each window 100; a false alarm costs its weight, probation nothing."""
    said = np.zeros(ROWS)
    said[list(alarms)] = 1.0

    parts = parts_of([series()], [said], HALF)

    assert normalised(parts, [0])[0] == pytest.approx(score)


def test_sound_appliances_made_of_noise_raise_what_is_asked_for() -> None:
    """They are counted in years, and where a hundred alarms a year are asked for, some come in a few weeks."""
    alarms, years = false_alarms("water_heater", 1, asked=100.0, appliances=10, units=40)

    assert years == pytest.approx(10 * 40 / 365)
    assert 0 < alarms < 100 * years
