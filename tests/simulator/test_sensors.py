"""Sensors: what lies between the truth and what is reported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.distribution import Distribution
from simulator.physics.kind import Sensor
from simulator.sensors import SensorFault, Sensors, Shift
from simulator.specification import FleetSpecification, SensorSpecification

METRICS = {"water_c": Sensor(0.2, 0.0, 1, can_lie=True), "pump_w": Sensor(0.0, 0.05, 1, can_lie=True)}
ROWS = 20_000


@pytest.fixture
def exact(specification: FleetSpecification) -> SensorSpecification:
    """Nothing but noise."""
    return replace(specification.sensors, missing_samples=0.0, missing_readings=0.0, spikes=0.0)


def _measured(rules: SensorSpecification, *lies: SensorFault, shifts: tuple[Shift, ...] = ()) -> np.ndarray:
    """20,000 readings of 40 °C and 100 W, one a second."""
    rng = np.random.default_rng(1)
    sensors = Sensors(METRICS, rules, lies, shifts, count=1, rng=rng)
    values = np.tile([40.0, 100.0], (ROWS, 1))
    who = np.zeros(ROWS, np.int64)
    noise = sensors.noise_of(who, rng)
    sent = sensors.measure(values, noise, appliance=who, ts_ms=np.arange(ROWS) * 1000, rng=rng)
    return np.where(sent[:, None], values, np.inf)


def _lie(kind: str, metric: str, size: float = 5.0) -> SensorFault:
    return SensorFault(0, metric, kind, 5_000_000, 15_000_000, size)


def test_noise_has_the_sensors_spread(exact: SensorSpecification) -> None:
    """A temperature reads within 0.2 K, a power within 5 %, both rounded to one decimal."""
    values = _measured(exact)

    assert values.std(axis=0) == pytest.approx([0.2, 5.0], rel=0.05)
    assert np.allclose(values, np.round(values, 1))


def test_noise_of_regular_reports_is_correlated(exact: SensorSpecification) -> None:
    """Neighbouring reports share their error by the correlation that the fleet file says; its spread stays."""
    rng = np.random.default_rng(1)
    rules = replace(exact, correlation=Distribution(0.5, 0.5))
    sensors = Sensors(METRICS, rules, (), (), count=3, rng=rng)

    noise = np.concatenate([sensors.correlated_noise(5_000, rng), sensors.correlated_noise(5_000, rng)], axis=1)

    assert noise.std() == pytest.approx(1.0, abs=0.05)
    for member in range(3):
        assert np.corrcoef(noise[member, :-1, 0], noise[member, 1:, 0])[0, 1] == pytest.approx(0.5, abs=0.05)


def test_noise_of_a_programmes_readings_is_correlated_too(exact: SensorSpecification) -> None:
    """Readings that follow each other share their error as regular reports do."""
    rng = np.random.default_rng(1)
    sensors = Sensors(METRICS, replace(exact, correlation=Distribution(0.5, 0.5)), (), (), count=3, rng=rng)

    noise = sensors.noise_of(np.repeat(np.arange(3), 5_000), rng)

    assert noise.std() == pytest.approx(1.0, abs=0.03)
    assert np.corrcoef(noise[:-1, 0], noise[1:, 0])[0, 1] == pytest.approx(0.5, abs=0.03)
    assert np.corrcoef(noise[:-2, 0], noise[2:, 0])[0, 1] == pytest.approx(0.25, abs=0.03)
    assert sensors.noise_of(np.zeros(0, np.int64), rng).shape == (0, 2)


def test_spikes_have_heavy_tails(exact: SensorSpecification) -> None:
    """A spike is at least as high as said, and now and then many times higher."""
    size = Distribution(6.0, 120.0, float(np.log(12.0)), 0.6, is_log=True)
    values = _measured(replace(exact, spikes=0.01, spike_size=size))
    away = np.abs(values[:, 0] - 40.0) / 0.2

    assert 0.007 < (away > 5).mean() < 0.013
    assert away.max() > 30


@pytest.mark.parametrize(
    ("kind", "metric", "during"),
    [("open", "water_c", -40.0), ("short", "water_c", 99.0), ("open", "pump_w", np.nan), ("short", "pump_w", 0.0)],
)
def test_a_broken_or_shorted_sensor_reads_its_end_of_scale(
    kind: str, metric: str, during: float, exact: SensorSpecification
) -> None:
    """A thermistor reads -40 with a broken wire and 99 with a short circuit; others then read nothing, or 0."""
    values = _measured(exact, _lie(kind, metric))[:, list(METRICS).index(metric)]

    np.testing.assert_array_equal(values[5_000:15_000], during)
    assert np.abs(values[:5_000] / values[15_000:].mean() - 1).max() < 0.3


def test_a_sensor_can_stick_drift_be_off_or_noisy(exact: SensorSpecification) -> None:
    """Each lie has its own look, and ends."""
    stuck, offset, drift, noise = (
        _measured(exact, _lie(kind, "water_c"))[:, 0] for kind in ("stuck", "offset", "drift", "noise")
    )
    within = slice(5_000, 15_000)

    assert len(np.unique(stuck[within])) == 1
    assert offset[within].mean() == pytest.approx(45.0, abs=0.05)
    assert drift[14_000:15_000].mean() - drift[5_000:6_000].mean() == pytest.approx(4.5, abs=0.1)
    assert noise[within].std() == pytest.approx(5.0, rel=0.1)
    for values in (stuck, offset, drift, noise):
        assert values[15_000:].mean() == pytest.approx(40.0, abs=0.05)


def test_a_shift_holds_from_its_moment_on(exact: SensorSpecification) -> None:
    """Firmware that reads 2 % and 1 K more does so in every reading from its moment on."""
    values = _measured(exact, shifts=(Shift(0, 8_000_000, "water_c", 1.02, 1.0, "firmware"),))[:, 0]

    assert values[:8_000].mean() == pytest.approx(40.0, abs=0.02)
    assert values[8_000:].mean() == pytest.approx(41.8, abs=0.02)


def test_an_absent_sensor_never_reads(exact: SensorSpecification) -> None:
    """An appliance without that sensor reports the other metrics only."""
    values = _measured(replace(exact, absent={"water_c": 1.0}))

    assert np.isnan(values[:, 0]).all()
    assert not np.isnan(values[:, 1]).any()


def test_readings_and_whole_samples_go_missing_as_often_as_said(exact: SensorSpecification) -> None:
    """Shares of missing samples and readings are those of the fleet file."""
    values = _measured(replace(exact, missing_samples=0.05, missing_readings=0.02))

    assert np.isinf(values[:, 0]).mean() == pytest.approx(0.05, abs=0.01)
    assert np.isnan(values).mean() == pytest.approx(0.02 * 0.95, abs=0.005)
