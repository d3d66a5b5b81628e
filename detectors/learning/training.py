"""Training: cases → a fit, and figures of cases that had no part in it.

Each figure is of cases held out: appliances are dealt into :data:`FOLDS` groups, none of them cut, and each group is judged by what
the others taught (grouped cross-validation). The same held-out judgements give the steps of calibration, for each group from those
of the others, so that no step sees a share that was learned from its own case. A finding has one vote, shared by its units. Severity, score and posterior may only raise a
share (monotone constraints), and so do the steps.

Reference: Ke and others 2017, LightGBM, whose histograms scikit-learn's HistGradientBoosting follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from threadpoolctl import threadpool_limits

from detectors.layering.fits import GENERAL, POSTERIOR, Fit, Floats, Forecast, Steps, Trees, ordered, tenth
from detectors.learning.cases import Case, Cases

CONFIRMED_MIN = 50
"""A fault mode of which fewer findings were confirmed keeps the evidence of its profile."""
REFUTED_MIN = 10
FAILED_MIN = 30
"""So many appliances must have failed, of which something stood before."""
VERDICTS_MIN = 50
FOLDS = 5
SEED = 20_261_201
RISING = ("score", "posterior", "severity", "strength")
MEAN_CASES_PER_STEP = 10.0

Labels = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Rows to learn from: inputs (n, I) by name, labels, weights, and the appliance of each."""

    names: tuple[str, ...]
    inputs: Floats
    labels: Labels
    weights: Floats
    units: Sequence[str]

    def taken(self, which: Labels) -> Data:
        """Some rows."""
        units = [unit for unit, is_taken in zip(self.units, which.tolist(), strict=True) if is_taken]
        return Data(self.names, self.inputs[which], self.labels[which], self.weights[which], units)


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Shares of rows by what other appliances taught, and what came of these."""

    shares: Floats
    data: Data


@dataclass(slots=True, eq=False)
class Trained:
    """A fit without its version, and what it was held against."""

    modes: dict[str, Forecast] = field(default_factory=dict)
    others: Steps | None = None
    failing: Forecast | None = None
    quiet_30d: float = 0.0
    fleets: tuple[str, ...] = ()
    edges: dict[str, Floats] = field(default_factory=dict)
    shares: dict[str, Floats] = field(default_factory=dict)
    held_out: dict[str, HeldOut] = field(default_factory=dict)
    """By what was learned: ``KIND/MODE``, ``others`` and ``failing``."""
    left_out: dict[str, str] = field(default_factory=dict)
    """What was not learned, and why."""

    def as_fit(self, version: str) -> Fit:
        """The fit."""
        return Fit(version, self.modes, self.others, self.failing, self.quiet_30d, self.fleets, self.edges, self.shares)


def trained(cases: Cases) -> Trained:
    """Learn what there is enough of."""
    quiet = [one.fails for one in cases.looks if one.case is None]
    made = Trained(quiet_30d=sum(quiet) / max(len(quiet), 1), fleets=tuple(sorted(cases.fleets.values())))
    raised = [one for one in cases.cases if one.is_confirmed is not None]
    _learn_modes(made, raised, cases)
    others = [one for one in raised if f"{one.kind}/{one.moment.fault_mode}" not in made.modes]
    _learn_others(made, others)
    _learn_failing(made, [one for one in cases.cases if one.fails is not None])
    at_raise = np.array([one.moment.inputs[: len(GENERAL)] for one in cases.cases if one.moment.is_new])
    for number, name in enumerate(GENERAL if len(at_raise) >= VERDICTS_MIN else ()):
        edges = np.quantile(at_raise[:, number], np.arange(1, 10) / 10)
        made.edges[name] = edges
        counts = np.bincount([tenth(edges, value) for value in at_raise[:, number].tolist()], minlength=10)
        made.shares[name] = counts / counts.sum()
    return made


def _learn_modes(made: Trained, raised: Sequence[Case], cases: Cases) -> None:
    """Trees for each fault mode of which enough findings were confirmed."""
    confirmed = Counter(f"{kind}/{mode}" for kind, mode, is_right in _findings(raised) if is_right)
    refuted = Counter(f"{kind}/{mode}" for kind, mode, is_right in _findings(raised) if not is_right)
    for name in sorted(confirmed | refuted):
        kind, mode = name.split("/", 1)
        if confirmed[name] < CONFIRMED_MIN or refuted[name] < REFUTED_MIN:
            made.left_out[name] = (
                f"{confirmed[name]} confirmed and {refuted[name]} refuted findings, of which it needs {CONFIRMED_MIN} and"
                f" {REFUTED_MIN}: it keeps its profile's evidence"
            )
            continue
        mine = [one for one in raised if one.kind == kind and one.moment.fault_mode == mode]
        data = _data(mine, cases.names[kind], _is_confirmed)
        made.modes[name], made.held_out[name] = _learned(data)


def _learn_others(made: Trained, cases: Sequence[Case]) -> None:
    """Steps for the evidence's own probability, of all other modes together."""
    count = len({one.finding for one in cases})
    if count < VERDICTS_MIN:
        made.left_out["others"] = f"{count} verdicts, of which it needs {VERDICTS_MIN}"
        return
    data = _data(cases, GENERAL, _is_confirmed)
    evidence = data.inputs[:, POSTERIOR]
    shares = np.zeros(len(evidence))
    for is_mine in _groups(data.units):
        rest = data.taken(~is_mine)
        shares[is_mine] = _steps(rest.inputs[:, POSTERIOR], rest).calibrated(evidence[is_mine])
    made.others, made.held_out["others"] = _steps(evidence, data), HeldOut(shares, data)


