"""Series: readings of which nothing is known → a score per sample; for ``generic`` appliances and any recorded series.

Idea: a small bank of cheap, complementary channels per metric, each turned into a *surprise* by its rank among all it has
said before, so that channels and metrics of any scale can be compared; then fused. Formula, with a the channel's value::

    surprise = -log₁₀((1 + #{past ≥ a}) / (2 + n)) + 2 log₂(a / record) for a new record
    score    = λ max + (1 - λ) mean over the channels of the worst metric

Channels: distance from the long mean, first difference, distance from a fast and a slow mean, fast less slow mean,
distance from the usual value at this hour, variance up and down. With three metrics or more comes a window PCA (see
window_pca.py), fitted once on the first rows. One alarm, then quiet for a while: repeats tell nothing new.

The state is bounded: 32 metrics per appliance, fixed tail counts per channel. Score first, then learn.

Reference: detection.md sections 3.1 and 3.2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.window_pca import WindowPca

CHANNELS = ("level", "step", "fast", "slow", "shift", "hour", "louder", "quieter")
METRICS_MAX = 32
BINS = 96
BINS_PER_DOUBLING = 8
HOURS = 24
FAST, SLOW, LONG = 1 / 5, 1 / 50, 1 / 2000
HOUR_GAIN = 0.1
WARM_UP_ROWS = 100
MAX_WEIGHT = 0.66
SURPRISE_MAX = 12.0
RECORD_BONUS_MAX = 6.0

_BIN_NUMBERS = np.arange(BINS + 1)

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]


class Series:
    """The scorer of one appliance's metrics; ``fit_rows`` are the rows on which the window PCA is fitted."""

    def __init__(self, fit_rows: int = 400) -> None:
        self.names: list[str] = []
        self.rows_seen = 0
        self.arrays: Arrays = _empty(0)
        self.window = WindowPca(fit_rows)
        self.surprise = np.zeros(0)
        """Each metric's fused surprise in the last row."""

    def slots(self, metrics: tuple[str, ...]) -> NDArray[np.intp]:
        """The places of metrics, made at first sight; -1 for those beyond the limit."""
        known = {name: number for number, name in enumerate(self.names)}
        fresh = [name for name in metrics if name not in known][: METRICS_MAX - len(self.names)]
        if fresh:
            known.update({name: len(self.names) + number for number, name in enumerate(fresh)})
            self.names += fresh
            added = _empty(len(fresh))
            self.arrays = {name: np.concatenate([array, added[name]]) for name, array in self.arrays.items()}
        return np.array([known.get(name, -1) for name in metrics], np.intp)

    def score(self, ts_ms: int, x: Floats) -> float:
        """Score one sample, ``x`` in the order of :attr:`names` with NaN for no reading, then learn it."""
        arrays = self.arrays
        present = ~np.isnan(x)
        count = arrays["count"]
        x = np.where(present, x, arrays["last"])
        first = present & (count == 0)
        if first.any():
            for name in ("last", "fast", "slow", "long"):
                arrays[name][first] = x[first]
            arrays["hour"][first] = x[first, None]
        hour = (ts_ms // 3_600_000) % HOURS
        said = self._channels(x, hour)
        surprise = self._surprise(said, present)
        self._learn(x, hour, present)
        fused = MAX_WEIGHT * surprise.max(axis=1, initial=0.0) + (1 - MAX_WEIGHT) * surprise.mean(axis=1)
        self.surprise = np.where(present & (count >= WARM_UP_ROWS), fused, 0.0)
        self.rows_seen += 1
        worst = float(self.surprise.max(initial=0.0))
        return max(worst, self.window.score(x))

    def _channels(self, x: Floats, hour: int) -> Floats:
        """What each channel says of each metric: (S, channels), all ≥ 0."""
        a = self.arrays
        ratio = np.log((a["var_fast"] + 1e-12) / (a["var_slow"] + 1e-12))
        return np.stack(
            [
                np.abs(x - a["long"]),
                np.abs(x - a["last"]),
                np.abs(x - a["fast"]),
                np.abs(x - a["slow"]),
                np.abs(a["fast"] - a["slow"]),
                np.abs(x - a["hour"][:, hour]),
                np.maximum(ratio, 0.0),
                np.maximum(-ratio, 0.0),
            ],
            axis=1,
        )

    def _surprise(self, said: Floats, present: NDArray[np.bool_]) -> Floats:
        """Rank each value among the channel's past, then count it: (S, channels)."""
        a = self.arrays
        place = np.log2(1 + said * 4 / np.maximum(a["scale"], 1e-12)) * BINS_PER_DOUBLING
        place = np.minimum(place, BINS - 1).astype(np.intp)
        tail = a["tail"]
        flat, at = tail.reshape(-1), place.ravel() + np.arange(place.size) * (BINS + 1)
        beyond = ((flat[at] + flat[at + 1]) / 2).reshape(place.shape)
        n = a["count"][:, None]
        rank = -np.log10((1 + beyond) / (2 + n))
        bonus = 2 * np.log2(np.maximum(said, 1e-12) / np.maximum(a["record"], 1e-12))
        surprise: Floats = np.clip(
            rank + np.clip(bonus, 0.0, RECORD_BONUS_MAX) * (n >= WARM_UP_ROWS), 0.0, SURPRISE_MAX
        )
        held = present[:, None]
        tail += (place[:, :, None] >= _BIN_NUMBERS) & held[:, :, None]
        a["record"] = np.where(held, np.maximum(a["record"], said), a["record"])
        gain = np.maximum(LONG, 1 / (n + 1.0))
        a["scale"] = a["scale"] + np.where(held & (n < WARM_UP_ROWS), gain * (said - a["scale"]), 0.0)
        return surprise

    def _learn(self, x: Floats, hour: int, present: NDArray[np.bool_]) -> None:
        """Move the means and variances."""
        a = self.arrays
        count = a["count"]
        spread = np.square(x - a["slow"])
        for name, gain in (("var_fast", 2 * SLOW), ("var_slow", LONG)):
            a[name] = a[name] + np.where(present, np.maximum(gain, 1 / (count + 1)) * (spread - a[name]), 0.0)
        for name, gain in (("fast", FAST), ("slow", SLOW), ("long", LONG)):
            a[name] = a[name] + np.where(present, np.maximum(gain, 1 / (count + 1)) * (x - a[name]), 0.0)
        a["hour"][:, hour] += np.where(present, HOUR_GAIN * (x - a["hour"][:, hour]), 0.0)
        a["last"] = np.where(present, x, a["last"])
        a["count"] = count + present


def _empty(size: int) -> Arrays:
    """The state of ``size`` metrics never read."""
    channels = len(CHANNELS)
    return {
        **{name: np.zeros(size) for name in ("count", "last", "fast", "slow", "long", "var_fast", "var_slow")},
        "hour": np.zeros((size, HOURS)),
        "scale": np.zeros((size, channels)),
        "record": np.zeros((size, channels)),
        "tail": np.zeros((size, channels, BINS + 1), np.float32),
    }


def alarm_threshold(samples_per_alarm: float) -> float:
    """The score that is an alarm for a budget of one false alarm per so many samples."""
    return min(5.0, max(2.5, 0.75 * math.log10(max(samples_per_alarm, 10.0))))
