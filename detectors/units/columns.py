"""What is folded over a unit: the measures that a profile asks for, statistic by statistic.

Three numbers per folded value and open unit, (sum, aux, count), whose meaning depends on the statistic: for ``mean`` the sum
and the number of readings; for ``delta`` the first value, the rise since, and the number of readings; and so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.units.neighbours import MS_PER_MIN, Pairs
from detectors.units.values import Folded

RUN_READING_MS_MAX = 180_000
"""Lengths of runs are believed where readings are no further apart."""

OFF, ON, NEITHER = range(3)
PAIRED = frozenset({"rise_per_min", "fall_per_min", "drop_per_min", "jitter", "peak", "trough"})
CALM = frozenset({"calm_rise_per_h", "calm_fall_per_h"})
PER_TIME = frozenset({"rise_per_min", "fall_per_min", "drop_per_min"})
OF_MODE = frozenset({"duration_s", "share_pct", "count", "count_per_day", "stay_s"})
HIGHEST, LOWEST = frozenset({"max", "peak"}), frozenset({"min", "trough"}) | CALM
SQUARED = frozenset({"std", "spread_pct"})
WITH_AUX = SQUARED | {"delta", "per_day", "on_run_s", "off_run_s", "stay_s"} | PER_TIME
"""Statistics that need a second number beside sum and count."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The samples of one fold, sorted by (row, time), cut into segments of one unit each, with what lies before each."""

    rows: NDArray[np.intp]
    ts: NDArray[np.int64]
    values: Floats
    mode: NDArray[np.int64]
    key: NDArray[np.int64]
    previous_ts: NDArray[np.int64]
    previous_mode: NDArray[np.int64]
    starts: NDArray[np.intp]
    is_first: NDArray[np.bool_]
    """Per segment: whether it is the first of its appliance."""
    continues: NDArray[np.bool_]
    """Per segment: whether it goes on with the unit that is open already."""
    was_on: NDArray[np.uint8]
    """Per segment: whether the appliance was :data:`OFF` or :data:`ON` before it, or nothing was known of that."""
    since: NDArray[np.int64]
    """Per sample: when the appliance entered the mode that it is in, in ms."""
    pairs: Mapping[tuple[int, int], Pairs] = field(default_factory=dict)
    """By (metric, minus)."""
    calm: Mapping[str, Floats] = field(default_factory=dict)
    """By label of a measure: the rise per hour of each window that ended, at the first sample behind it."""


def fold_column(
    column: Folded, samples: Segments, level: Floats, step: Floats, out: tuple[Floats, Floats, Floats]
) -> None:
    """Reduce one column over the segments into ``out`` = (sum, aux, count).

    Every statistic is such a triple until it is finished, as two triples can be joined, and a unit may be cut by a block.
    """
    total, aux, count = out
    starts, statistic = samples.starts, column.statistic
    if statistic in OF_MODE:
        _fold_mode(column, samples, step, out)
        return
    if statistic in PAIRED or statistic in CALM:
        _fold_neighbours(column, samples, out)
        return
    value = samples.values[:, column.metric]
    if statistic in {"on_run_s", "off_run_s"}:
        _fold_runs(value, samples, level, step, is_on=statistic == "on_run_s", out=out)
        return
    if column.minus >= 0:
        value = value - samples.values[:, column.minus]
    valid = ~np.isnan(value) & _in_mode(column, samples)
    if statistic == "on_mean":
        with np.errstate(invalid="ignore"):
            valid &= (value > level) & (step * 1000 <= RUN_READING_MS_MAX)
    count[:] = np.add.reduceat(valid.astype(float), starts)
    if statistic in {"mean", "on_mean"} or statistic in SQUARED:
        total[:] = np.add.reduceat(np.where(valid, value, 0.0), starts)
        if statistic in SQUARED:
            aux[:] = np.add.reduceat(np.where(valid, value * value, 0.0), starts)
    elif statistic in HIGHEST or statistic in LOWEST:
        _fold_extreme(value, valid, starts, statistic in HIGHEST, out)
    else:
        first, last = _ends(value, valid, starts)
        total[:] = np.where(count > 0, last if statistic == "last" else first, 0.0)
        aux[:] = np.where(count > 0, last - first, 0.0)


