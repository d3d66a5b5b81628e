"""L2, the point bank: what is usual for each metric of each appliance, learned and judged reading by reading.

Idea: for each (appliance, metric) a robust running mean and variance, and the last reading, in one contiguous record, so
that a block of readings costs one gather, a dozen array operations and one scatter.

Formula, with x the reading, μ and v the running mean and variance, a the gain::

    z = clip((x - μ) / √v, ±4)      μ += a z √v       v += a (z² v - v)

The score of a reading is |z| against the mean and variance from before it: score first, then learn.

>>> import numpy as np
>>> bank = np.zeros((1, 3, 1), np.float32); seen = np.zeros(1, np.uint32)
>>> for x in [5.0, 5.1, 4.9, 5.0, 5.1, 4.9, 5.0] * 20 + [9.0]:
...     z, sigma = update(bank, seen, np.array([0]), np.array([[x]], np.float32))
>>> bool(z[0, 0] > 8)
True

Reference: Huber 1981, Robust Statistics, for clipping the residual that moves the mean.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.layering.grouping import passes
from detectors.layering.layer import Layer
from detectors.layering.piece import Whole
from detectors.state.columns import Axis, Column

FIELDS = ("mean", "variance", "last")
MEAN, VARIANCE, LAST = range(len(FIELDS))
MEMORY_READINGS = 500
"""The running mean forgets over this many readings."""
CLIP_SIGMA = 4.0
ROWS_AT_ONCE = 2048
"""Rows per pass, so that the working set stays in the processor's cache."""

Floats = NDArray[np.float32]


class PointBank(Layer):
    """Scores every reading of a measured metric; hygiene looks at the scores."""

    name: ClassVar[str] = "point_bank"

    def columns(self) -> tuple[Column, ...]:
        """A record per metric, and how many samples there were."""
        return Column("bank", "f4", (Axis("field", FIELDS), self.setting.measured_axis)), Column("seen", "u4")

    def prepare(self, whole: Whole) -> None:
        """Score, then learn."""
        measured, rows = self.setting.measured, whole.samples.rows
        first = rows[whole.samples.starts]
        bank, seen = self.own["bank"], self.own["seen"]
        last, seen_before = bank[first, LAST], seen[first].astype(np.int64)
        z, sigma = (np.empty((len(rows), len(measured)), np.float32) for _ in range(2))
        readings = np.ascontiguousarray(whole.readings[:, measured])
        for place in passes(rows):
            z[place], sigma[place] = update(bank, seen, rows[place], readings[place])
        whole.scored = z, sigma, last, seen_before


def update(bank: Floats, seen: NDArray[np.uint32], rows: NDArray[np.intp], values: Floats) -> tuple[Floats, Floats]:
    """Score one reading per metric of each of ``rows``, then learn it; returns z and the σ it was scored with, (B, M) each.

    ``bank`` is (N, 3, M), each metric in its unit (the variance in its square); ``seen`` (N,) counts the samples of each
    appliance, ``rows`` are distinct. z is not clipped, and NaN where nothing was read.
    """
    if len(rows) <= ROWS_AT_ONCE:
        return _update(bank, seen, rows, values)
    scores, sigmas = np.empty_like(values), np.empty_like(values)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        scores[part], sigmas[part] = _update(bank, seen, rows[part], values[part])
    return scores, sigmas


def _update(bank: Floats, seen: NDArray[np.uint32], rows: NDArray[np.intp], values: Floats) -> tuple[Floats, Floats]:
    """One pass: gather, compute on contiguous (B, M) arrays, scatter.

    A metric that was never read begins at its first reading, with a variance far too small, and is soon put right: the
    residual is clipped, so a false start costs some readings, and a wild reading moves the mean no further than a large one.
    """
    record = bank[rows]
    count = seen[rows]
    gain = np.maximum(np.float32(1 / MEMORY_READINGS), 1 / (count + np.float32(1)), dtype=np.float32)[:, None]
    variance = np.ascontiguousarray(record[:, VARIANCE])
    mean = np.ascontiguousarray(record[:, MEAN])
    fresh = variance == 0  # this metric was never read
    if fresh.any():
        start = np.where(np.isnan(values), np.float32(0), values)
        mean = np.where(fresh, start, mean)
        variance = np.where(fresh, np.square(start * np.float32(0.01)) + np.float32(1e-6), variance)
        variance[fresh & np.isnan(values)] = 0
    sigma = np.sqrt(variance)
    sigma += np.float32(1e-9)
    score = values - mean
    score /= sigma
    absent = np.isnan(score)
    z = np.minimum(score, np.float32(CLIP_SIGMA))
    np.maximum(z, np.float32(-CLIP_SIGMA), out=z)
    z[absent] = 0
    _learn(record, mean, variance, sigma, z, gain, absent)
    np.copyto(record[:, LAST], values, where=~absent)
    bank[rows] = record
    seen[rows] = count + np.uint32(1)
    return score, sigma


def _learn(
    record: Floats, mean: Floats, variance: Floats, sigma: Floats, z: Floats, gain: Floats, absent: NDArray[np.bool_]
) -> None:
    """Move mean and variance of ``record`` by the clipped residual ``z`` (0 where absent)."""
    step = z * gain
    record[:, MEAN] = mean + step * sigma
    growth = step * z
    growth -= gain
    growth[absent] = 0
    growth += np.float32(1)
    record[:, VARIANCE] = variance * growth