def _learn_failing(made: Trained, cases: Sequence[Case]) -> None:
    """Trees for a failure within thirty days, of all kinds together."""
    failed = len({one.unit for one in cases if one.fails})
    if failed < FAILED_MIN:
        made.left_out["failing"] = f"{failed} appliances that failed after a finding, of which it needs {FAILED_MIN}"
        return
    data = _data(cases, GENERAL, lambda one: bool(one.fails))
    made.failing, made.held_out["failing"] = _learned(data)


def _learned(data: Data) -> tuple[Forecast, HeldOut]:
    """Trees and steps of some rows, and what held-out rows were given."""
    plain = np.zeros(len(data.labels))
    groups = _groups(data.units)
    for is_mine in groups:
        plain[is_mine] = _plain(_trees(data.taken(~is_mine)), data.inputs[is_mine])
    shares = np.zeros(len(plain))
    for is_mine in groups:
        shares[is_mine] = _steps(plain[~is_mine], data.taken(~is_mine)).calibrated(plain[is_mine])
    return Forecast(_trees(data), _steps(plain, data)), HeldOut(shares, data)


def _trees(data: Data) -> Trees:
    """Boosted trees of some rows; where all labels are the same they say that alone."""
    share = float(np.average(data.labels, weights=data.weights))
    if data.labels.all() or not data.labels.any():
        base = np.log((share + 0.01) / (1.01 - share))
        nothing = np.zeros(0, np.int64)
        empty = np.zeros(0)
        return Trees(data.names, nothing, nothing, empty, nothing.astype(bool), nothing, nothing, nothing.astype(bool), empty, base)  # fmt: skip
    booster = HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.08, max_depth=3, min_samples_leaf=20, l2_regularization=5.0,
        monotonic_cst=[int(name in RISING) for name in data.names], early_stopping=False, random_state=SEED,
    )  # fmt: skip
    with threadpool_limits(1, "openmp"):  # threads cost more than they bring with so few rows
        booster.fit(data.inputs, data.labels, sample_weight=data.weights * len(data.labels) / data.weights.sum())
    return as_trees(booster, data.names)


def as_trees(booster: HistGradientBoostingClassifier, names: tuple[str, ...]) -> Trees:
    """The trees of scikit-learn's booster as arrays."""
    nodes = [one[0].nodes for one in booster._predictors]  # noqa: SLF001 - scikit-learn has no other way to its trees; a test holds them equal
    starts = np.cumsum([0, *map(len, nodes)])[:-1]
    whole = np.concatenate(nodes)
    offset = np.repeat(starts, [len(one) for one in nodes])
    return Trees(
        names,
        starts.astype(np.int64),
        whole["feature_idx"].astype(np.int64),
        whole["num_threshold"].astype(float),
        whole["missing_go_to_left"].astype(bool),
        whole["left"].astype(np.int64) + offset,
        whole["right"].astype(np.int64) + offset,
        whole["is_leaf"].astype(bool),
        whole["value"].astype(float),
        float(np.ravel(booster._baseline_prediction)[0]),  # noqa: SLF001 - as above
    )


def _steps(shares: Floats, data: Data) -> Steps:
    """Isotonic calibration, never quite sure: the ends keep the distance that so many votes allow."""
    line = IsotonicRegression(out_of_bounds="clip").fit(shares, data.labels.astype(float), sample_weight=data.weights)
    x, y = np.asarray(line.X_thresholds_, float), np.asarray(line.y_thresholds_, float)
    margin = 1 / (data.weights.sum() + 2)
    return Steps(x, np.clip(y, margin, 1 - margin))


def _plain(trees: Trees, inputs: Floats) -> Floats:
    """The shares before calibration."""
    shares: Floats = 1 / (1 + np.exp(-trees.raw(inputs)))
    return shares


def _groups(units: Sequence[str]) -> list[Labels]:
    """Which rows belong to each group of appliances."""
    each = sorted(set(units))
    dealt = dict(zip(each, (np.random.default_rng(SEED).permutation(len(each)) % FOLDS).tolist(), strict=True))
    of = np.array([dealt[unit] for unit in units])
    return [of == number for number in range(FOLDS) if (of == number).any()]


def _data(cases: Sequence[Case], names: tuple[str, ...], label: Callable[[Case], bool]) -> Data:
    """Rows of some cases; each finding has one vote."""
    votes = Counter(one.finding for one in cases)
    inputs = np.array([one.moment.inputs[: len(names)] for one in cases])
    return Data(
        names,
        ordered(inputs, names, names),
        np.array([label(one) for one in cases]),
        np.array([1 / votes[one.finding] for one in cases]),
        [one.unit for one in cases],
    )


def _is_confirmed(one: Case) -> bool:
    return bool(one.is_confirmed)


def _findings(cases: Sequence[Case]) -> list[tuple[str, str, bool]]:
    """Kind, mode and verdict of each finding, once."""
    each = {one.finding: (one.kind, one.moment.fault_mode, bool(one.is_confirmed)) for one in cases}
    return list(each.values())
