"""Window PCA: several metrics that used to move together and no longer do.

Idea: the last :data:`WINDOW` samples of all metrics are one point; its distance from the subspace that holds
:data:`VARIANCE_KEPT` of the variance of the first rows is smoothed and compared with what that distance was there.
Formula::

    q = ‖w - P Pᵀ w‖²        Q ← Q + α (q - Q)        score = log₂-like multiple of the 99 % quantile of Q in training

Fitted once; rows must be many more than window × metrics, else it stays silent. With fewer than three metrics too.

Reference: detection.md section 3.2 (winPCA).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

WINDOW = 10
VARIANCE_KEPT = 0.8
SMOOTHING = 0.3
METRICS_MIN, METRICS_MAX = 3, 16
ROWS_PER_DIMENSION = 3
QUANTILE = 0.99
ENTER = 2.0
SCORE_AT_ENTER = 4.0
"""The score of a distance of :data:`ENTER` times the training quantile, on the scale of series.py."""

Floats = NDArray[np.float64]


class WindowPca:
    """Scores samples of one appliance after :attr:`fit_rows` of them were seen."""

    def __init__(self, fit_rows: int) -> None:
        self.fit_rows = fit_rows
        self.training: list[Floats] = []
        self.recent: list[Floats] = []
        self.centre = self.spread = np.zeros(0)
        self.basis = np.zeros((0, 0))
        self.level = 0.0
        self.smooth = 0.0
        self.is_fitted = False

    def score(self, x: Floats) -> float:
        """Score one sample (0 before the fit), then remember it."""
        if not METRICS_MIN <= len(x) <= METRICS_MAX:
            return 0.0
        if not self.is_fitted:
            self.training.append(x.astype(np.float32).astype(float))
            if len(self.training) >= self.fit_rows:
                self._fit()
            return 0.0
        if len(x) != len(self.centre) or self.level <= 0:
            return 0.0
        self.recent = [*self.recent[-(WINDOW - 1) :], (x - self.centre) / self.spread]
        if len(self.recent) < WINDOW:
            return 0.0
        window = np.concatenate(self.recent)
        rest = window - self.basis @ (self.basis.T @ window)
        self.smooth += SMOOTHING * (float(rest @ rest) - self.smooth)
        return max(0.0, SCORE_AT_ENTER * (1 + math.log(max(self.smooth / self.level / ENTER, 1e-9)) / 2))

    def _fit(self) -> None:
        """Find the subspace and the usual distance from it on the training rows, then let them go."""
        self.is_fitted = True
        width = len(self.training[-1])
        rows = [row for row in self.training if len(row) == width and not np.isnan(row).any()]
        self.training = []
        if len(rows) < ROWS_PER_DIMENSION * WINDOW * width and len(rows) < 300:
            return
        table = np.array(rows)
        self.centre, self.spread = (
            table.mean(axis=0),
            np.maximum(table.std(axis=0), 1e-6 + 1e-6 * np.abs(table).max(axis=0)),
        )
        scaled = (table - self.centre) / self.spread
        windows = np.lib.stride_tricks.sliding_window_view(scaled, (WINDOW, width))[:, 0].reshape(-1, WINDOW * width)
        values, vectors = np.linalg.eigh(np.cov(windows.T))
        order = np.argsort(-values)
        kept = int(np.searchsorted(np.cumsum(values[order]) / values.sum(), VARIANCE_KEPT)) + 1
        self.basis = vectors[:, order[:kept]]
        rest = windows - windows @ self.basis @ self.basis.T
        smooth, path = 0.0, []
        for distance in np.einsum("ij,ij->i", rest, rest).tolist():
            smooth += SMOOTHING * (distance - smooth)
            path.append(smooth)
        self.level = float(np.quantile(path, QUANTILE))
        self.recent = list(scaled[-(WINDOW - 1) :])
