"""Use, day by day."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.units.use_days import DAY_MS, days_of
from ingest.profiles.care import Use, UseStatistic

MINUTE = 60_000
NIGHT = np.array([DAY_MS - 2 * MINUTE, DAY_MS - MINUTE, DAY_MS + MINUTE, DAY_MS + 3 * MINUTE], np.int64)


def counted(statistic: UseStatistic, ts_ms: NDArray[np.int64], values: list[float] | None = None) -> dict[int, float]:
    """The days of a use with a reading a minute."""
    use = Use("use", statistic, "", {"en": "Use"})
    numbers = None if values is None else np.array(values)
    found = days_of(use, ts_ms, numbers, usual_interval_s=60)
    return {day: round(value, 3) for day, value in found.items()}


def test_a_run_over_midnight_is_one_run_of_the_day_on_which_it_began() -> None:
    """Half an hour without a reading ends a run, midnight does not."""
    assert counted(UseStatistic.RUNS, NIGHT) == {0: 1.0, 1: 0.0}
    assert counted(UseStatistic.RUNS, np.append(NIGHT, NIGHT[-1] + 31 * MINUTE)) == {0: 1.0, 1: 1.0}


def test_a_silence_is_no_time_in_use() -> None:
    """A reading holds until the next one, or for as long as others do where that is hours away; alone for the usual interval."""
    ts = np.array([0, 10 * MINUTE, 300 * MINUTE], np.int64)

    assert counted(UseStatistic.HOURS, ts) == {0: 0.5}
    assert counted(UseStatistic.HOURS, ts[:1]) == {0: round(1 / 60, 3)}


@pytest.mark.parametrize(
    ("statistic", "day", "next_day"),
    [
        (UseStatistic.MEAN, 11.0, 16.5),
        (UseStatistic.MAX, 12.0, 18.0),
        (UseStatistic.MIN, 10.0, 15.0),
        (UseStatistic.DELTA, 2.0, 6.0),
    ],
)
def test_a_days_number_is_of_its_own_readings(statistic: UseStatistic, day: float, next_day: float) -> None:
    """Totals by what they grew, from where they stood on the day before; readings that are none count nowhere."""
    ts = np.append(NIGHT, NIGHT[-1] + MINUTE)

    assert counted(statistic, ts, [10, 12, 15, 18, float("nan")]) == {0: day, 1: next_day}


def test_a_total_that_begins_again_takes_nothing_back() -> None:
    """A new board counts from zero; a day without readings has no number."""
    assert counted(UseStatistic.DELTA, NIGHT[:3], [500, 501, 2]) == {0: 1.0, 1: 0.0}
    assert counted(UseStatistic.MEAN, NIGHT[:0], []) == {}
