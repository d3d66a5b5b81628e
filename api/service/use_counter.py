"""Counts how appliances are used, a day at a time, from what is stored of them.

A day is counted once, two hours after its end (UTC); what an appliance sends later than that is not counted again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import structlog

from alerts.errors import UnavailableError
from detectors.units.use_days import DAY_MS, days_of
from ingest.store import StoreUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alerts.care.counting import Due
    from alerts.care.desk import CareDesk
    from ingest.clock import Clock
    from ingest.profiles.definition import Profile
    from ingest.store import TelemetryStore

log = structlog.get_logger()

EVERY_S = 5.0
AT_ONCE = 20
LATE_MS = 2 * 3_600_000
BEFORE_MS = 3_600_000
"""Readings from so long before the first day say whether a run goes on over midnight, and where a total stood."""


@dataclass(frozen=True, slots=True)
class UseCounter:
    """Counts what is due, a few appliances a step."""

    care: CareDesk
    store: TelemetryStore
    profiles: Mapping[str, Profile]
    clock: Clock

    def run_once(self, stop: threading.Event | None = None) -> int:
        """Count the use of those who wait longest, until told to stop; returns of how many.

        Weeks of one appliance may take seconds to read from a store on another machine, so a stop is asked for before each.
        """
        until = (self.clock.now_ms() - LATE_MS) // DAY_MS - 1
        counted: dict[Due, Mapping[str, Mapping[int, float]]] = {}
        for one in self.care.due(until, AT_ONCE):
            if stop is not None and stop.is_set():
                break
            counted[one] = self._uses(one, until)
        self.care.count(until, counted)
        return len(counted)

    def loop(self, every_s: float = EVERY_S) -> Callable[[threading.Event], None]:
        """Look again and again; what is not possible now is possible later."""

        def run(stop: threading.Event) -> None:
            while not stop.wait(every_s):
                try:
                    while self.run_once(stop) == AT_ONCE:
                        pass
                except (UnavailableError, StoreUnavailable) as error:
                    log.warning("use_not_counted", sentence=str(error))

        return run

    def _uses(self, due: Due, until: int) -> dict[str, dict[int, float]]:
        """Each use of an appliance's kind, day by day; each metric and mode is read once."""
        profile = self.profiles[due.kind]
        interval_s = profile.usual_interval_s
        told = self.store.latest(due.kind, due.appliance_id)
        any_metric = next((name for name in profile.metrics if name in told), None)
        read: dict[tuple[str, str | None], tuple[NDArray[np.int64], NDArray[np.float64]]] = {}

        def rows(metric: str, mode: str | None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
            if (metric, mode) not in read:
                start_ms, end_ms = due.first * DAY_MS - BEFORE_MS, (until + 1) * DAY_MS
                series = self.store.read(
                    due.kind, due.appliance_id, [metric], start_ms=start_ms, end_ms=end_ms, mode=mode
                )
                values = series.values.get(metric)
                read[metric, mode] = series.ts_ms, np.empty(0) if values is None else values
            return read[metric, mode]

        found = {}
        for use in profile.uses.values():
            metric = use.metric or any_metric
            if metric is None or metric not in told:
                continue
            ts_ms, values = _together([rows(metric, mode) for mode in use.modes or (None,)])
            days = days_of(use, ts_ms, values if use.metric else None, usual_interval_s=interval_s)
            found[use.name] = {day: value for day, value in days.items() if due.first <= day <= until}
        return found


def _together(
    parts: list[tuple[NDArray[np.int64], NDArray[np.float64]]],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """What was read mode by mode, in order of time."""
    ts_ms = np.concatenate([ts for ts, values in parts if len(values)] or [np.empty(0, np.int64)])
    numbers = np.concatenate([values for _, values in parts if len(values)] or [np.empty(0)])
    order = np.argsort(ts_ms, kind="stable")
    return ts_ms[order], numbers[order]
