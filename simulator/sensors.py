"""Sensors: truth → what is reported: correlated noise, spikes, lying sensors, quantisation, silence.

Measured = truth + noise, the noise an AR(1) of each appliance and metric with the metric's absolute and relative
spread; then a spike here and there, a sensor fault where one is due, rounding to what the electronics resolve, and
readings or whole samples that are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.specification import SensorSpecification

FloatArray = NDArray[np.float64]
SENSOR_FAULTS = ("stuck", "offset", "drift", "noise")


@dataclass(frozen=True, slots=True)
class Sensor:
    """How one metric is measured: absolute and relative standard deviation of the noise, and decimals reported."""

    sd: float
    relative_sd: float
    decimals: int


SENSORS = {
    "power_w": Sensor(0.3, 0.010, 1),
    "energy_kwh": Sensor(0, 0, 4),
    "fresh_food_c": Sensor(0.12, 0, 2),
    "freezer_c": Sensor(0.15, 0, 2),
    "evaporator_c": Sensor(0.25, 0, 1),
    "condenser_c": Sensor(0.35, 0, 1),
    "ambient_c": Sensor(0.20, 0, 1),
    "fresh_food_set_c": Sensor(0, 0, 0),
    "freezer_set_c": Sensor(0, 0, 0),
    "compressor_duty_pct": Sensor(0, 0, 1),
    "compressor_starts": Sensor(0, 0, 0),
    "evaporator_fan_rpm": Sensor(0, 0.010, 0),
    "condenser_fan_rpm": Sensor(0, 0.010, 0),
    "door_open": Sensor(0, 0, 0),
    "door_open_s": Sensor(0, 0, 0),
    "defrost_wh": Sensor(0, 0, 0),
    "water_l": Sensor(0, 0, 1),
    "level_mm": Sensor(1.2, 0.01, 0),
    "water_c": Sensor(0.25, 0, 1),
    "inlet_c": Sensor(0.25, 0, 1),
    "mains_v": Sensor(0.8, 0, 1),
    "load_kg": Sensor(0, 0.03, 1),
    "drum_rpm": Sensor(0, 0.004, 0),
    "pump_w": Sensor(0, 0.02, 1),
    "fill_s": Sensor(0, 0, 1),
    "drain_s": Sensor(0, 0, 1),
    "vibration_mm_s": Sensor(0, 0.04, 2),
    "vibration_kurtosis": Sensor(0.05, 0.02, 2),
    "coast_down_s": Sensor(0, 0.01, 1),
    "unbalance_retries": Sensor(0, 0, 0),
    "door_locked": Sensor(0, 0, 0),
}
FAULTY_METRICS = {
    "refrigerator": ("fresh_food_c", "freezer_c", "evaporator_c", "condenser_c", "ambient_c"),
    "washing_machine": ("water_c", "inlet_c", "mains_v", "vibration_mm_s"),
}


@dataclass(frozen=True, slots=True)
class SensorFault:
    """One sensor that lies for a while. ``appliance`` counts within the group; ``size`` is in the metric's unit."""

    appliance: int
    metric: str
    kind: str
    start_ms: int
    end_ms: int
    size: float


