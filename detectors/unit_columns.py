"""What is folded over a unit: the features of a profile and the context that explains them, statistic by statistic.

Three numbers per folded value and open unit, (sum, aux, count), whose meaning depends on the statistic: for ``mean`` the sum
and the number of readings; for ``delta`` the first value, the rise since, and the number of readings; and so on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.state.columns import Axis
from ingest.profiles.definition import Feature, MetricKind, Profile

RUN_READING_MS_MAX = 180_000
"""Lengths of runs are believed where readings are no further apart."""

OFF, ON, NEITHER = range(3)
WITH_AUX = frozenset({"std", "delta", "per_day", "on_run_s", "off_run_s"})
"""Statistics that need a second number beside sum and count."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Folded:
    """What is folded for one feature or one context variable; metrics and modes by number, -1 for none."""

    statistic: str
    metric: int
    minus: int
    mode: int
    is_log: bool
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """All that is folded for one kind: features, contexts, and which two contexts each feature has, (F, 2), -1 for none."""

    features: tuple[Folded, ...]
    contexts: tuple[Folded, ...]
    context_of: NDArray[np.intp]

    @classmethod
    def of(cls, profile: Profile) -> Values:
        """What a profile asks for."""
        metrics, modes = list(profile.metrics), list(profile.modes)
        contexts: dict[str, Folded] = {}
        context_of = np.full((len(profile.features), 2), -1, np.intp)
        features = []
        for number, feature in enumerate(profile.features):
            metric, minus = (-1 if name is None else metrics.index(name) for name in (feature.metric, feature.minus))
            mode = -1 if feature.mode is None else modes.index(feature.mode)
            is_log = feature.scale == "log"
            features.append(Folded(feature.statistic, metric, minus, mode, is_log, feature_label(feature)))
            for place, name in enumerate(feature.context[:2]):
                is_total = profile.metrics[name].kind in (MetricKind.TOTAL, MetricKind.TOTAL_INCREASING)
                in_mode = None if is_total else feature.mode
                statistic = "per_day" if is_total else "mean"
                label = f"{statistic} {name} in {in_mode or 'all'}"
                made = Folded(statistic, metrics.index(name), -1, -1 if is_total else mode, is_log=False, label=label)
                contexts.setdefault(label, made)
                context_of[number, place] = list(contexts).index(label)
        return cls(tuple(features), tuple(contexts.values()), context_of)

    @property
    def all(self) -> tuple[Folded, ...]:
        """Features, then contexts."""
        return self.features + self.contexts

    def axis(self) -> Axis:
        """The axis of everything folded."""
        return Axis("value", tuple(one.label for one in self.all))

    def feature_axis(self, contexts: int = 0) -> Axis:
        """The axis of the features that have at least so many contexts."""
        has = (self.context_of >= 0).sum(axis=1) >= contexts
        return Axis(
            "feature", tuple(one.label for one, is_in in zip(self.features, has.tolist(), strict=True) if is_in)
        )


def feature_label(feature: Feature) -> str:
    """A feature's name with its definition: what is defined anew is another quantity, and learned anew."""
    of = " - ".join(filter(None, (feature.metric, feature.minus)))
    given = ", ".join(feature.context[:2])
    return f"{feature.name} = {feature.scale} {feature.statistic} {of} in {feature.mode or 'all'} given {given}"


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


def fold_column(
    column: Folded, samples: Segments, level: Floats, step: Floats, out: tuple[Floats, Floats, Floats]
) -> None:
    """Reduce one column over the segments into ``out`` = (sum, aux, count)."""
    total, aux, count = out
    starts, statistic = samples.starts, column.statistic
    if statistic == "duration_s":
        counts = np.ones(len(step), bool) if column.mode < 0 else samples.previous_mode == column.mode
        total[:] = np.add.reduceat(np.where(counts, step, 0.0), starts)
        count[:] = 1
        return
    if statistic == "count":
        total[:] = np.add.reduceat((samples.mode == column.mode) & (samples.previous_mode != column.mode), starts)
        count[:] = 1
        return
    value = samples.values[:, column.metric]
    if statistic in {"on_run_s", "off_run_s"}:
        _fold_runs(value, samples, level, step, is_on=statistic == "on_run_s", out=out)
        return
    if column.minus >= 0:
        value = value - samples.values[:, column.minus]
    valid = ~np.isnan(value)
    if column.mode >= 0:
        valid &= (samples.mode == column.mode) | (
            samples.mode < 0
        )  # without any mode, all readings are the best there is
    if statistic == "on_mean":
        with np.errstate(invalid="ignore"):
            valid &= (value > level) & (step * 1000 <= RUN_READING_MS_MAX)
    count[:] = np.add.reduceat(valid.astype(float), starts)
    if statistic in {"mean", "on_mean", "std"}:
        total[:] = np.add.reduceat(np.where(valid, value, 0.0), starts)
        if statistic == "std":
            aux[:] = np.add.reduceat(np.where(valid, value * value, 0.0), starts)
    elif statistic in {"max", "min"}:
        pick, none = (np.maximum, -np.inf) if statistic == "max" else (np.minimum, np.inf)
        total[:] = np.where(count > 0, pick.reduceat(np.where(valid, value, none), starts), 0.0)
    else:
        first, last = _ends(value, valid, starts)
        total[:] = np.where(count > 0, last if statistic == "last" else first, 0.0)
        aux[:] = np.where(count > 0, last - first, 0.0)


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
    """Two consecutive parts of one unit as one."""
    (sum_a, aux_a, n_a), (sum_b, aux_b, n_b) = old, new
    if statistic in {"max", "min"}:
        pick = np.maximum if statistic == "max" else np.minimum
        return np.where(n_a == 0, sum_b, np.where(n_b == 0, sum_a, pick(sum_a, sum_b))), aux_b, n_a + n_b
    if statistic == "last":
        return np.where(n_b > 0, sum_b, sum_a), aux_b, n_a + n_b
    if statistic in {"delta", "per_day"}:
        both = (n_a > 0) & (n_b > 0)
        rise = np.where(both, sum_b + aux_b - sum_a, np.where(n_a > 0, aux_a, aux_b))
        return np.where(n_a > 0, sum_a, sum_b), rise, n_a + n_b
    if statistic in {"duration_s", "count"}:
        return sum_a + sum_b, aux_a + aux_b, n_b
    return sum_a + sum_b, aux_a + aux_b, n_a + n_b


def finished(statistic: str, total: Floats, aux: Floats, count: Floats, span_s: Floats) -> Floats:
    """The finished number of one column; NaN where nothing was read."""
    if statistic in {"mean", "on_mean"}:
        value = total / count
    elif statistic == "std":
        value = np.sqrt(np.maximum(aux / count - np.square(total / count), 0.0))
    elif statistic in {"delta", "per_day"}:
        value = np.where((count > 1) & (aux >= 0), aux, np.nan)
        if statistic == "per_day":
            value = value * 86_400 / span_s
    elif statistic in {"on_run_s", "off_run_s"}:
        value = np.where(aux > span_s / 2, total / count, np.nan)
    else:
        value = total
    return np.where((count > 0) & np.isfinite(value), value, np.nan)
