"""Report on change: what a device leaves out, and what it never does."""

from __future__ import annotations

import numpy as np

from simulator.physics.kind import Sensor
from simulator.physics.programme import Rows
from simulator.report_on_change import worth_telling

METRICS = {"power_w": Sensor(0.5, 0.01, 1), "energy_kwh": Sensor(0, 0, 4)}


def _rows(power_w: np.ndarray, *, mode: np.ndarray | None = None, cycle: np.ndarray | None = None) -> Rows:
    count = len(power_w)
    values = np.stack([power_w, np.arange(count) * 0.01], axis=1)
    mode = np.zeros(count) if mode is None else mode
    cycle = np.zeros(count) if cycle is None else cycle
    return Rows(cycle.astype(np.int64), np.arange(count, dtype=np.int64) * 5000, mode.astype(np.int8), values)


def test_what_does_not_change_is_told_once_in_a_while() -> None:
    """A steady reading, whose counter runs on, is told at the start, after each silence, and at the end."""
    told = worth_telling(_rows(np.full(61, 80.0)), METRICS, silence_s=60.0)

    assert np.nonzero(told)[0].tolist() == [0, 12, 24, 36, 48, 60]


def test_a_change_of_value_is_told_at_once() -> None:
    """A heater that goes on or off is told with the reading that shows it."""
    power_w = np.where((np.arange(100) >= 33) & (np.arange(100) < 41), 2000.0, 80.0)

    told = worth_telling(_rows(power_w), METRICS, silence_s=1000.0)

    assert np.nonzero(told)[0].tolist() == [0, 33, 41, 99]


def test_the_ends_of_phases_and_cycles_are_always_told() -> None:
    """The last reading of a phase or cycle and the first of the next are told, whatever they say."""
    mode, cycle = np.arange(60) // 20, np.arange(60) // 40

    told = worth_telling(_rows(np.full(60, 80.0), mode=mode, cycle=cycle), METRICS, silence_s=1000.0)

    assert np.nonzero(told)[0].tolist() == [0, 19, 20, 39, 40, 59]


def test_the_noise_of_a_sensor_is_no_news_and_readings_that_stop_are() -> None:
    """The bands are wider the larger the value; a metric that is no longer told is a change."""
    power_w = np.concatenate([np.full(10, 2000.0), np.full(10, 2008.0), np.full(10, 2400.0), np.full(10, np.nan)])

    told = worth_telling(_rows(power_w), METRICS, silence_s=1000.0)

    assert np.nonzero(told)[0].tolist() == [0, 20, 30, 39]
