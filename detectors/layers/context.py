"""L4, context: a feature's value → how far it is from what this appliance should show in this context.

Idea: y = μᵢ + bᵢ (x - x̄ᵢ) + e for appliance i, with x the context (kitchen temperature, load, ...). The slope bᵢ is the
appliance's own, shrunk to the slope pooled over the fleet; the variance of e likewise. Formula::

    bᵢ = (Sxyᵢ + κ vₓ B) / (Sxxᵢ + κ vₓ)          vᵢ = (n₀ V + nᵢ Vᵢ) / (n₀ + nᵢ)
    z  = (y - μᵢ - bᵢ (x₁ - x̄₁ᵢ) - B₂ (x₂ - x̄₂ᵢ)) / √(vᵢ (1 + 1/nᵢ))

The reference is learned from the first rows at once, later only from rows that are :data:`LAG` old, so that a growing
fault doesn't become the norm; updates are clipped, and slowed but never stopped while the appliance is suspicious (a
frozen wrong reference would hold an alarm for ever). New firmware, another setting, a move or a repair moves what is usual of
those features that did move (cuts.py). Everything is learned from the appliance and from the fleet seen
so far; nothing is known beforehand but each feature's least believable standard deviation. What rows teach the fleet
waits in a sum until :meth:`Context.take_over` (kinds/portions.py says when), so all rows in between are judged by one fleet.

Reference: Gelman and Hill 2007, Data Analysis Using Regression and Multilevel/Hierarchical Models, part 2A, for slopes that vary
by group and are drawn towards the common one; the variance is drawn towards its fleet's in the same way.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.layering import cuts
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Deviations, Piece
from detectors.state.columns import Axis, Column, places
from ingest.profiles.definition import Unit
from ingest.sample import EventType

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

Floats = NDArray[np.float64]
WEIGHT, MEAN, CONTEXT, SECOND, SQUARES, PRODUCTS, VARIANCE = range(7)


class Context(Layer):
    """The normalisation of one appliance kind. ``told`` is what the fleet was taught and is not taken over yet."""

    name: ClassVar[str] = "context"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        profile, values = setting.profile, setting.values
        self.floor = np.array([max(feature.floor, 1e-9) for feature in profile.features])
        self.least = np.array([0.0 if feature.is_count else -np.inf for feature in profile.features])
        self.context_of = values.context_of
        self.learn_rows = LEARN_ROWS[profile.unit]
        self.hidden_rows, self.settling_rows = cuts.HIDDEN_ROWS[profile.unit], cuts.SETTLING_ROWS[profile.unit]
        self.known_rows = self.settling_rows - self.hidden_rows
        given = (self.context_of >= 0).sum(axis=1)
        some, two = (np.flatnonzero(given >= count) for count in (1, 2))
        every = np.arange(len(given))
        self.reference = (
            ("weight", every), ("mean", every), ("context", some), ("second", two), ("squares", some),
            ("products", some), ("variance", every),
        )  # fmt: skip
        self.told = {name: np.zeros_like(array) for name, array in self.fleet.items()}

    def columns(self) -> tuple[Column, ...]:
        """Usable rows so far, what is usual (weight n, means of y, x₁, x₂, sums Sxx, Sxy, variance), and the last rows.

        After an event: how many rows are still awaited, and where each feature stood before, in standard deviations.
        """
        values = self.setting.values
        every, some, two = ((values.feature_axis(count),) for count in range(3))
        return (
            Column("rows_seen", "u2"),
            Column("weight", "f4", every),
            Column("mean", "f4", every),
            Column("context", "f4", some),
            Column("second", "f4", two),
            Column("squares", "f4", some),
            Column("products", "f4", some),
            Column("variance", "f4", every),
            Column("ring", "f2", (places("row", LAG), values.axis()), fill=np.nan),
            Column("settling", "u1", is_seldom=True),
            Column("cut", "u1", codes=self._cuts(), is_seldom=True),
            Column("stood", "f2", every, is_seldom=True),
        )

    def _cuts(self) -> Axis:
        """Events that may change what is usual."""
        return Axis("event", tuple(cuts.CUTS))

    def fleet_columns(self) -> tuple[Column, ...]:
        """Pooled over the fleet: products of contexts, of context and feature, weight, squared residuals; what events moved."""
        feature, context = self.setting.values.feature_axis(), Axis("context", ("first", "second"))
        return (
            Column("cross", "f8", (feature, context, context)),
            Column("covariance", "f8", (feature, context)),
            Column("weight", "f8", (feature,)),
            Column("squares", "f8", (feature,)),
            Column("moved", "f8", (feature, self._cuts(), places("moment", 3))),
        )

    def take(self, piece: Piece) -> None:
        """Hold usable units against what their appliances should show."""
        if piece.event is not None and piece.event.type in cuts.CUTS:
            self._cut(piece.row, piece.event.type)
        if piece.units is None:
            return
        usable = np.flatnonzero(piece.units.is_usable)
        if len(usable):
            units = piece.units.taken(usable)
            z, expected, sigma = self.score(units.rows, units.features, units.contexts)
            z[self.seldom.read("settling", units.rows) > self.known_rows] = np.nan
            before = self.own["rows_seen"][units.rows].astype(np.int64)
            piece.deviations = Deviations(units, z, expected, sigma, before, self.learn_rows)

    def learn(self, piece: Piece) -> None:
        """Learn what was judged, the less the more suspicious it looked."""
        if piece.deviations is not None:
            units = piece.deviations.units
            suspicion = np.zeros(len(units.rows)) if piece.accumulated is None else piece.accumulated.score
            self.learn_rows_of(units.rows, units.features, units.contexts, suspicion)
            for row in units.rows[self.seldom.read("settling", units.rows) > 0].tolist():
                self._settle(row)

    def _cut(self, row: int, event: EventType) -> None:
        """Await rows that show what an event has changed; who still learns begins anew."""
        if self.own["rows_seen"][row] < self.learn_rows + LAG:
            self.forget(row)
            return
        own, place = self.seldom.own, self.seldom.one(row)
        if event is EventType.PART_REPLACED:
            own["stood"][place] = 0
        elif own["settling"][place] <= self.known_rows:
            own["stood"][place] = cuts.before(self._deviations(row, LAG)[0])
        own["settling"][place], own["cut"][place] = self.settling_rows, cuts.CUTS.index(event)

    def _settle(self, row: int) -> None:
        """Count a row since an event, and now and then move what is usual of the features that moved.

        Rows from before the event leave the ring for these, as they were measured against another usual; and they weigh less, so
        that what comes next may put it right.
        """
        own, place = self.seldom.own, self.seldom.one(row)
        own["settling"][place] -= 1
        since = self.known_rows - int(own["settling"][place])
        if since < 0 or since % cuts.AGAIN_ROWS:
            return
        event = int(own["cut"][place])
        deviations, sigma, slots = self._deviations(row, self.hidden_rows)
        moved = cuts.shift(deviations, own["stood"][place].astype(float))
        if not since:
            present = ~np.isnan(moved)
            told = np.clip(np.nan_to_num(moved), -cuts.TOLD_SIGMA, cuts.TOLD_SIGMA)
            self.told["moved"][:, event] += np.stack([present, told, np.square(told)], axis=1)
        moved = cuts.believed(moved, self.fleet["moved"][:, event], is_first=not since)
        is_moved = np.abs(moved) > cuts.MOVED_SIGMA
        self.own["mean"][row] += np.where(is_moved, moved * sigma, 0.0)
        self.own["weight"][row, is_moved] = np.minimum(self.own["weight"][row, is_moved], cuts.SETTLED_WEIGHT)
        older = np.setdiff1d(np.arange(LAG), slots)
        self.own["ring"][row][np.ix_(older, np.flatnonzero(is_moved))] = np.nan

    def _deviations(self, row: int, count: int) -> tuple[Floats, Floats, NDArray[np.intp]]:
        """Of the newest ``count`` rows of one appliance: deviations (count, F), standard deviations (F,), places in the ring."""
        slots = (int(self.own["rows_seen"][row]) - self.learn_rows - 1 - np.arange(count)) % LAG
        rows = np.full(count, row, np.intp)
        ring, size = self.own["ring"][rows, slots].astype(float), len(self.floor)
        z, _, sigma = self.score(rows, ring[:, :size], ring[:, size:])
        return z, sigma[0], slots

    def _reference(self, rows: NDArray[np.intp]) -> Floats:
        """What is usual: (B, 7, F); 0 for a context that a feature doesn't have."""
        reference = np.zeros((len(rows), len(self.reference), len(self.floor)))
        for number, (name, which) in enumerate(self.reference):
            reference[:, number, which] = self.own[name][rows]
        return reference

    def score(self, rows: NDArray[np.intp], y: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
        """z, expected value and standard deviation of features ``y`` (B, F) in contexts ``x`` (B, contexts): (B, F) each.

        Expected value and deviation are in the feature's unit (log where the profile says), z is NaN where nothing can be said.
        """
        reference = self._reference(rows)
        x1, x2 = self._pick(x)
        expected = self._expected(reference, x1, x2)
        sigma = np.sqrt(self._variance(reference) * (1 + 1 / np.maximum(reference[:, WEIGHT], 1)))
        z = (y - expected) / sigma
        z[reference[:, WEIGHT] < self.learn_rows / 2] = np.nan
        return z, expected, sigma

    def usual(self, row: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Of one appliance: its newest row, what that should be in its context, standard deviations, and from how many rows: (F,) each.

        Where nothing newer is kept what is usual stands in the usual context.
        """
        rows, size = np.array([row], np.intp), len(self.floor)
        slot = (int(self.own["rows_seen"][row]) - self.learn_rows - 1) % LAG
        ring = self.own["ring"][rows, [slot]].astype(float)
        _, expected, sigma = self.score(rows, ring[:, :size], ring[:, size:])
        return ring[0, :size], expected[0], sigma[0], self.own["weight"][row].astype(float)

    def learn_rows_of(self, rows: NDArray[np.intp], y: Floats, x: Floats, suspicion: Floats) -> None:
        """Take in one row of each appliance, ``y`` (B, F) and ``x`` (B, contexts) in their units.

        ``suspicion`` (B,) is 0 for a healthy look, 1 and more for an alarm.
        """
        seen = self.own["rows_seen"][rows]
        is_young = seen < self.learn_rows
        if is_young.any():
            self._absorb(rows[is_young], y[is_young], x[is_young], np.ones(int(is_young.sum())), LEARNING_CLIP_SIGMA)
        grown = ~is_young
        if grown.any():
            self._delay(rows[grown], y[grown], x[grown], suspicion[grown], seen[grown] - self.learn_rows)
        self.own["rows_seen"][rows] = np.minimum(seen.astype(np.int64) + 1, 60_000)

    def take_over(self) -> None:
        """Let the fleet's part know what it was told."""
        keep = np.exp(-self.told["weight"] / FLEET_MEMORY_ROWS)
        for name, told in self.told.items():
            self.fleet[name] = self.fleet[name] * keep.reshape(-1, *[1] * (told.ndim - 1)) + told
            told[:] = 0

    def _delay(self, rows: NDArray[np.intp], y: Floats, x: Floats, suspicion: Floats, age: NDArray[Any]) -> None:
        """Put rows into the ring and learn those that fall out of it."""
        size = len(self.floor)
        slot = age.astype(np.intp) % LAG
        old = self.own["ring"][rows, slot].astype(float)
        full = age >= LAG
        if full.any():
            weight = np.clip(1 - suspicion[full], SUSPICIOUS_WEIGHT_MIN, 1)
            self._absorb(rows[full], old[full, :size], old[full, size:], weight, CLIP_SIGMA)
        self.own["ring"][rows, slot] = np.clip(np.concatenate([y, x], axis=1), -RING_MAX, RING_MAX)

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
        slope = (reference[:, PRODUCTS] + prior * fleet[:, 0]) / (reference[:, SQUARES] + prior)
        reach = CONTEXT_REACH_SIGMA * np.sqrt(np.einsum("fii->fi", self.fleet["cross"]) / weight[:, None]) + 1e-9
        shift1 = np.clip(np.nan_to_num(x1 - reference[:, CONTEXT]), -reach[:, 0], reach[:, 0])
        shift2 = np.clip(np.nan_to_num(x2 - reference[:, SECOND]), -reach[:, 1], reach[:, 1])
        expected = reference[:, MEAN] + slope * shift1 + fleet[:, 1] * shift2
        possible: Floats = np.maximum(expected, self.least)
        return possible

    def _variance(self, reference: Floats) -> Floats:
        """The residual variance of each feature, shrunk to the fleet's, never below the floor."""
        fleet = self._fleet_variance()
        count = np.minimum(reference[:, WEIGHT], MEMORY_ROWS)
        variance = (VARIANCE_PRIOR_ROWS * fleet + count * reference[:, VARIANCE]) / (VARIANCE_PRIOR_ROWS + count)
        believed: Floats = np.maximum(variance, np.square(self.floor))
        return believed

    def _fleet_variance(self) -> Floats:
        """The residual variance of each feature over the fleet, beginning with the floor."""
        learned: Floats = FLOOR_PRIOR_ROWS * np.square(self.floor) + self.fleet["squares"]
        return learned / (FLOOR_PRIOR_ROWS + self.fleet["weight"])

    def _absorb(self, rows: NDArray[np.intp], y: Floats, x: Floats, weight: Floats, clip_sigma: float) -> None:
        """Update the references by one row each, and tell the fleet.

        Means and sums forget together: one weight n per feature, so that a feature which is seldom told forgets seldom. The
        residual is clipped before it moves anything, so that one wild row moves the mean no further than a large one, and
        the variance learns from the residual before its own update, else it would be too small in short histories.
        """
        reference = self._reference(rows)
        x1, x2 = self._pick(x)
        n = reference[:, WEIGHT]
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
        d_y = np.where(present & ~first, y - reference[:, MEAN], 0.0)
        d_1 = np.where(first, 0.0, np.nan_to_num(x1 - reference[:, CONTEXT]))
        d_2 = np.where(first, 0.0, np.nan_to_num(x2 - reference[:, SECOND]))
        self._tell_fleet(present & (n >= 2), w, n, (d_y, d_1, d_2), residual)
        reference[:, MEAN] = np.where(first, y, reference[:, MEAN] + gain * d_y)
        reference[:, CONTEXT] = np.where(first, np.nan_to_num(x1), reference[:, CONTEXT] + gain * d_1)
        reference[:, SECOND] = np.where(first, np.nan_to_num(x2), reference[:, SECOND] + gain * d_2)
        inner = w * n / np.maximum(n + w, 1e-9)
        reference[:, SQUARES] = reference[:, SQUARES] * keep + inner * d_1 * d_1
        reference[:, PRODUCTS] = reference[:, PRODUCTS] * keep + inner * d_1 * d_y
        honest = np.square(residual) * n / (n + 1)
        reference[:, VARIANCE] += np.where(first, 0.0, gain * (honest - reference[:, VARIANCE]))
        reference[:, WEIGHT] = np.where(present, grown, n)
        for number, (name, which) in enumerate(self.reference):
            self.own[name][rows] = reference[:, number, which]

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
