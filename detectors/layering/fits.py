"""Fit: what ``fettle train`` has learned from verdicts, by which evidence becomes probabilities; arrays and names, nothing that runs.

A fit says two things of a finding that stands by evidence: how probable it is that a technician confirms it (:meth:`Fit.confirmed`),
and that the appliance fails within thirty days (:meth:`Fit.fails`). Each is a sum of small decision trees, turned into a share by steps
that rise (isotonic calibration). A fault mode of which too few findings were confirmed has no trees: its evidence's own
probability is calibrated by steps that all such modes share, or stays as it is. A fit raises nothing and holds nothing back.

What trees look at is a :class:`Moment`: one unit of an appliance of which a finding stands. Its inputs have names, so that a fit
outlives a profile in which features were added, moved or dropped; what is not there is missing (NaN), which trees know to go by.

Reference: Friedman 2001, Greedy Function Approximation, for boosted trees; Zadrozny and Elkan 2002 for isotonic calibration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

GENERAL = (
    "score", "posterior", "unknown", "severity", "strength", "power", "rises_per_day", "rises_sigma", "rows", "days",
    "usual_days", "days_at_this_rate", "rows_before", "hazard",
)  # fmt: skip
"""The inputs that every kind has; behind them stand the smoothed deviations of its features, as ``z FEATURE``."""
SEVERITY, POSTERIOR = GENERAL.index("severity"), GENERAL.index("posterior")
DEPTH_MAX = 32
PSI_FLOOR = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One unit of the appliance ``appliance_id`` of which a finding of ``fault_mode`` stands, and what was known of it then."""

    row: int
    appliance_id: str
    fault_mode: str
    raised_ms: int
    now_ms: int
    is_new: bool
    """Whether the finding is raised by this unit."""
    probability: float
    """What evidence alone says."""
    inputs: Floats
    """(I,): :data:`GENERAL`, then the kind's features in the order of its profile."""


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """T trees of N nodes together. A node sends on to ``left`` what is at most ``threshold``; a leaf has a ``value``."""

    inputs: tuple[str, ...]
    roots: Numbers
    feature: Numbers
    threshold: Floats
    missing_left: NDArray[np.bool_]
    left: Numbers
    right: Numbers
    is_leaf: NDArray[np.bool_]
    value: Floats
    base: float

    def raw(self, inputs: Floats) -> Floats:
        """The sums (n,) of all trees for ``inputs`` (n, I), each in its unit, as log odds."""
        at = np.broadcast_to(self.roots, (len(inputs), len(self.roots))).copy()
        for _ in range(DEPTH_MAX):
            value = np.take_along_axis(inputs, self.feature[at], axis=1)
            goes_left = np.where(np.isnan(value), self.missing_left[at], value <= self.threshold[at])
            at = np.where(self.is_leaf[at], at, np.where(goes_left, self.left[at], self.right[at]))
        total: Floats = self.base + self.value[at].sum(axis=1)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """A line through points that never falls: a share (n,) → a calibrated share (n,)."""

    x: Floats
    y: Floats

    def calibrated(self, share: Floats) -> Floats:
        """The shares (n,) after calibration."""
        return np.interp(share, self.x, self.y)


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Trees and the steps behind them."""

    trees: Trees
    steps: Steps

    def share(self, inputs: Floats) -> Floats:
        """The calibrated shares (n,) for ``inputs`` (n, I) in the order that the trees name."""
        return self.steps.calibrated(1 / (1 + np.exp(-self.trees.raw(inputs))))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What was learned: by fault mode (``KIND/MODE``) where there was enough, shared steps for the others, and when it fails."""

    version: str
    """The first digits of the hash of its file."""
    modes: Mapping[str, Forecast] = field(default_factory=dict)
    others: Steps | None = None
    failing: Forecast | None = None
    quiet_30d: float = 0.0
    """The share of appliances of which nothing stands that fail within thirty days, as they were at the training."""
    fleets: Sequence[str] = ()
    """The hashes of the fleets that it was learned from."""
    edges: Mapping[str, Floats] = field(default_factory=dict)
    """By general input: the nine limits between the tenths of the findings that it was learned from, at their raise."""
    shares: Mapping[str, Floats] = field(default_factory=dict)
    """How many of those findings, as a share, lay in each of the ten."""

    def confirmed(self, kind: str, names: Sequence[str], moment: Moment) -> float:
        """The probability that a technician confirms a finding; ``names`` are those of the moment's inputs."""
        own = self.modes.get(f"{kind}/{moment.fault_mode}")
        if own is not None:
            return float(own.share(ordered(moment.inputs[None], names, own.trees.inputs))[0])
        if self.others is not None:
            return float(self.others.calibrated(np.array([moment.probability]))[0])
        return moment.probability

    def fails(self, names: Sequence[str], moment: Moment) -> float | None:
        """The probability that the appliance fails within thirty days; None where the fit says nothing of it."""
        if self.failing is None:
            return None
        return float(self.failing.share(ordered(moment.inputs[None], names, self.failing.trees.inputs))[0])


@dataclass(frozen=True, slots=True)
class Fits:
    """The fit that is released, and the candidate that only watches."""

    released: Fit | None = None
    candidate: Fit | None = None


def ordered(inputs: Floats, names: Sequence[str], wanted: Sequence[str]) -> Floats:
    """Inputs (n, I), each in its unit, of these names in the order of the ``wanted``, NaN for those that aren't there.

    >>> ordered(np.array([[1.0, 2.0]]), ["a", "b"], ["b", "c"]).tolist()
    [[2.0, nan]]
    """
    place = {name: number for number, name in enumerate(names)}
    padded = np.concatenate([inputs, np.full((len(inputs), 1), np.nan)], axis=1)
    return padded[:, [place.get(name, -1) for name in wanted]]


def tenth(edges: Floats, value: float) -> int:
    """In which of the N + 1 parts between ``edges`` (N,), in its unit, a value lies.

    >>> tenth(np.arange(1.0, 10.0), 2.5)
    2
    """
    return int(np.searchsorted(edges, value, side="right"))


def shift(learned: Floats, seen: Floats) -> float:
    """How far counts ``seen`` (N,) are from the shares ``learned`` (N,): the population stability index; 0 alike, from .25 on another.

    >>> round(shift(np.full(10, 0.1), np.full(10, 20.0)), 3), shift(np.full(10, 0.1), np.eye(10)[0] * 200) > 1
    (0.0, True)
    """
    count = seen.sum()
    now = (seen + PSI_FLOOR) / (count + PSI_FLOOR * len(seen))
    then = (learned * count + PSI_FLOOR) / (count + PSI_FLOOR * len(seen))
    return float(((now - then) * np.log(now / then)).sum())
