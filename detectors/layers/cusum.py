"""L5, CUSUM: standardised deviations, row after row → statistics that cross a threshold about as often as budgeted.

Idea: deviations are whitened (yesterday's is in today's), clipped and accumulated. For each fault mode a matched filter
looks along the mode's signature, so detection and diagnosis are one statistic; each single feature is followed too, for
what no signature describes. Formula, with R the fleet's correlation of e, s a signature::

    e = (z - ρ z₋₁) / √(1 - ρ²)        w = R⁻¹ s / √(sᵀ R⁻¹ s)
    slow:  G = max(0, G + w·clip(e, ±3) - k)         fast:  min over the last two rows of w·z, not clipped

Thresholds come from the budget A of false alarms per appliance-year: 40 % for slow, 60 % for fast; of each, 70 % for the
modes, 30 % for single features. Slow: h solves Siegmund's run length (e^{2kb} - 2kb - 1) / 2k² = rows between alarms,
b = h + 1.166, plus a margin, as variances are estimated. That is where a fleet begins. How far statistics of sound
appliances really go is counted (budget.py), and thresholds are moved until each statistic, and then the highest of all,
crosses as often as asked. Scores are multiples of their threshold: 1 is an alarm.

What rows teach the fleet waits in a sum until :meth:`Cusum.take_over` (kinds/portions.py says when).

Reference: Page 1954 for the CUSUM; Siegmund 1985, Sequential Analysis, for its run length.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Cleared, FindingChannel
from detectors.layering import budget
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Accumulated, Piece
from detectors.layering.smoothing import SMOOTHING
from detectors.state.columns import Axis, Column, places
from ingest.profiles.definition import Unit

ROWS_PER_YEAR = {Unit.DAY: 365.0, Unit.CYCLE: 220.0, Unit.NONE: 365.0}

SLACK = 0.75
CLIP = 3.0
CAP = 2.0
"""A statistic stops at this multiple of its threshold, so that it can come down again."""
SLOW_SHARE = 0.4
MODE_SHARE = 0.7
SLOW_MARGIN = 2.0
FAST_MARGIN = 1.5
SINGLE_MARGIN = 4.5
FAR = 12.0
YOUNG_ROWS = 10.0
"""Thresholds stand √(1 + this / rows) higher while few rows say what is usual: such a mean is off by itself, row after row."""
CORRELATION_PRIOR_ROWS = 200.0
CORRELATION_KEPT = 0.6
"""Correlations count by this factor: a filter for a roughly known signature must not rest on fine differences."""
FLEET_MEMORY_ROWS = 20_000.0
PEAKS_MEMORY_ROWS = 200_000.0
"""Seldom excursions are counted for longer than correlations."""
EXPECTED, ENDED = range(2)
THEORY_PER_YEAR = 0.2
"""Theory is asked for so many false alarms whatever the budget: its thresholds are the unit in which excursions are counted."""
STATISTIC_SHARE = 1 / 6
"""Each statistic gets this share of the budget: many move together, and their sum is put right by the highest of all."""

Floats = NDArray[np.float64]


def slow_threshold(rows_between_alarms: float) -> float:
    """The CUSUM threshold, in standard deviations, whose mean run length in Gaussian noise is ``rows_between_alarms``.

    >>> round(slow_threshold(20_000), 1)
    5.5
    """
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        slope = 2 * SLACK * (middle + 1.166)
        length = (math.exp(slope) - slope - 1) / (2 * SLACK**2)
        low, high = (middle, high) if length < rows_between_alarms else (low, middle)
    return low


def fast_threshold(rows_between_alarms: float) -> float:
    """The level that two rows in a row exceed by chance once in ``rows_between_alarms`` rows of Gaussian noise.

    >>> round(fast_threshold(10_000), 2)
    2.33
    """
    return -NormalDist().inv_cdf(min(0.4, math.sqrt(1 / rows_between_alarms)))


class Cusum(Layer):
    """The statistics of one appliance kind; fault modes without a signature are left out."""

    name: ClassVar[str] = "cusum"
    formerly: ClassVar[tuple[str, ...]] = ("statistics",)

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.signatures = setting.signatures
        self.asked = max(setting.alarms_per_year, 1e-6)
        per_row = THEORY_PER_YEAR / ROWS_PER_YEAR[setting.profile.unit]
        modes, features = self.signatures.shape
        slow, fast = SLOW_SHARE * per_row, (1 - SLOW_SHARE) * per_row
        mode_count, single_count = max(1, modes), 2 * max(1, features)
        self.slow_mode = slow_threshold(mode_count / (slow * MODE_SHARE)) + SLOW_MARGIN
        self.slow_single = slow_threshold(single_count / (slow * (1 - MODE_SHARE))) + SINGLE_MARGIN
        self.fast_mode = fast_threshold(mode_count / (fast * MODE_SHARE)) + FAST_MARGIN
        self.fast_single = fast_threshold(single_count / (fast * (1 - MODE_SHARE))) + FAST_MARGIN
        self.rows_per_year = ROWS_PER_YEAR[setting.profile.unit]
        falls = (self.signatures < 0).any(axis=0)
        self.only_up = np.array([one.is_count for one in setting.profile.features], bool) & ~falls
        """(F,): counts that no fault mode makes fall. That something happens less often comes of weather and habits."""
        self.told = {name: np.zeros_like(array) for name, array in self.fleet.items()}
        self._peaks: Floats | None = None
        self._thresholds = np.ones(modes + features + 1)

    def columns(self) -> tuple[Column, ...]:
        """Deviations of the last row and of late (NaN: never read), in standard deviations; statistics; onsets in minutes since 1970."""
        feature, mode = self.setting.values.feature_axis(), self.setting.signed_axis
        return (
            Column("z_before", "f2", (feature,)),
            Column("z_smooth", "f2", (feature,), fill=np.nan),
            Column("slow_mode", "f4", (mode,)),
            Column("slow_single", "f2", (Axis("side", ("up", "down")), feature)),
            Column("fast_before", "f2", (mode,)),
            Column("onset_mode", "u4", (mode,)),
            Column("onset_single", "u4", (feature,)),
            Column("peak", "u1", (self._statistics(),)),
        )

    def _statistics(self) -> Axis:
        """What excursions are counted of: modes, features, and the highest of all."""
        features = [f"feature {feature.name}" for feature in self.setting.profile.features]
        return Axis("statistic", (*self.setting.signed_axis.labels, *features, "highest"))

    def fleet_columns(self) -> tuple[Column, ...]:
        """Pooled over the fleet: products of e, how many, products of z with the row before, squares."""
        feature = self.setting.values.feature_axis()
        return (
            Column("products", "f8", (feature, feature)),
            Column("pairs", "f8", (feature, feature)),
            Column("lagged", "f8", (feature,)),
            Column("squares", "f8", (feature,)),
            Column("peaks", "f8", (self._statistics(), places("step", budget.BINS))),
            Column("rows", "f8", (places("row", 1),)),
            Column("alarms", "f8", (Axis("alarm", ("expected", "ended")),)),
        )

    def take(self, piece: Piece) -> None:
        """Accumulate the deviations of a piece; an appliance that still learns accumulates nothing.

        What a young one has come to counts for less, because its own usual values are uncertain, and that error stays the same from
        row to row.
        """
        if piece.starts_over:
            self.forget(piece.row)
        deviations = piece.deviations
        if deviations is None:
            return
        rows = deviations.units.rows
        if piece.begins_anew is not None and piece.begins_anew.any():
            self._begin_anew(rows[piece.begins_anew])
        modes, singles = self.step(rows, deviations.z, deviations.units.start_ms, deviations.is_taught.astype(float))
        young = np.sqrt(1 + YOUNG_ROWS / np.maximum(deviations.rows_before, 1))[:, None]
        modes, singles = modes / young, singles / young
        is_judged = deviations.is_taught
        if piece.is_plugged is not None and piece.units is not None:
            is_judged &= ~piece.is_plugged[piece.units.is_usable]
        levels = np.concatenate([modes, singles], axis=1)
        counts = is_judged if piece.waits is None else is_judged & ~piece.waits
        score, modes = self._budgeted(rows, levels, (is_judged, counts), deviations.rows_before)
        smooth = self.own["z_smooth"][rows].astype(float)
        piece.accumulated = Accumulated(
            score,
            modes,
            np.nan_to_num(smooth),
            ~np.isnan(smooth),
            self.own["onset_mode"][rows].astype(np.int64),
            self.own["onset_single"][rows].astype(np.int64),
            self.correlation(),
        )

    def _begin_anew(self, rows: NDArray[np.intp]) -> None:
        """Leave out what was gathered of some appliances, and how far it went: it spoke of the fleet."""
        for name in ("slow_mode", "slow_single", "fast_before", "onset_mode", "onset_single", "peak"):
            self.own[name][rows] = 0
        self.own["z_smooth"][rows] = np.where(np.isnan(self.own["z_smooth"][rows]), np.nan, 0.0)

    def learn(self, piece: Piece) -> None:
        """Count the alarms of grown appliances that ended by themselves: faults don't heal."""
        ended = [
            one.appliance_id
            for one in piece.findings[piece.findings_before :]
            if one.cleared_because is Cleared.CALM and one.channel is FindingChannel.EVIDENCE
        ]
        if ended and piece.deviations is not None:
            grown = piece.deviations.units.rows[piece.deviations.rows_before >= budget.PENDING_ROWS]
            ids = {self.setting.ids[row] for row in grown.tolist()}
            self.told["alarms"][ENDED] += sum(appliance_id in ids for appliance_id in ended)

    def _budgeted(
        self,
        rows: NDArray[np.intp],
        levels: Floats,
        which: tuple[NDArray[np.bool_], NDArray[np.bool_]],
        rows_before: NDArray[np.int64],
    ) -> tuple[Floats, Floats]:
        """Score (B,) and scores of the modes (B, S) within the budget, from ``levels`` (B, S + F) in theory's thresholds.

        ``which``: who is judged, and who counts: a group that waits raises nothing, so that is no time without alarms.
        """
        is_judged, counts = which
        thresholds = self.thresholds()
        scaled = levels / thresholds[:-1]
        highest = scaled.max(axis=1, initial=0.0)
        every = np.concatenate([levels, highest[:, None]], axis=1)
        peak, over = budget.followed(self.own["peak"][rows], np.where(is_judged[:, None], every, 0.0))
        self.own["peak"][rows] = peak
        at, of = np.nonzero(over)
        np.add.at(self.told["peaks"], (of, over[at, of] - 1), 1.0)
        grown = float((counts & (rows_before >= budget.PENDING_ROWS)).sum())
        self.told["rows"] += grown
        self.told["alarms"][EXPECTED] += self._rate() * grown / self.rows_per_year
        modes = scaled[:, : len(self.signatures)] / thresholds[-1]
        return np.where(is_judged, highest / thresholds[-1], 0.0), modes

    def thresholds(self) -> Floats:
        """Thresholds (statistics,) of modes, features and the highest of all, as multiples of theory's."""
        if self._peaks is not self.fleet["peaks"]:
            self._peaks = self.fleet["peaks"]
            years = float(self.fleet["rows"][0]) / self.rows_per_year
            each = np.full(len(self._peaks), self.asked * STATISTIC_SHARE)
            each[-1] = self._rate()
            believed = np.full(len(self._peaks), budget.prior(self.asked))
            believed[-1] = (self.asked / each[-1]) ** (1 / budget.EXPONENT)
            self._thresholds = budget.thresholds(self._peaks, years, each, believed)
        return self._thresholds

    def _rate(self) -> float:
        """How many excursions per appliance-year lead to as many alarms as are asked for."""
        return budget.put_right(self.asked, *self.fleet["alarms"].tolist())

    def correlation(self) -> Floats:
        """The fleet's correlation of e between features (F, F), shrunk to none."""
        products, pairs = self.fleet["products"], self.fleet["pairs"]
        scale = np.sqrt(np.maximum(np.diag(products), 1e-9))
        shrunk: Floats = CORRELATION_KEPT * products / np.outer(scale, scale) * pairs / (pairs + CORRELATION_PRIOR_ROWS)
        np.fill_diagonal(shrunk, 1.0)
        return shrunk

    def autocorrelation(self) -> Floats:
        """The fleet's correlation of z from row to row (F,), shrunk to none."""
        return np.clip(self.fleet["lagged"] / (self.fleet["squares"] + CORRELATION_PRIOR_ROWS), 0.0, 0.9)

    def take_over(self) -> None:
        """Let the fleet's part know what it was told."""
        rows = float(np.diag(self.told["pairs"]).max(initial=0.0))
        for name, told in self.told.items():
            memory = PEAKS_MEMORY_ROWS if name in {"peaks", "rows", "alarms"} else FLEET_MEMORY_ROWS
            self.fleet[name] = self.fleet[name] * math.exp(-rows / memory) + told
            told[:] = 0

    def step(
        self, rows: NDArray[np.intp], z: Floats, start_ms: NDArray[np.int64], weight: Floats
    ) -> tuple[Floats, Floats]:
        """Take in one row of each appliance: scores (B, modes) and (B, F), in multiples of their thresholds.

        ``z`` (B, F) is in standard deviations, ``start_ms`` (B,) is when each row's unit began; ``weight`` (B,) is 0 where an appliance still learns: nothing
        accumulates then. Slow statistics see what is clipped, lest one wild row be an alarm; fast ones see it whole, and ask
        for two rows in a row instead.
        """
        rho = self.autocorrelation()
        before = self.own["z_before"][rows].astype(float)
        has_before = ~np.isnan(before) & (before != 0)
        e = np.where(has_before, (z - rho * np.nan_to_num(before)) / np.sqrt(1 - rho**2), z)
        clipped = np.clip(np.nan_to_num(e), -CLIP, CLIP) * weight[:, None]
        far = np.clip(np.nan_to_num(z), -FAR, FAR) * weight[:, None]
        present = ~np.isnan(z)
        inverse = np.linalg.inv(self.correlation()).astype(float)
        self._tell_fleet(clipped, before, z, present, weight)
        counts = present & (weight[:, None] > 0)
        kept = self.own["z_smooth"][rows].astype(float)
        smooth = np.nan_to_num(kept)
        smooth += np.where(counts, SMOOTHING * (far - smooth), 0.0)
        self.own["z_smooth"][rows] = np.where(counts | ~np.isnan(kept), smooth, np.nan)
        self.own["z_before"][rows] = np.where(present, np.clip(z, -60, 60), 0.0)
        minutes = (start_ms // 60_000)[:, None]
        modes = self._modes(rows, (clipped, far, present), inverse, minutes)
        steady = np.sign(smooth) * np.minimum(np.abs(smooth), np.maximum(np.sign(smooth) * np.nan_to_num(kept), 0.0))
        return modes, self._singles(rows, (clipped, steady), minutes)

    def _modes(
        self,
        rows: NDArray[np.intp],
        rows_of: tuple[Floats, Floats, NDArray[np.bool_]],
        inverse: Floats,
        minutes: NDArray[np.int64],
    ) -> Floats:
        """Slow and fast matched filters of all modes.

        A feature that was not read takes no part: the filter is normed over those that were, so that an appliance which
        reports less is judged by what it reports.
        """
        clipped, far, present = rows_of
        filters = self.signatures @ inverse
        held = filters[None] * present[:, None]
        norm = np.sqrt(np.maximum(np.einsum("bmf,fg,bmg->bm", held, np.linalg.inv(inverse), held), 1e-12))
        visible = np.einsum("bmf,mf->bm", held, self.signatures)
        share = np.where(np.abs(visible) > 1e-9, 1.0, 0.0)
        matched = np.einsum("bmf,bf->bm", held, clipped) / norm * share
        slow = self.own["slow_mode"][rows] + np.where(share > 0, matched - SLACK, 0.0)
        slow = np.clip(slow, 0.0, CAP * self.slow_mode * self.thresholds()[: len(self.signatures)])
        onset = self.own["onset_mode"][rows]
        self.own["onset_mode"][rows] = np.where((slow > 0) & (onset > 0), onset, np.where(slow > 0, minutes, 0))
        self.own["slow_mode"][rows] = slow
        now = np.einsum("bmf,bf->bm", held, far) / norm * share
        fast = np.minimum(now, self.own["fast_before"][rows].astype(float))
        self.own["fast_before"][rows] = np.where(share > 0, now, self.own["fast_before"][rows])
        scores: Floats = np.maximum(slow / self.slow_mode, fast / self.fast_mode)
        return scores

    def _singles(self, rows: NDArray[np.intp], rows_of: tuple[Floats, Floats], minutes: NDArray[np.int64]) -> Floats:
        """Two-sided slow CUSUM of each feature, and its smoothed deviation, as far as two rows show it, as the fast part."""
        clipped, steady = rows_of
        both = self.own["slow_single"][rows].astype(float)
        moved = both + np.stack([clipped, -clipped], axis=1) - np.where(clipped == 0, 0.0, SLACK)[:, None]
        both = np.clip(moved, 0.0, CAP * self.slow_single * self.thresholds()[len(self.signatures) : -1])
        both[:, 1, self.only_up] = 0.0
        self.own["slow_single"][rows] = both
        top = both.max(axis=1)
        onset = self.own["onset_single"][rows]
        self.own["onset_single"][rows] = np.where((top > 0) & (onset > 0), onset, np.where(top > 0, minutes, 0))
        spread = math.sqrt(SMOOTHING / (2 - SMOOTHING))
        side = np.where(self.only_up, np.maximum(steady, 0.0), np.abs(steady))
        scores: Floats = np.maximum(top / self.slow_single, side / spread / (2 * self.fast_single))
        return scores

    def _tell_fleet(
        self, clipped: Floats, before: Floats, z: Floats, present: NDArray[np.bool_], weight: Floats
    ) -> None:
        """Correlations between features and from row to row, over the fleet; far values count clipped."""
        told = self.told
        held = np.where(present, clipped, 0.0)
        counted = present * (weight[:, None] > 0)
        told["products"] += held.T @ held
        told["pairs"] += counted.T.astype(float) @ counted
        now = np.where(counted, np.clip(np.nan_to_num(z), -CLIP, CLIP), 0.0)
        then = np.clip(np.nan_to_num(before), -CLIP, CLIP)
        told["lagged"] += (now * then).sum(axis=0)
        told["squares"] += np.where(then != 0, now * now, 0.0).sum(axis=0)
