"""Labelled series: read from public data, and run through the backtest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from detectors.backtest.recording import BacktestResult, run_backtest
from ingest.profiles import load_profiles
from ingest.profiles.definition import Profile
from ingest.recordings.recording import Recording

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """One series: ``group`` is what it belongs to, ``wrong`` says of each row whether something is labelled there."""

    group: str
    ts_ms: NDArray[np.int64]
    values: Floats
    wrong: Bools


@cache
def profiles() -> Mapping[str, Profile]:
    """The profiles that ship."""
    return load_profiles()


def backtest(
    one: Labelled, kind: str, metrics: tuple[str, ...], *, calibrate_rows: int | None = None, alarms_per_year: float
) -> BacktestResult:
    """The scores and alarms of a series."""
    recording = Recording(metrics, one.ts_ms, one.values, [str(ts) for ts in one.ts_ms.tolist()])
    return run_backtest(recording, kind, profiles(), calibrate_rows=calibrate_rows, alarms_per_year=alarms_per_year)


def starts(alarms: Bools) -> Bools:
    """The rows in which an alarm begins."""
    begun: Bools = np.diff(alarms.astype(np.int8), prepend=0) == 1
    return begun


def spans(wrong: Bools) -> list[tuple[int, int]]:
    """Runs of labelled rows, [start, stop)."""
    edges = np.flatnonzero(np.diff(np.r_[0, wrong.astype(np.int8), 0]))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
