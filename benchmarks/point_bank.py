"""Readings per CPU-second through the point bank, at 100,000 appliances with ten metrics; baseline: EWMA in pure Python."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.figure import Figure
from detectors.layers import point_bank

FIGURES = ("point_bank_points_per_cpu_s",)

_APPLIANCES = 100_000
_METRICS = 10
_BLOCK = 5_000
_BLOCKS = 40
_REPEATS = 5
_BASELINE_READINGS = 100_000


def measure() -> Iterator[Figure]:
    """Random blocks over the whole fleet, score and learn; the median of several repeats."""
    rng = np.random.default_rng(20)
    bank = np.zeros((_APPLIANCES, len(point_bank.FIELDS), _METRICS), np.float32)
    seen = np.zeros(_APPLIANCES, np.uint32)
    values = rng.normal(50, 5, (_BLOCK, _METRICS)).astype(np.float32)
    blocks = [rng.choice(_APPLIANCES, _BLOCK, replace=False) for _ in range(_BLOCKS)]
    rates = []
    for _ in range(_REPEATS):
        started = time.process_time()
        for rows in blocks:
            point_bank.update(bank, seen, rows, values)
        rates.append(_BLOCKS * _BLOCK * _METRICS / (time.process_time() - started))
    rate = statistics.median(rates)
    yield Figure(
        name="point_bank_points_per_cpu_s",
        value=rate,
        unit="readings per CPU-second",
        n=_REPEATS * _BLOCKS * _BLOCK * _METRICS,
        ratio_to="EWMA mean and variance in pure Python",
        ratio=rate / _pure_python_rate(),
    )


def _pure_python_rate() -> float:
    """The same idea without arrays: one reading after another."""
    mean, variance = 50.0, 25.0
    started = time.process_time()
    for number in range(_BASELINE_READINGS):
        z = (45.0 + number % 10 - mean) / variance**0.5
        z = max(-4.0, min(4.0, z))
        mean += 0.002 * z * variance**0.5
        variance += 0.002 * (z * z * variance - variance)
    return _BASELINE_READINGS / (time.process_time() - started)
