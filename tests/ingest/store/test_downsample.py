"""What a chart gets: a series as stored, or extremes in buckets that stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.store import Series
from ingest.store.downsample import bucket_edges, downsample
from tests.examples import tries

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR = 3_600_000
T0 = 1_790_000_000_000 // HOUR * HOUR
NULL = None

values_of = st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6, allow_nan=False))


@st.composite
def long_series(draw: st.DrawFn) -> tuple[Series, int, int]:
    """A series with its range."""
    span = draw(st.integers(10, 10**9))
    start = draw(st.integers(0, T0))
    count = draw(st.integers(3, 80))
    ts_ms = sorted(draw(st.lists(st.integers(start, start + span - 1), min_size=count, max_size=count)))
    columns = {
        name: np.array(draw(st.lists(values_of, min_size=count, max_size=count)), np.float64) for name in ("a", "b")
    }
    return Series(np.array(ts_ms, np.int64), columns), start, start + span


def plain(series: Series) -> tuple[list[int], dict[str, list[float | None]]]:
    """A series as lists, None for no reading."""
    columns = {name: [NULL if np.isnan(v) else v for v in column.tolist()] for name, column in series.values.items()}
    return series.ts_ms.tolist(), columns


def make(ts_ms: list[int], **columns: Sequence[float | None]) -> Series:
    """A series from lists, None for no reading."""
    return Series(
        np.array(ts_ms, np.int64),
        {name: np.array([np.nan if v is None else v for v in column], np.float64) for name, column in columns.items()},
    )


def test_few_rows_stay_as_stored() -> None:
    """Up to ``points`` rows come back as they are, with null where a metric has no reading."""
    series = make([T0, T0 + 60_000], a=[1.0, None], b=[None, 2.0])

    assert plain(downsample(series, start_ms=T0, end_ms=T0 + HOUR, points=2, usual_interval_ms=60_000)) == plain(series)


def test_silence_is_a_null_row() -> None:
    """More than three usual intervals without a row are marked by one null row; exactly three are not."""
    series = make([0, 60, 240, 421], a=[1.0, 2.0, 3.0, 4.0])

    marked = downsample(series, start_ms=0, end_ms=500, points=10, usual_interval_ms=60)

    assert plain(marked) == ([0, 60, 240, 300, 421], {"a": [1.0, 2.0, 3.0, NULL, 4.0]})


def test_usual_interval_is_estimated_where_nobody_knows_it() -> None:
    """Without a usual interval, the median distance of the rows is taken for it."""
    series = make([0, 10, 20, 30, 100], a=[1.0] * 5)

    assert downsample(series, start_ms=0, end_ms=200, points=9).ts_ms.tolist() == [0, 10, 20, 30, 40, 100]


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_and_one_row(count: int) -> None:
    """No row and one row come back as they are."""
    series = make([T0][:count], a=[5.0][:count])

    assert plain(downsample(series, start_ms=T0, end_ms=T0 + 1, points=2)) == plain(series)


def test_fewer_than_two_points_make_no_chart() -> None:
    """Less than one bucket can't hold a minimum and a maximum."""
    with pytest.raises(ValueError, match="at least 2"):
        downsample(make([T0], a=[1.0]), start_ms=T0, end_ms=T0 + 1, points=1)


def test_buckets_hold_extremes_in_order_of_occurrence() -> None:
    """Each aligned bucket gives two rows, start and middle, the extreme first that occurred first; empty ones are null."""
    ts_ms = [
        T0 + 1,
        T0 + 2,
        T0 + 3,
        T0 + HOUR,
        T0 + HOUR + 5,
        T0 + 3 * HOUR,
        T0 + 3 * HOUR,
        T0 + 3 * HOUR + 1,
        T0 + 3 * HOUR + 2,
    ]
    a = [5.0, 1.0, 9.0, 7.0, 2.0, None, 4.0, None, None]
    b = [None, None, None, 3.0, 3.0, 1.0, None, None, None]

    chart = downsample(make(ts_ms, a=a, b=b), start_ms=T0, end_ms=T0 + 4 * HOUR, points=8)

    assert plain(chart) == (
        [T0 + half * HOUR // 2 for half in range(8)],
        {"a": [1.0, 9.0, 7.0, 2.0, NULL, NULL, 4.0, 4.0], "b": [NULL, NULL, 3.0, 3.0, NULL, NULL, 1.0, 1.0]},
    )


@given(long_series(), st.integers(2, 60))
@settings(max_examples=tries(50))
def test_every_extreme_survives_in_at_most_points_rows(case: tuple[Series, int, int], points: int) -> None:
    """Whatever the series: at most ``points`` rows with values, in time order, and each metric keeps its extremes."""
    series, start, end = case

    chart = downsample(series, start_ms=start, end_ms=end, points=points)

    assert (np.diff(chart.ts_ms) >= 0).all()
    if len(series.ts_ms) > points:
        assert len(chart.ts_ms) <= points
        assert (np.diff(chart.ts_ms) > 0).all()
    for name, column in series.values.items():
        kept, all_of = chart.values[name], column[~np.isnan(column)]
        assert set(kept[~np.isnan(kept)].tolist()) <= set(all_of.tolist())
        if len(all_of):
            assert np.nanmin(kept) == all_of.min()
            assert np.nanmax(kept) == all_of.max()
        else:
            assert np.isnan(kept).all()


@given(st.integers(0, T0), st.integers(1, 10**11), st.integers(1, 1000))
@settings(max_examples=tries(50))
def test_buckets_cover_the_range_and_are_aligned(start: int, span: int, buckets: int) -> None:
    """Buckets are equal, begin at multiples of their width, cover the range, and are no more than allowed."""
    edges = bucket_edges(start, start + span, buckets=buckets)
    width = int(edges[1] - edges[0])

    assert len(edges) - 1 <= buckets
    assert (np.diff(edges) == width).all()
    assert (edges % width == 0).all()
    assert edges[0] <= start < edges[1]
    assert edges[-2] < start + span <= edges[-1]


@given(st.integers(0, 10**9), st.integers(3, 500))
@settings(max_examples=tries(50))
def test_edges_stay_when_the_chart_moves_on(shift: int, buckets: int) -> None:
    """A chart of the same length later on uses the same multiples of the same width, unless it begins exactly on an edge."""
    first = bucket_edges(T0 + 1, T0 + 1 + 24 * HOUR, buckets=buckets)
    later = bucket_edges(T0 + 1 + shift, T0 + 1 + shift + 24 * HOUR, buckets=buckets)
    widths = {-(-24 * HOUR // buckets), -(-24 * HOUR // (buckets - 1))}

    assert {int(first[1] - first[0]), int(later[1] - later[0])} <= widths