class Sensors:
    """The sensors of a group of appliances of one kind."""

    def __init__(
        self,
        metrics: Sequence[str],
        specification: SensorSpecification,
        faults: Sequence[SensorFault],
        *,
        count: int,
        rng: np.random.Generator,
    ) -> None:
        self.metrics, self.specification, self.faults, self.rng = tuple(metrics), specification, tuple(faults), rng
        self.decimals = [SENSORS[name].decimals for name in metrics]
        self.noisy = np.array([i for i, name in enumerate(metrics) if SENSORS[name].sd or SENSORS[name].relative_sd])
        self.sd = np.array([SENSORS[metrics[i]].sd for i in self.noisy])
        self.relative_sd = np.array([SENSORS[metrics[i]].relative_sd for i in self.noisy])
        self.floor = np.array([-np.inf if metrics[i].endswith("_c") else 0.0 for i in self.noisy])
        self.correlation = specification.correlation.draw(count, rng).astype(np.float32)[:, None]
        self.noise = rng.standard_normal((count, len(self.noisy)), dtype=np.float32)
        self.held: dict[int, float] = {}

    def correlated_noise(self, reports: int) -> NDArray[np.float32]:
        """AR(1) noise of unit variance for that many regular reports, (appliances, reports, noisy metrics)."""
        noise = self.rng.standard_normal((reports, *self.noise.shape), dtype=np.float32)
        noise *= np.sqrt(1.0 - self.correlation**2)
        state = self.noise
        for index in range(reports):
            noise[index] += self.correlation * state
            state = noise[index]
        self.noise = state.copy()
        return noise.transpose(1, 0, 2)

    def white_noise(self, rows: int) -> NDArray[np.float32]:
        """Independent noise of unit variance, (rows, noisy metrics)."""
        return self.rng.standard_normal((rows, len(self.noisy)), dtype=np.float32)

    def measure(
        self, values: FloatArray, noise: NDArray[np.float32], *, appliance: NDArray[np.int64], ts_ms: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Turn (rows, metrics) of truth into reports, in place; says which rows are sent at all."""
        truth = values[:, self.noisy]
        spread = self.sd + np.abs(truth) * self.relative_sd
        measured = np.maximum(truth + noise * np.where(truth == 0.0, 0.0, spread), self.floor)
        self._spike(measured, spread)
        values[:, self.noisy] = measured
        for index, fault in enumerate(self.faults):
            self._lie(index, fault, values, appliance, ts_ms)
        for column, decimals in enumerate(self.decimals):
            values[:, column] = np.round(values[:, column], decimals)
        share = self.specification.missing_readings
        if share:
            lost = self.rng.integers(0, values.size, self.rng.poisson(share * values.size))
            values.reshape(-1)[lost] = np.nan
        sent = self.rng.random(len(values)) >= self.specification.missing_samples
        return np.asarray(sent & ~np.isnan(values).all(axis=1))

    def _spike(self, measured: FloatArray, spread: FloatArray) -> None:
        count = self.rng.poisson(self.specification.spikes * measured.size)
        where = self.rng.integers(0, max(measured.size, 1), count)
        size = self.rng.choice([-1.0, 1.0], count) * self.rng.uniform(8, 30, count)
        if count:
            measured.reshape(-1)[where] += size * spread.reshape(-1)[where]

    def _lie(
        self, index: int, fault: SensorFault, values: FloatArray, appliance: NDArray[np.int64], ts_ms: NDArray[np.int64]
    ) -> None:
        rows = np.nonzero((appliance == fault.appliance) & (ts_ms >= fault.start_ms) & (ts_ms < fault.end_ms))[0]
        if not len(rows):
            return
        column = values[:, self.metrics.index(fault.metric)]
        if fault.kind == "stuck":
            known = rows[~np.isnan(column[rows])]
            if len(known):
                column[known] = self.held.setdefault(index, float(column[known[0]]))
        elif fault.kind == "offset":
            column[rows] += fault.size
        elif fault.kind == "drift":
            column[rows] += fault.size * (ts_ms[rows] - fault.start_ms) / (fault.end_ms - fault.start_ms)
        else:
            column[rows] += fault.size * self.rng.standard_normal(len(rows))


def draw_sensor_faults(
    kind: str, specification: SensorSpecification, *, count: int, start_ms: int, rng: np.random.Generator
) -> list[SensorFault]:
    """Which sensors of a group lie, and when: in the first 400 days."""
    faults = []
    for appliance in np.nonzero(rng.random(count) < specification.faulty_share)[0]:
        metric = FAULTY_METRICS[kind][int(rng.integers(len(FAULTY_METRICS[kind])))]
        begin = start_ms + int(rng.uniform(10, 75) * 86_400_000)
        length = int(specification.faulty_days.draw(1, rng)[0] * 86_400_000)
        size = float(rng.choice([-1.0, 1.0]) * rng.uniform(4, 10) * max(SENSORS[metric].sd, 0.5))
        fault = SENSOR_FAULTS[int(rng.integers(len(SENSOR_FAULTS)))]
        faults.append(SensorFault(int(appliance), metric, fault, begin, begin + length, size))
    return faults