def _in_mode(column: Folded, samples: Segments) -> NDArray[np.bool_]:
    """Which samples count for a measure's mode; without any mode, all readings are the best there is, if it is not strict."""
    if column.mode < 0:
        no_mode = samples.mode < 0
        return no_mode if column.is_strict and column.statistic.startswith(("on_", "off_")) else np.ones_like(no_mode)
    inside: NDArray[np.bool_] = samples.mode == column.mode
    if not column.is_strict:
        inside |= samples.mode < 0
    if column.after_ms:
        inside &= samples.ts - samples.since >= column.after_ms
    return inside


def _fold_mode(column: Folded, samples: Segments, step: Floats, out: tuple[Floats, Floats, Floats]) -> None:
    """Time spent in a mode, or entries into it, or both."""
    total, aux, count = out
    if column.statistic in {"count", "count_per_day", "stay_s"}:
        entries = (samples.mode == column.mode) & (samples.previous_mode != column.mode)
        begun = np.add.reduceat(entries, samples.starts)
    if column.statistic in {"count", "count_per_day"}:
        total[:] = begun
        count[:] = np.add.reduceat(samples.mode >= 0, samples.starts)
        return
    counts = np.ones(len(step), bool) if column.mode < 0 else samples.previous_mode == column.mode
    total[:] = np.add.reduceat(np.where(counts, step, 0.0), samples.starts)
    count[:] = 1 if column.mode < 0 else np.add.reduceat(samples.mode >= 0, samples.starts)
    if column.statistic == "stay_s":
        aux[:] = begun


def _fold_neighbours(column: Folded, samples: Segments, out: tuple[Floats, Floats, Floats]) -> None:
    """Statistics of neighbouring readings.

    A peak is what two in a row have reached, so that one wild reading is none. Rises count within one stay in a mode, as across a
    change of mode they would tell of the change.
    """
    total, aux, count = out
    starts, statistic = samples.starts, column.statistic
    if statistic in CALM:
        rate = samples.calm[column.label] * (-1.0 if statistic == "calm_fall_per_h" else 1.0)
        valid = ~np.isnan(rate)
        count[:] = np.add.reduceat(valid.astype(float), starts)
        _fold_extreme(rate, valid, starts, False, out)  # noqa: FBT003 - the least
        return
    of = samples.pairs[column.metric, column.minus]
    if statistic in {"peak", "trough"}:
        level = np.minimum(of.value, of.before) if statistic == "peak" else np.maximum(of.value, of.before)
        inside = of.is_pair.copy()
        inside[starts[~samples.continues]] = False
        count[:] = np.add.reduceat(inside.astype(float), starts)
        _fold_extreme(level, inside, starts, statistic == "peak", out)
        return
    valid = of.same_stay & ((samples.mode == column.mode) | (column.mode < 0))
    rise = np.where(valid, of.rise, 0.0)
    count[:] = np.add.reduceat(valid.astype(float), starts)
    if statistic == "jitter":
        total[:] = np.add.reduceat(rise * rise, starts)
        return
    moved = {"rise_per_min": rise, "fall_per_min": -rise, "drop_per_min": np.maximum(-rise, 0.0)}[statistic]
    total[:] = np.add.reduceat(moved, starts)
    aux[:] = np.add.reduceat(np.where(valid, of.gap_ms / MS_PER_MIN, 0.0), starts)


def _fold_extreme(
    value: Floats, valid: NDArray[np.bool_], starts: NDArray[np.intp], highest: bool, out: tuple[Floats, Floats, Floats]
) -> None:
    """The highest or lowest valid value of each segment; out's count is filled already."""
    pick, none = (np.maximum, -np.inf) if highest else (np.minimum, np.inf)
    out[0][:] = np.where(out[2] > 0, pick.reduceat(np.where(valid, value, none), starts), 0.0)


