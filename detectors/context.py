"""L4, context: a feature's value → how far it is from what this appliance should show in this context.

Idea: y = μᵢ + bᵢ (x - x̄ᵢ) + e for appliance i, with x the context (kitchen temperature, load, ...). The slope bᵢ is the
appliance's own, shrunk to the slope pooled over the fleet; the variance of e likewise. Formula::

    bᵢ = (Sxyᵢ + κ vₓ B) / (Sxxᵢ + κ vₓ)          vᵢ = (n₀ V + nᵢ Vᵢ) / (n₀ + nᵢ)
    z  = (y - μᵢ - bᵢ (x₁ - x̄₁ᵢ) - B₂ (x₂ - x̄₂ᵢ)) / √(vᵢ (1 + 1/nᵢ))

The reference is learned from the first rows at once, later only from rows that are :data:`LAG` old, so that a growing
fault doesn't become the norm; updates are clipped, and slowed but never stopped while the appliance is suspicious (a
frozen wrong reference would hold an alarm for ever). Everything is learned from the appliance and from the fleet seen
so far; nothing is known beforehand but each feature's least believable standard deviation. What rows teach the fleet
waits in a sum until :meth:`Context.take_over` (portions.py says when), so all rows in between are judged by one fleet.

Reference: detection.md sections 3.5 and 4 (L4).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.profiles.definition import Profile, Unit

LEARN_ROWS = {Unit.DAY: 14, Unit.CYCLE: 10, Unit.NONE: 0}
LAG = 7
MEMORY_ROWS = 90.0
FLEET_MEMORY_ROWS = 20_000.0
SLOPE_PRIOR_ROWS = 30.0
CONTEXT_REACH_SIGMA = 4.0
"""No slope is believed further from the usual context than this; a wild context would make a wild expectation."""
VARIANCE_PRIOR_ROWS = 15.0
FLOOR_PRIOR_ROWS = 5.0
RING_MAX = 60_000.0
"""Half-precision numbers end soon after; no feature or context of a day or cycle should come near."""
CLIP_SIGMA = 4.0
LEARNING_CLIP_SIGMA = 10.0
SUSPICIOUS_WEIGHT_MIN = 0.05
FLEET_CLIP_SIGMA = 2.5
FLEET_CLIP_SHRINKS = 0.93
"""What is left of the variance of Gaussian noise after clipping at that many standard deviations."""
FLEET_TRUST = 0.6
"""An appliance that weighs less than this teaches the fleet nothing: a few faulty ones would widen all bands."""

State = dict[str, NDArray[Any]]
Floats = NDArray[np.float64]


class Context:
    """The normalisation of one appliance kind. ``fleet`` is the shared part, the appliances' state is handed in.

    ``told`` is what was taught and is not taken over yet.
    """

    def __init__(self, profile: Profile, context_of: NDArray[np.intp], context_count: int) -> None:
        self.floor = np.array([max(feature.floor, 1e-9) for feature in profile.features])
        self.context_of = context_of
        self.context_count = context_count
        self.learn_rows = LEARN_ROWS[profile.unit]
        size = len(self.floor)
        self.fleet: State = {
            "cross": np.zeros((size, 2, 2)),
            "covariance": np.zeros((size, 2)),
            "weight": np.zeros(size),
            "squares": np.zeros(size),
        }
        self.told: State = {name: np.zeros_like(array) for name, array in self.fleet.items()}

    def layout(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Name → (type, shape per appliance) of what must be remembered."""
        size = len(self.floor)
        return {
            "rows_seen": ("u2", ()),
            "reference": ("f4", (7, size)),
            "ring": ("f2", (LAG, size + self.context_count)),
        }

    def learned_rows(self, state: State, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """How many usable rows each appliance has given so far."""
        return state["rows_seen"][rows].astype(np.int64)

    def score(self, state: State, rows: NDArray[np.intp], y: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
        """z, expected value and standard deviation of each feature, (B, F) each; NaN where nothing can be said."""
        reference = state["reference"][rows].astype(float)
        x1, x2 = self._pick(x)
        expected = self._expected(reference, x1, x2)
        sigma = np.sqrt(self._variance(reference) * (1 + 1 / np.maximum(reference[:, 0], 1)))
        z = (y - expected) / sigma
        z[reference[:, 0] < self.learn_rows / 2] = np.nan
        return z, expected, sigma

    def learn(self, state: State, rows: NDArray[np.intp], y: Floats, x: Floats, suspicion: Floats) -> None:
        """Take in one row of each appliance; ``suspicion`` (B,) is 0 for a healthy look, 1 and more for an alarm."""
        seen = state["rows_seen"][rows]
        is_young = seen < self.learn_rows
        if is_young.any():
            self._absorb(
                state, rows[is_young], y[is_young], x[is_young], np.ones(int(is_young.sum())), LEARNING_CLIP_SIGMA
            )
        grown = ~is_young
        if grown.any():
            self._delay(state, rows[grown], y[grown], x[grown], suspicion[grown], seen[grown] - self.learn_rows)
        state["rows_seen"][rows] = np.minimum(seen.astype(np.int64) + 1, 60_000)

    def take_over(self) -> None:
        """Let the fleet's part know what it was told."""
        keep = np.exp(-self.told["weight"] / FLEET_MEMORY_ROWS)
        for name, told in self.told.items():
            self.fleet[name] = self.fleet[name] * keep.reshape(-1, *[1] * (told.ndim - 1)) + told
            told[:] = 0

    def forget(self, state: State, row: int) -> None:
        """Start over with one appliance: a part was replaced, or it was moved."""
        for name in self.layout():
            state[name][row] = 0

    def _delay(
        self, state: State, rows: NDArray[np.intp], y: Floats, x: Floats, suspicion: Floats, age: NDArray[Any]
    ) -> None:
        """Put rows into the ring and learn those that fall out of it."""
        size = len(self.floor)
        slot = age.astype(np.intp) % LAG
        old = state["ring"][rows, slot].astype(float)
        full = age >= LAG
        if full.any():
            weight = np.clip(1 - suspicion[full], SUSPICIOUS_WEIGHT_MIN, 1)
            self._absorb(state, rows[full], old[full, :size], old[full, size:], weight, CLIP_SIGMA)
        state["ring"][rows, slot] = np.clip(np.concatenate([y, x], axis=1), -RING_MAX, RING_MAX)

    def _pick(self, x: Floats) -> tuple[Floats, Floats]:
        """The first and second context variable of each feature, (B, F) each, NaN where it has none."""
        padded = np.concatenate([x, np.full((len(x), 1), np.nan)], axis=1)
        return padded[:, self.context_of[:, 0]], padded[:, self.context_of[:, 1]]

    def _slopes(self) -> Floats:
        """The fleet's slopes (F, 2), shrunk to 0 while little is known."""
        cross = self.fleet["cross"]
        ridge = np.zeros_like(cross)
        per_row = np.einsum("fii->fi", cross) / np.maximum(self.fleet["weight"], 1)[:, None]
        for place in range(2):
            ridge[:, place, place] = np.where(per_row[:, place] > 0, 20 * per_row[:, place], 1.0)
        slopes: Floats = np.linalg.solve(cross + ridge, self.fleet["covariance"][:, :, None])[:, :, 0]
        return slopes

    def _expected(self, reference: Floats, x1: Floats, x2: Floats) -> Floats:
        """What each feature should be, given its context."""
        fleet = self._slopes()
        weight = np.maximum(self.fleet["weight"], 1)
        spread = self.fleet["cross"][:, 0, 0] / weight
        prior = SLOPE_PRIOR_ROWS * np.maximum(spread, 1e-12)
        slope = (reference[:, 5] + prior * fleet[:, 0]) / (reference[:, 4] + prior)
        reach = CONTEXT_REACH_SIGMA * np.sqrt(np.einsum("fii->fi", self.fleet["cross"]) / weight[:, None]) + 1e-9
        shift1 = np.clip(np.nan_to_num(x1 - reference[:, 2]), -reach[:, 0], reach[:, 0])
        shift2 = np.clip(np.nan_to_num(x2 - reference[:, 3]), -reach[:, 1], reach[:, 1])
        expected: Floats = reference[:, 1] + slope * shift1 + fleet[:, 1] * shift2
        return expected

    def _variance(self, reference: Floats) -> Floats:
        """The residual variance of each feature, shrunk to the fleet's, never below the floor."""
        fleet = self._fleet_variance()
        count = np.minimum(reference[:, 0], MEMORY_ROWS)
        variance = (VARIANCE_PRIOR_ROWS * fleet + count * reference[:, 6]) / (VARIANCE_PRIOR_ROWS + count)
        believed: Floats = np.maximum(variance, np.square(self.floor))
        return believed

    def _fleet_variance(self) -> Floats:
        """The residual variance of each feature over the fleet, beginning with the floor."""
        learned: Floats = FLOOR_PRIOR_ROWS * np.square(self.floor) + self.fleet["squares"]
        return learned / (FLOOR_PRIOR_ROWS + self.fleet["weight"])

    def _absorb(
        self, state: State, rows: NDArray[np.intp], y: Floats, x: Floats, weight: Floats, clip_sigma: float
    ) -> None:
        """Update the references by one row each, and tell the fleet.

        ``reference`` holds weight n, means of y, x₁, x₂, sums Sxx, Sxy (forgetting), and the residual variance.
        """
        reference = state["reference"][rows].astype(float)
        x1, x2 = self._pick(x)
        n = reference[:, 0]
        present = ~np.isnan(y)
        first = present & (n == 0)
        expected = self._expected(reference, x1, x2)
        sigma = np.sqrt(self._variance(reference))
        residual = np.where(first | ~present, 0.0, np.clip(y - expected, -clip_sigma * sigma, clip_sigma * sigma))
        y = np.where(first, y, expected + residual)
        w = np.where(present, weight[:, None], 0.0)
        keep = np.where(present, 1 - w / MEMORY_ROWS, 1.0)
        grown = n * keep + w
        gain = np.where(present, w / np.maximum(grown, 1e-9), 0.0)
        d_y = np.where(present & ~first, y - reference[:, 1], 0.0)
        d_1 = np.where(first, 0.0, np.nan_to_num(x1 - reference[:, 2]))
        d_2 = np.where(first, 0.0, np.nan_to_num(x2 - reference[:, 3]))
        self._tell_fleet(present & (n >= 2), w, n, (d_y, d_1, d_2), residual)
        reference[:, 1] = np.where(first, y, reference[:, 1] + gain * d_y)
        reference[:, 2] = np.where(first, np.nan_to_num(x1), reference[:, 2] + gain * d_1)
        reference[:, 3] = np.where(first, np.nan_to_num(x2), reference[:, 3] + gain * d_2)
        inner = w * n / np.maximum(n + w, 1e-9)
        reference[:, 4] = reference[:, 4] * keep + inner * d_1 * d_1
        reference[:, 5] = reference[:, 5] * keep + inner * d_1 * d_y
        honest = np.square(residual) * n / (n + 1)
        reference[:, 6] += np.where(first, 0.0, gain * (honest - reference[:, 6]))
        reference[:, 0] = np.where(present, grown, n)
        state["reference"][rows] = reference

    def _tell_fleet(
        self, counts: NDArray[np.bool_], weight: Floats, n: Floats, d: tuple[Floats, Floats, Floats], residual: Floats
    ) -> None:
        """Pool deviations from the appliances' own means: slopes and residual variance of the fleet."""
        inner = np.where(counts & (weight >= FLEET_TRUST), weight * n / (n + 1), 0.0)
        d_y, d_1, d_2 = d
        fleet_sigma = np.sqrt(self._fleet_variance())
        wide = FLEET_CLIP_SIGMA * fleet_sigma
        residual = np.clip(residual, -wide, wide)
        d_y = np.clip(d_y, -2 * wide, 2 * wide)
        told = self.told
        pairs = np.stack([np.stack([d_1 * d_1, d_1 * d_2]), np.stack([d_1 * d_2, d_2 * d_2])])
        told["cross"] += np.einsum("bf,ijbf->fij", inner, pairs)
        told["covariance"] += np.stack([(inner * d_1 * d_y).sum(axis=0), (inner * d_2 * d_y).sum(axis=0)], axis=1)
        told["weight"] += inner.sum(axis=0)
        told["squares"] += (inner * np.square(residual)).sum(axis=0) / FLEET_CLIP_SHRINKS
