"""L2, the point bank: what is usual for each metric of each appliance, learned and judged reading by reading.

Idea: for each (appliance, metric) a robust running mean and variance, a two-sided CUSUM and a short mean of the
standardised residual, all in one contiguous record, so that a block of readings costs one gather, some twenty array
operations and one scatter.

Formula, with x the reading, μ and v the running mean and variance, a the gain::

    z = clip((x - μ) / √v, ±4)      μ += a z √v       v += a (z² v - v)
    c⁺ = max(0, c⁺ + z - k)         c⁻ = max(0, c⁻ - z - k)      s += b (z - s)

The score of a reading is |z| against the mean and variance from before it: score first, then learn.

>>> import numpy as np
>>> bank = np.zeros((1, 6, 1), np.float32); seen = np.zeros(1, np.uint32)
>>> for x in [5.0, 5.1, 4.9, 5.0, 5.1, 4.9, 5.0] * 20 + [9.0]:
...     z, sigma = update(bank, seen, np.array([0]), np.array([[x]], np.float32))
>>> bool(z[0, 0] > 8)
True

Reference: detection.md section 5 (measured layouts); Page 1954 for the CUSUM.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIELDS = ("mean", "variance", "cusum_up", "cusum_down", "short", "last")
MEAN, VARIANCE, CUSUM_UP, CUSUM_DOWN, SHORT, LAST = range(len(FIELDS))
MEMORY_READINGS = 500
"""The running mean forgets over this many readings."""
SHORT_READINGS = 12
CUSUM_SLACK = 0.75
CUSUM_CAP = 50.0
CLIP_SIGMA = 4.0
ROWS_AT_ONCE = 2048
"""Rows per pass, so that the working set stays in the processor's cache."""

Floats = NDArray[np.float32]


def update(bank: Floats, seen: NDArray[np.uint32], rows: NDArray[np.intp], values: Floats) -> tuple[Floats, Floats]:
    """Score one reading per metric of each of ``rows``, then learn it; returns z and the σ it was scored with, (B, M) each.

    ``bank`` is (N, 6, M), ``seen`` counts the samples of each appliance, ``rows`` are distinct. z is not clipped, and
    NaN where nothing was read.
    """
    if len(rows) <= ROWS_AT_ONCE:
        return _update(bank, seen, rows, values)
    scores, sigmas = np.empty_like(values), np.empty_like(values)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        scores[part], sigmas[part] = _update(bank, seen, rows[part], values[part])
    return scores, sigmas


def _update(bank: Floats, seen: NDArray[np.uint32], rows: NDArray[np.intp], values: Floats) -> tuple[Floats, Floats]:
    """One pass: gather, compute on contiguous (B, M) arrays, scatter."""
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
    """Move mean, variance, CUSUMs and short mean of ``record`` by the clipped residual ``z`` (0 where absent)."""
    step = z * gain
    record[:, MEAN] = mean + step * sigma
    growth = step * z
    growth -= gain
    growth[absent] = 0
    growth += np.float32(1)
    record[:, VARIANCE] = variance * growth
    slack = np.where(absent, np.float32(0), np.float32(CUSUM_SLACK))
    up = record[:, CUSUM_UP] + z
    up -= slack
    np.clip(up, 0, CUSUM_CAP, out=up)
    record[:, CUSUM_UP] = up
    down = record[:, CUSUM_DOWN] - z
    down -= slack
    np.clip(down, 0, CUSUM_CAP, out=down)
    record[:, CUSUM_DOWN] = down
    short = record[:, SHORT]
    record[:, SHORT] = short + (z - short) * np.where(absent, np.float32(0), np.float32(1 / SHORT_READINGS))


def passes(groups: NDArray[np.int64] | NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Split positions of sorted ``groups`` into passes in which each group stands at most once, in order.

    >>> [p.tolist() for p in passes(np.array([3, 3, 5, 9, 9, 9]))]
    [[0, 2, 3], [1, 4], [5]]
    """
    if not len(groups):
        return []
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    lengths = np.diff(np.r_[starts, len(groups)])
    longest = int(lengths.max())
    if longest == 1:
        return [np.arange(len(groups))]
    by_length = starts[np.argsort(-lengths, kind="stable")]
    still = np.searchsorted(np.sort(-lengths), -np.arange(longest), side="left")
    return [np.sort(by_length[:count]) + step for step, count in enumerate(still)]
