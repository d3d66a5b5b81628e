"""The scorer of one appliance's metrics: what the channels say, judged, fused, and told where it is news.

Idea: each channel's surprise (tails.py) is fused per metric; the worst metric decides. What goes on being as it was a moment
ago is no news: a row says something where it exceeds what was said before by :data:`MARGIN`, while the memory of that fades
over a tenth of all rows seen. What the window of all metrics says (window.py) stands beside it. Formula::

    fused = λ max + (1 - λ) mean over the channels        M ← M (1 - 1 / R)
    score = max(fused where fused > M + margin, window)

The state is bounded: :data:`METRICS_MAX` metrics per appliance. Score first, then learn.

Reference: Ahmad, Lavin, Purdy and Agha 2017, Unsupervised real-time anomaly detection for streaming data,
Neurocomputing 262, for judging a score by how rare it has been.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.series import tails
from detectors.series.channels import CHANNELS, follow, unread
from detectors.series.window import Window

METRICS_MAX = 32
WARM_UP_ROWS = 100
MAX_WEIGHT = 0.66
MARGIN = 1.0
MEMORY_SHARE, MEMORY_ROWS_MIN, MEMORY_ROWS_MAX = 0.1, 30, 260
GROWN_ROWS = MEMORY_ROWS_MAX / MEMORY_SHARE
"""From here on the memory grows no more."""
HOUR_MS, WEEK_HOURS = 3_600_000, 168
EPOCH_HOUR = 72
"""1970 began on a Thursday."""

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Rows as they were judged: what the worst metric says, what of that is news, and what the window of all says."""

    worst: Floats
    news: Floats
    together: Floats
    fused: Floats
    """(metrics, rows)."""
    mean: Floats
    width: Floats
    rows: Floats
    """The last known value of each metric in each row."""

    @property
    def score(self) -> Floats:
        """The score of each row, (N,)."""
        return np.maximum(self.news, self.together)


class Scorer:
    """Scores samples of one appliance; ``fit_rows`` are the rows on which the window is fitted first."""

    def __init__(self, fit_rows: int) -> None:
        self.names: list[str] = []
        self.rows_seen = 0
        self.told = 0.0
        """What was said lately; it fades."""
        self.numbers: list[list[float]] = []
        self.hours: list[list[float]] = []
        self.tails: Arrays = tails.unheard(0, len(CHANNELS))
        self.window = Window(fit_rows)

    def places(self, metrics: Sequence[str], values: Floats) -> NDArray[np.intp]:
        """The places (M,) of a block's metrics, made at first sight in the order of their times; -1 beyond the limit, or unread.

        ``values`` (N, M) are read in each metric's unit.
        """
        given = ~np.isnan(values)
        heard = np.flatnonzero(given.any(axis=0))
        for column in heard[np.argsort(given[:, heard].argmax(axis=0), kind="stable")].tolist():
            if metrics[column] not in self.names and len(self.names) < METRICS_MAX:
                self._know(metrics[column])
        known = {name: place for place, name in enumerate(self.names)}
        return np.array([known.get(name, -1) for name in metrics], np.intp)

    def score(self, ts_ms: NDArray[np.int64], values: Floats) -> Scored:
        """Score rows, ``values`` (rows, metrics) in the order of :attr:`names` with NaN for no reading, then learn them.

        Each metric is followed over the rows in which it was read, and all are fused only then, as metrics need not come in the same
        rows.
        """
        rows, metrics = values.shape
        week_hours = ((ts_ms // HOUR_MS + EPOCH_HOUR) % WEEK_HOURS).astype(np.intp)
        said = np.full((metrics, len(CHANNELS), rows), np.nan)
        mean, width = np.full((metrics, rows), np.nan), np.full((metrics, rows), np.nan)
        held = np.empty((metrics, rows))
        last = np.empty((rows, metrics))
        for metric in range(metrics):
            given = np.flatnonzero(~np.isnan(values[:, metric]))
            count_before, value_before = self.numbers[metric][0], self.numbers[metric][1]
            told, before = follow(self.numbers[metric], self.hours[metric], values[given, metric], week_hours[given])
            held[metric] = count_before + np.cumsum(~np.isnan(values[:, metric]))
            last[:, metric] = _held(values[:, metric], given, value_before if count_before else np.nan)
            if len(given):
                said[metric][:, given] = told
                mean[metric, given], width[metric, given] = before
        surprise = tails.surprise(self.tails, said, self.rows_seen)
        fused = MAX_WEIGHT * surprise.max(axis=1, initial=0.0) + (1 - MAX_WEIGHT) * surprise.mean(axis=1)
        fused = np.where((held > WARM_UP_ROWS) & ~np.isnan(said[:, 0]), fused, 0.0)
        worst = fused.max(axis=0, initial=0.0)
        news, together = self._news(worst), self.window.score(last, self.rows_seen)
        self.rows_seen += rows
        return Scored(
            worst, news, together, fused, mean, 3 * np.sqrt(width), last
        )  # fmt: skip

    def _news(self, worst: Floats) -> Floats:
        """What exceeds what was said lately."""
        told, news = self.told, []
        fade = fading(self.rows_seen)
        for number, score in enumerate(worst.tolist(), start=self.rows_seen):
            if score > told + MARGIN:
                news.append(score)
                told = score
            else:
                news.append(0.0)
                if number <= GROWN_ROWS:
                    fade = fading(number)
                told *= fade
        self.told = told
        return np.array(news)

    def _know(self, name: str) -> None:
        """Make place for a metric."""
        self.names.append(name)
        numbers, hours = unread()
        self.numbers.append(numbers)
        self.hours.append(hours)
        added = tails.unheard(1, len(CHANNELS))
        self.tails = {key: np.concatenate([array, added[key]]) for key, array in self.tails.items()}


def _held(column: Floats, given: NDArray[np.intp], before: float) -> Floats:
    """Each row's last known value."""
    if len(given) == len(column):
        return column
    place = np.searchsorted(given, np.arange(len(column)), side="right") - 1
    return np.where(place < 0, before, column[given[place]] if len(given) else before)


def memory_rows(seen: int) -> float:
    """For how many rows is remembered what was said."""
    return min(max(MEMORY_SHARE * seen, MEMORY_ROWS_MIN), MEMORY_ROWS_MAX)


def fading(seen: int) -> float:
    """What is left of that memory a row later."""
    return 1 - 1 / memory_rows(seen)


def alarm_threshold(samples_per_alarm: float) -> float:
    """The score that is an alarm for a budget of one false alarm per so many samples.

    >>> round(alarm_threshold(1_000), 2), round(alarm_threshold(500_000), 2)
    (2.5, 4.39)
    """
    return 0.4 + 0.7 * log10(max(samples_per_alarm, 1.0))
