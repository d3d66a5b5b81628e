"""Sensors: truth → what is reported: correlated noise, spikes, lying sensors, quantisation, silence.

Measured = truth + noise, the noise an AR(1) of each appliance and metric with the metric's absolute and relative
spread; then a spike here and there, a sensor fault where one is due, rounding to what the electronics resolve, and
readings or whole samples that are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray
from simulator.physics.kind import Sensor
from simulator.specification import SensorSpecification

OPEN_C, SHORT_C = -40.0, 99.0
"""What an NTC thermistor reads with a broken wire, and with a short circuit; other sensors then read nothing, and 0."""


MEMORY_MAX = 20


@dataclass(frozen=True, slots=True)
class SensorFault:
    """One sensor that lies for a while. ``appliance`` counts within the group; ``size`` is in the metric's unit."""

    appliance: int
    metric: str
    kind: str
    start_ms: int
    end_ms: int
    size: float


@dataclass(frozen=True, slots=True)
class Shift:
    """A metric of one member that reads value · gain + offset from ``at_ms`` on, and why."""

    member: int
    at_ms: int
    metric: str
    gain: float
    offset: float
    cause: str


class Sensors:
    """The sensors of a group of appliances of one kind."""

    def __init__(
        self,
        metrics: Mapping[str, Sensor],
        specification: SensorSpecification,
        faults: Sequence[SensorFault],
        shifts: Sequence[Shift],
        *,
        count: int,
        rng: np.random.Generator,
    ) -> None:
        self.metrics, self.specification, self.faults = tuple(metrics), specification, tuple(faults)
        self.resolution = np.array([10.0**sensor.decimals for sensor in metrics.values()])
        noisy = [name for name, sensor in metrics.items() if sensor.sd or sensor.relative_sd]
        self.noisy = np.array([self.metrics.index(name) for name in noisy])
        self.sd = np.array([metrics[name].sd for name in noisy])
        self.relative_sd = np.array([metrics[name].relative_sd for name in noisy])
        self.floor = np.array([-np.inf if name.endswith("_c") else 0.0 for name in noisy])
        self.correlation = specification.correlation.draw(count, rng).astype(np.float32)[:, None]
        self.noise = rng.standard_normal((count, len(self.noisy)), dtype=np.float32)
        self.held: dict[int, float] = {}
        self.shifts = sorted(shifts, key=lambda one: one.at_ms)
        absent = np.array([specification.absent.get(name, 0.0) for name in metrics])
        self.absent = rng.random((count, len(self.metrics))) < absent
        self.has_absent = bool(self.absent.any())

    def correlated_noise(self, reports: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """AR(1) noise of unit variance for that many regular reports, (appliances, reports, noisy metrics)."""
        noise = rng.standard_normal((reports, *self.noise.shape), dtype=np.float32)
        noise *= np.sqrt(1.0 - self.correlation**2)
        state = self.noise
        for index in range(reports):
            noise[index] += self.correlation * state
            state = noise[index]
        self.noise = state.copy()
        return noise.transpose(1, 0, 2)

    def noise_of(self, appliance: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float32]:
        """Noise of unit variance of readings in order of appliance and time, (rows, noisy metrics).

        Neighbours share their error as in an AR(1), whose memory is cut where less than 2 % is left.
        """
        noise = rng.standard_normal((len(appliance), len(self.noisy)), dtype=np.float32)
        told, share = noise.copy(), self.correlation[appliance]
        weight, power = np.ones_like(share), np.ones_like(share)
        for back in range(1, min(len(appliance), MEMORY_MAX)):
            power = power * share
            if float(power.max(initial=0.0)) < 0.02:
                break
            told[back:] += power[back:] * noise[:-back]
            weight[back:] += power[back:] ** 2
        return np.asarray(told / np.sqrt(weight))

    def measure(
        self,
        values: FloatArray,
        noise: NDArray[np.float32],
        *,
        appliance: NDArray[np.int64],
        ts_ms: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> NDArray[np.bool_]:
        """Turn (rows, metrics) of truth into reports, in place; says which rows are sent at all."""
        truth = values[:, self.noisy]
        spread = self.sd + np.abs(truth) * self.relative_sd
        measured = np.maximum(truth + noise * np.where(truth == 0.0, 0.0, spread), self.floor)
        self._spike(measured, spread, rng)
        values[:, self.noisy] = measured
        self._shift(values, appliance, ts_ms)
        begin_ms, end_ms = int(ts_ms.min(initial=0)), int(ts_ms.max(initial=0))
        for index, fault in enumerate(self.faults):
            if fault.end_ms <= begin_ms or fault.start_ms > end_ms:
                continue
            self._lie((index, fault), values, appliance, ts_ms, rng)
        np.multiply(values, self.resolution, out=values)
        np.rint(values, out=values)
        np.divide(values, self.resolution, out=values)
        if self.has_absent:
            for column in np.nonzero(self.absent.any(axis=0))[0]:
                values[self.absent[appliance, column], column] = np.nan
        share = self.specification.missing_readings
        if share:
            lost = rng.integers(0, values.size, rng.poisson(share * values.size))
            values.reshape(-1)[lost] = np.nan
        sent = rng.random(len(values)) >= self.specification.missing_samples
        return np.asarray(sent & ~np.isnan(values).all(axis=1))

    def _shift(self, values: FloatArray, appliance: NDArray[np.int64], ts_ms: NDArray[np.int64]) -> None:
        latest = ts_ms.max(initial=0)
        for one in self.shifts:
            if one.at_ms > latest:
                break
            rows = np.nonzero((appliance == one.member) & (ts_ms >= one.at_ms))[0]
            column = self.metrics.index(one.metric)
            values[rows, column] = values[rows, column] * one.gain + one.offset

    def _spike(self, measured: FloatArray, spread: FloatArray, rng: np.random.Generator) -> None:
        count = rng.poisson(self.specification.spikes * measured.size)
        where = rng.integers(0, max(measured.size, 1), count)
        size = rng.choice([-1.0, 1.0], count) * self.specification.spike_size.draw(count, rng)
        if count:
            row, column = np.unravel_index(where, measured.shape)
            measured[row, column] += size * spread[row, column]

    def _lie(
        self,
        lie: tuple[int, SensorFault],
        values: FloatArray,
        appliance: NDArray[np.int64],
        ts_ms: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> None:
        index, fault = lie
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
        elif fault.kind in ("open", "short"):
            in_kelvin = fault.metric.endswith("_c")
            broken, shorted = (OPEN_C, SHORT_C) if in_kelvin else (np.nan, 0.0)
            column[rows] = broken if fault.kind == "open" else shorted
        elif fault.kind == "drift":
            column[rows] += fault.size * (ts_ms[rows] - fault.start_ms) / (fault.end_ms - fault.start_ms)
        else:
            column[rows] += fault.size * rng.standard_normal(len(rows))


def draw_sensor_faults(
    metrics: Mapping[str, Sensor],
    specification: SensorSpecification,
    *,
    count: int,
    start_ms: int,
    rng: np.random.Generator,
) -> list[SensorFault]:
    """Which sensors of a group lie, when, and in which way."""
    faults, liars = [], [name for name, sensor in metrics.items() if sensor.can_lie]
    for appliance in np.nonzero(rng.random(count) < specification.faulty_share)[0]:
        metric = liars[int(rng.integers(len(liars)))]
        begin = start_ms + int(specification.faulty_onset_days.draw(1, rng)[0] * 86_400_000)
        length = int(specification.faulty_days.draw(1, rng)[0] * 86_400_000)
        size = float(rng.choice([-1.0, 1.0]) * rng.uniform(4, 10) * max(metrics[metric].sd, 0.5))
        fault = specification.faulty_ways[int(rng.integers(len(specification.faulty_ways)))]
        faults.append(SensorFault(int(appliance), metric, fault, begin, begin + length, size))
    return faults
