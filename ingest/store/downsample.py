"""Fewer rows for a chart: a series as stored, or the minimum and maximum of each of its buckets.

Decisions, where the contract leaves room:

- *Up to* ``points`` *rows* counts rows as stored; the null rows that mark silence come on top. A null row stands one usual
  interval behind the row before the silence, so always between its neighbours. The usual interval is the appliance's, or
  where nobody knows it the median of the distances in the series.
- *Buckets aligned to the epoch*: every edge is a multiple of the width, so a chart that moves on keeps its edges. The width
  is the range over ⌊points/2⌋, rounded up to a ms; where the range begins inside a bucket, that would take one bucket
  too many, and the range over ⌊points/2⌋ - 1 is taken instead. So there are never more than ``points`` rows.
- Every bucket that the range touches gives its two rows, at its start and in its middle, with nulls where it has no
  reading: silence stays visible. One reading stands in both rows. Of equal values the first counts as the extreme.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingest.store import Series

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINTS_MIN = 2
SILENT_INTERVALS = 3


def downsample(
    series: Series, *, start_ms: int, end_ms: int, points: int, usual_interval_ms: int | None = None
) -> Series:
    """A series of [start, end) for a chart of at most ``points`` rows; ``points`` is at least 2."""
    if points < POINTS_MIN:
        raise ValueError(f"points must be at least {POINTS_MIN}")
    if len(series.ts_ms) <= points:
        return mark_silence(series, usual_interval_ms)
    return _extremes(series, bucket_edges(start_ms, end_ms, buckets=points // 2))


def mark_silence(series: Series, usual_interval_ms: int | None = None) -> Series:
    """The series as stored, with a null row wherever it is silent for more than three usual intervals."""
    distances = np.diff(series.ts_ms)
    if not len(distances):
        return series
    usual_ms = max(1, usual_interval_ms if usual_interval_ms is not None else int(np.median(distances)))
    before = np.flatnonzero(distances > SILENT_INTERVALS * usual_ms)
    if not len(before):
        return series
    return Series(
        np.insert(series.ts_ms, before + 1, series.ts_ms[before] + usual_ms),
        {name: np.insert(values, before + 1, np.nan) for name, values in series.values.items()},
    )


def bucket_edges(start_ms: int, end_ms: int, *, buckets: int) -> NDArray[np.int64]:
    """The edges of at most ``buckets`` equal buckets, multiples of their width, that cover [start, end)."""
    span_ms = max(1, end_ms - start_ms)
    width = max(2, -(-span_ms // buckets))
    if _covering(start_ms, end_ms, width) > buckets > 1:
        width = max(2, -(-span_ms // (buckets - 1)))
    while _covering(start_ms, end_ms, width) > buckets and start_ms >= 0:
        width *= 2
    first = start_ms // width
    return np.arange(first, first + _covering(start_ms, end_ms, width) + 1, dtype=np.int64) * width


def _covering(start_ms: int, end_ms: int, width: int) -> int:
    """How many aligned buckets of a width a range touches."""
    return max(1, -(-end_ms // width) - start_ms // width)


def _extremes(series: Series, edges: NDArray[np.int64]) -> Series:
    """Two rows for each bucket: each metric's minimum and maximum in the order in which they occurred."""
    bucket = np.searchsorted(edges, series.ts_ms, side="right") - 1
    starts = np.flatnonzero(np.diff(bucket, prepend=-1))
    filled = bucket[starts]
    ts_ms = np.repeat(edges[:-1], 2)
    ts_ms[1::2] += (edges[1] - edges[0]) // 2
    columns = {}
    for name, values in series.values.items():
        column = np.full(len(ts_ms), np.nan)
        low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
        low_at = _first_where(values == np.repeat(low, np.diff(starts, append=len(values))), starts)
        high_at = _first_where(values == np.repeat(high, np.diff(starts, append=len(values))), starts)
        is_low_first = low_at <= high_at
        column[2 * filled] = np.where(is_low_first, low, high)
        column[2 * filled + 1] = np.where(is_low_first, high, low)
        columns[name] = column
    return Series(ts_ms, columns)


def _first_where(is_it: NDArray[np.bool_], starts: NDArray[np.intp]) -> NDArray[np.int64]:
    """The number of the first row in each bucket for which it is so; the series' length where it never is."""
    return np.minimum.reduceat(np.where(is_it, np.arange(len(is_it), dtype=np.int64), len(is_it)), starts)
