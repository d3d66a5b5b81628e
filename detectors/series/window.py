"""Window: several metrics that used to move together and no longer do.

Idea: the last few samples of all metrics are one point; its distance from the subspace that holds :data:`VARIANCE_KEPT` of
the variance of earlier rows is smoothed and compared with what that distance was there. Formula::

    q = ‖w - P Pᵀ w‖²        Q ← Q + α (q - Q)        score = a + b ln(Q / 99 % quantile of Q in training)

Fitted on the first rows, and again on the last :data:`ROWS_MAX` calm ones whenever half as many rows were seen since; rows
must be many more than window × metrics, so the window is shorter where metrics are many or rows are few. What was an alarm for too long is learned anew. With fewer than
:data:`METRICS_MIN` metrics, or too few rows for a window of one sample, it stays silent and says so (:attr:`Window.silent`).

Reference: Jackson and Mudholkar 1979, Control Procedures for Residuals Associated With Principal Component Analysis,
Technometrics 21, for the distance q; there its limit is derived, here it is read from the rows of training.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS_LONGEST, DIMENSIONS_MAX = 10, 160
VARIANCE_KEPT = 0.85
SMOOTHING = 0.15
METRICS_MIN = 3
ROWS_PER_DIMENSION = 3
ROWS_MAX = 400
ENOUGH_ROWS = 300
"""So many rows are enough for a window of any length."""
QUANTILE = 0.99
SCORE_AT_QUANTILE, SCORE_PER_E = 2.6, 4.5
BLOCK = 32
REFIT_GROWTH = 1.5

Floats = NDArray[np.float64]


class Window:
    """Scores samples of one appliance after the first ``fit_rows`` of them were seen."""

    def __init__(self, fit_rows: int) -> None:
        self.fit_rows = fit_rows
        self.calm = np.zeros((0, 0), np.float32)
        """The last calm rows."""
        self.recent: list[Floats] = []
        self.centre = self.spread = np.zeros(0)
        self.basis = np.zeros((0, 0))
        self.length = 0
        self.level = 0.0
        self.smooth = 0.0
        self.fitted_at = 0

    @property
    def rows_needed(self) -> int:
        """How many calm rows it takes to compare the metrics with each other."""
        return ROWS_PER_DIMENSION * self.calm.shape[1]

    @property
    def silent(self) -> str:
        """Why it says nothing, in words; empty where it does say something."""
        if self.level > 0:
            return ""
        metrics = self.calm.shape[1]
        if metrics < METRICS_MIN:
            return f"metrics are not compared with each other: it takes {METRICS_MIN}"
        return f"metrics are not compared with each other: it takes {self.rows_needed} calm rows of all of them, which move"

    def score(self, rows: Floats, rows_before: int) -> Floats:
        """Score samples ``rows`` (N, M), the last known value of each metric in its unit: (N,), 0 before the fit.

        The last samples of the block before stand before these, so that no window is lost where a block is cut.
        """
        scores = np.zeros(len(rows))
        if self.level <= 0 or rows.shape[1] != len(self.centre):
            return scores
        scaled = (rows - self.centre) / self.spread
        known = np.array([*self.recent, *scaled])
        lead = len(self.recent)
        self.recent = list(known[-(self.length - 1) :]) if self.length > 1 else []
        if len(known) < self.length:
            return scores
        windows = np.lib.stride_tricks.sliding_window_view(known, (self.length, rows.shape[1]))[:, 0]
        windows = windows.reshape(len(windows), -1)
        skipped = len(rows) - len(windows) if lead < self.length - 1 else 0
        distances = _distances(windows, self.basis, rows_before + skipped)
        smooth = list(accumulate(distances.tolist(), _smoothed, initial=self.smooth))[1:]
        self.smooth = smooth[-1]
        ratio = np.maximum(np.array(smooth) / self.level, 1e-9)
        scores[skipped:] = np.maximum(0.0, SCORE_AT_QUANTILE + SCORE_PER_E * np.log(ratio))
        return scores

    @property
    def next_fit(self) -> int:
        """After how many rows it is fitted next."""
        return max(self.fit_rows, int(self.fitted_at * REFIT_GROWTH))

    def learn(self, rows: Floats, is_calm: NDArray[np.bool_], rows_seen: int) -> None:
        """Remember the calm ones of some samples, and fit where it is time.

        Samples ``rows`` (N, M), each metric in its unit, must not reach beyond :attr:`next_fit`; ``is_calm`` (N,).
        """
        if rows.shape[1] < METRICS_MIN:
            self.fitted_at = rows_seen if rows_seen >= self.next_fit else self.fitted_at
            return
        if self.calm.shape[1] != rows.shape[1]:
            self.calm = np.zeros((0, rows.shape[1]), np.float32)
        calm = rows[is_calm & ~np.isnan(rows).any(axis=1)].astype(np.float32)
        self.calm = np.concatenate([self.calm, calm])[-ROWS_MAX:]
        if rows_seen >= self.next_fit:
            self.fitted_at = rows_seen
            self._fit()

    def start_over(self, rows_seen: int) -> None:
        """Forget how things were, and learn from here how they are."""
        self.calm = self.calm[:0]
        self.level, self.fitted_at, self.fit_rows = 0.0, 0, rows_seen + ENOUGH_ROWS

    def _fit(self) -> None:
        """Find the subspace and the usual distance from it on the calm rows.

        The distances are smoothed here as those to come will be, so that what is compared later is of one kind.
        """
        table = self.calm.astype(float)
        if not len(table):
            return
        length = _length(*table.shape)
        if not length:
            return
        centre = table.mean(axis=0)
        spread = np.maximum(table.std(axis=0), 1e-6 + 1e-6 * np.abs(table).max(axis=0))
        scaled = (table - centre) / spread
        windows = np.lib.stride_tricks.sliding_window_view(scaled, (length, table.shape[1]))[:, 0]
        windows = windows.reshape(len(windows), -1)
        values, vectors = np.linalg.eigh(np.cov(windows.T).reshape(windows.shape[1], windows.shape[1]))
        order = np.argsort(-values)
        total = values.sum()
        if total <= 0:
            return
        kept = int(np.searchsorted(np.cumsum(values[order]) / total, VARIANCE_KEPT)) + 1
        basis = vectors[:, order[:kept]]
        path = list(accumulate(_distances(windows, basis, 0).tolist(), _smoothed, initial=0.0))[1:]
        self.centre, self.spread, self.basis, self.length = centre, spread, basis, length
        self.level = float(np.quantile(path, QUANTILE))
        self.smooth = min(path[-1], self.level)
        self.recent = list(scaled[-(length - 1) :]) if length > 1 else []

    def plain(self) -> tuple[list[Any], dict[str, NDArray[Any]]]:
        """What it remembers, for a checkpoint: numbers and arrays."""
        numbers = [self.fit_rows, self.level, self.smooth, self.fitted_at, self.length]
        arrays: dict[str, NDArray[Any]] = {
            "calm": self.calm, "recent": np.array(self.recent), "centre": self.centre, "spread": self.spread,
            "basis": self.basis,
        }  # fmt: skip
        return numbers, arrays

    def take(self, numbers: list[Any], arrays: dict[str, NDArray[Any]]) -> None:
        """Go on from what :meth:`plain` told."""
        self.fit_rows, self.level, self.smooth, self.fitted_at, self.length = numbers
        self.calm, self.recent = arrays["calm"], list(arrays["recent"])
        self.centre, self.spread, self.basis = arrays["centre"], arrays["spread"], arrays["basis"]


def _length(rows: int, metrics: int) -> int:
    """The longest window that so many rows allow; 0 where not even one sample does.

    >>> _length(400, 8), _length(100, 8), _length(400, 32), _length(20, 8)
    (10, 4, 5, 0)
    """
    by_rows = ROWS_LONGEST if rows >= ENOUGH_ROWS else rows // (ROWS_PER_DIMENSION * metrics)
    return min(ROWS_LONGEST, by_rows, max(1, DIMENSIONS_MAX // metrics))


def _smoothed(smooth: float, distance: float) -> float:
    return smooth + SMOOTHING * (distance - smooth)


def _distances(windows: Floats, basis: Floats, first: int) -> Floats:
    """Squared distances from the subspace, computed in blocks of one size, each row at its own place.

    So the last digit of a row does not depend on how many rows came with it.
    """
    lead = first % BLOCK
    count = -(-(lead + len(windows)) // BLOCK) * BLOCK
    padded = np.zeros((count, windows.shape[1]))
    padded[lead : lead + len(windows)] = windows
    blocks = padded.reshape(-1, BLOCK, windows.shape[1])
    rest = blocks - (blocks @ basis) @ basis.T
    return np.asarray(np.square(rest).sum(axis=-1).reshape(-1)[lead : lead + len(windows)])
