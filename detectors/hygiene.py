"""L0, hygiene: tells a fault of the data from a fault of the appliance, and keeps bad readings from the layers behind.

Per (appliance, metric), reading by reading:

- *limit*: outside the metric's possible range three times in a row: an open or shorted sensor.
- *stuck*: the same value over and over although this metric usually changes from one reading to the next, while the
  appliance works, and not at an end of its range: run × usual rate of change > 40, and four times as long as any run before.
- *spike*: more than eight standard deviations from the mean and from the reading before, for a single reading within
  one mode, again and again.
- *gap*: a whole day without a reading from an appliance that reports all day.

A bad reading becomes NaN for the layers behind. What is said here is a finding of channel ``data`` and never a repair
ticket. Totals and booleans lose impossible values, and nothing is said of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.profiles.profile import MetricKind, Profile

DATA_FAULTS = ("sensor_out_of_range", "sensor_stuck", "sensor_spikes", "data_gap", "sensor_drift")
LIMIT_READINGS = 3
STUCK_RUN_MIN = 30
STUCK_CHANGES = 40.0
STUCK_LONGER_THAN_BEFORE = 4
SPIKE_SIGMA = 8.0
SPIKE_AFTER_READINGS = 100
SPIKE_RATE_ENTER = 6.0
SPIKE_RATE_LEAVE = 2.0
MEMORY_READINGS = 200
GAP_MS = 24 * 3600 * 1000

State = dict[str, NDArray[Any]]


class Hygiene:
    """The checks for one appliance kind; the state of the appliances is handed in."""

    def __init__(self, profile: Profile) -> None:
        metrics = profile.metrics.values()
        self.low = np.array([metric.low for metric in metrics], np.float32)
        self.high = np.array([metric.high for metric in metrics], np.float32)
        self.measured = np.flatnonzero([metric.kind is MetricKind.MEASUREMENT for metric in metrics])

    def layout(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Name → (type, shape per appliance) of what must be remembered."""
        size = (len(self.measured),)
        return {
            "bad": ("u1", size),
            "run": ("u2", size),
            "longest_run": ("u2", size),
            "change_rate": ("f2", size),
            "spike_pending": ("?", size),
            "spike_rate": ("f2", size),
        }

    def in_range(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Readings as float32, with impossible ones as NaN."""
        possible = (values >= self.low) & (values <= self.high)
        return np.where(possible, values, np.nan).astype(np.float32)

    def check(
        self,
        state: State,
        rows: NDArray[np.intp],
        raw: NDArray[np.float64],
        clean: NDArray[np.float32],
        bank: NDArray[np.float32],
        seen: NDArray[np.uint32],
        is_working: NDArray[np.bool_],
        has_mode_kept: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Look at one sample of each of ``rows``, at its measured metrics (columns :attr:`measured`) only.

        ``raw`` are the readings, ``clean`` those from :meth:`in_range`; ``bank`` (B, 6, M) and ``seen`` (B,) the point bank before
        them; ``is_working`` whether the appliance works, ``has_mode_kept`` whether its mode is that of the sample before.
        Returns the readings with spikes and stuck values as NaN, and
        per sample and kind of :data:`DATA_FAULTS` (without gap) and metric whether it stands: (B, 3, M).
        """
        faults = np.zeros((len(rows), 3, clean.shape[1]), bool)
        faults[:, 0] = self._limit(state, rows, raw, clean)
        faults[:, 1] = stuck = self._stuck(state, rows, clean, bank[:, 5], is_working)
        faults[:, 2], first = self._spike(state, rows, clean, bank, seen, has_mode_kept)
        return np.where(stuck | first, np.float32(np.nan), clean), faults

    def _limit(
        self, state: State, rows: NDArray[np.intp], raw: NDArray[np.float64], clean: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Which metrics have been impossible several times in a row."""
        bad = state["bad"][rows]
        is_bad = np.isnan(clean) & ~np.isnan(raw)
        if is_bad.any() or bad.any():
            bad = np.where(np.isnan(raw), bad, np.where(is_bad, np.minimum(bad, 250) + 1, bad // 2)).astype(np.uint8)
            state["bad"][rows] = bad
        limit: NDArray[np.bool_] = bad >= LIMIT_READINGS
        return limit

    def _stuck(
        self,
        state: State,
        rows: NDArray[np.intp],
        clean: NDArray[np.float32],
        last: NDArray[np.float32],
        is_working: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Which metrics repeat one value although they usually change."""
        counts = is_working[:, None] & ~np.isnan(clean)
        same = counts & (clean == last) & (clean > self.low[self.measured]) & (clean < self.high[self.measured])
        run = state["run"][rows]
        longest = state["longest_run"][rows]
        rate = state["change_rate"][rows].astype(np.float32)
        ended = counts & ~same
        learns = counts & (run <= STUCK_RUN_MIN // 2)
        longest = np.where(ended, np.maximum(longest, run), longest)
        run = np.where(same, np.minimum(run, 60_000) + 1, np.where(ended, 0, run)).astype(np.uint16)
        rate += np.where(learns, (ended - rate) / MEMORY_READINGS, np.float32(0))
        state["run"][rows] = run
        state["longest_run"][rows] = longest
        state["change_rate"][rows] = rate
        stuck: NDArray[np.bool_] = (
            (run >= STUCK_RUN_MIN)
            & (run * rate > STUCK_CHANGES)
            & (run > STUCK_LONGER_THAN_BEFORE * longest.astype(np.float32))
        )
        return stuck

    def _spike(
        self,
        state: State,
        rows: NDArray[np.intp],
        clean: NDArray[np.float32],
        bank: NDArray[np.float32],
        seen: NDArray[np.uint32],
        has_mode_kept: NDArray[np.bool_],
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which metrics spike again and again, and which of these readings may be a spike (the first far one)."""
        mean, variance, last = bank[:, 0], bank[:, 1], bank[:, 5]
        bound = SPIKE_SIGMA**2 * variance
        far = (np.square(clean - mean) > bound) & (np.square(clean - last) > bound)
        far &= ((seen >= SPIKE_AFTER_READINGS) & has_mode_kept)[:, None]
        pending = state["spike_pending"][rows]
        rate = state["spike_rate"][rows].astype(np.float32)
        if far.any() or pending.any() or rate.any():
            present = ~np.isnan(clean)
            returned = pending & present & ~far & has_mode_kept[:, None]
            rate = rate * np.where(present, np.float32(1 - 1 / MEMORY_READINGS), np.float32(1)) + returned
            rate[rate < 0.01] = 0
            state["spike_rate"][rows] = rate
            state["spike_pending"][rows] = np.where(present, far & ~pending, pending)
        return rate > SPIKE_RATE_ENTER, far & ~pending