def _ends(value: Floats, valid: NDArray[np.bool_], starts: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """The first and the last valid value of each segment; anything where it has none."""
    place = np.arange(len(value))
    last = np.maximum.reduceat(np.where(valid, place, 0), starts)
    first = np.minimum.reduceat(np.where(valid, place, len(value) - 1), starts)
    return value[first], value[last]


def _fold_runs(
    value: Floats, samples: Segments, level: Floats, step: Floats, *, is_on: bool, out: tuple[Floats, Floats, Floats]
) -> None:
    """Time on (or off) as sum, believed time as aux, runs begun as count."""
    total, aux, count = out
    with np.errstate(invalid="ignore"):
        inside = (value > level) if is_on else (value <= level)
    before = np.r_[False, inside[:-1]]
    before[samples.starts] = (samples.was_on == (ON if is_on else OFF)) & samples.continues
    believed = (step > 0) & (step * 1000 <= RUN_READING_MS_MAX) & ~np.isnan(level)
    total[:] = np.add.reduceat(np.where(believed & before, step, 0.0), samples.starts)
    aux[:] = np.add.reduceat(np.where(believed, step, 0.0), samples.starts)
    count[:] = np.add.reduceat((inside & ~before & believed).astype(float), samples.starts)


def joined(
    statistic: str, old: tuple[Floats, Floats, Floats], new: tuple[Floats, Floats, Floats]
) -> tuple[Any, Any, Any]:
    """Two consecutive parts of one unit as one: (sum, aux, count) of N units each, all (N,)."""
    (sum_a, aux_a, n_a), (sum_b, aux_b, n_b) = old, new
    if statistic in HIGHEST or statistic in LOWEST:
        pick = np.maximum if statistic in HIGHEST else np.minimum
        return np.where(n_a == 0, sum_b, np.where(n_b == 0, sum_a, pick(sum_a, sum_b))), aux_b, n_a + n_b
    if statistic == "last":
        return np.where(n_b > 0, sum_b, sum_a), aux_b, n_a + n_b
    if statistic in {"delta", "per_day"}:
        both = (n_a > 0) & (n_b > 0)
        rise = np.where(both, sum_b + aux_b - sum_a, np.where(n_a > 0, aux_a, aux_b))
        return np.where(n_a > 0, sum_a, sum_b), rise, n_a + n_b
    return sum_a + sum_b, aux_a + aux_b, n_a + n_b


def finished(statistic: str, total: Floats, aux: Floats, count: Floats, span_s: Floats) -> Floats:
    """The finished numbers of N units (N, columns); NaN where nothing was read. ``span_s`` (N, 1) is their length.

    A variance made of sums may round to below 0, and is held there, as its root is asked for; what has no finite answer says nothing.
    """
    per_day = 86_400 / span_s
    if statistic in SQUARED:
        value = np.sqrt(np.maximum(aux / count - np.square(total / count), 0.0))
        value = 100 * value / np.abs(total / count) if statistic == "spread_pct" else value
    elif statistic in {"delta", "per_day"}:
        value = np.where((count > 1) & (aux >= 0), aux, np.nan) * (per_day if statistic == "per_day" else 1.0)
    elif statistic in {"on_run_s", "off_run_s"}:
        value = np.where(aux > span_s / 2, total / count, np.nan)
    elif statistic in PER_TIME or statistic == "stay_s":
        value = np.where(aux > 0, total / aux, np.nan)
    else:
        factor: Floats | float = 1.0
        if statistic in {"mean", "on_mean"}:
            factor = 1 / count
        elif statistic in {"share_pct", "count_per_day"}:
            factor = 100 / span_s if statistic == "share_pct" else per_day
        value = np.sqrt(total / count) if statistic == "jitter" else total * factor
    return np.where((count > 0) & np.isfinite(value), value, np.nan)
