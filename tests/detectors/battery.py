"""The detectors under test, for the battery that each of them must pass: adding one here adds no test code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detectors.pipeline import Pipeline
from ingest.sample import SampleBlock
from tests.detectors.made_fleet import DAY_MS, PROFILES, START_MS, block


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of appliance: how its pipeline is made, and which metrics and modes it reports."""

    kind: str
    metrics: tuple[str, ...]
    modes: tuple[str | None, ...]
    make: Callable[[], Pipeline]


def _pipeline() -> Pipeline:
    """A pipeline over the profiles that ship."""
    return Pipeline(PROFILES)


CASES = [
    *(
        Case(kind, tuple(profile.metrics), profile.modes, _pipeline)
        for kind, profile in PROFILES.items()
        if profile.features
    ),
    Case("generic", ("a", "b", "c"), (None,), _pipeline),
    Case("unheard_of", ("x",), (None,), _pipeline),
]


def readings(case: Case, *, seed: int, days: int = 4, step_s: int = 1800, appliances: int = 2) -> SampleBlock:
    """Noise within each metric's range, by chance without some metrics, in changing modes."""
    rng = np.random.default_rng(seed)
    profile = PROFILES.get(case.kind)
    rows = []
    for place in range(days * DAY_MS // (step_s * 1000)):
        for number in range(appliances):
            values = rng.normal(0.5, 0.05, len(case.metrics))
            if profile is not None and profile.metrics:
                low = np.array([metric.low for metric in profile.metrics.values()])
                high = np.array([metric.high for metric in profile.metrics.values()])
                values = low + values * (high - low)
            values[rng.random(len(values)) < 0.1] = np.nan
            mode = case.modes[place // 8 % len(case.modes)]
            rows.append((f"A{number}", START_MS + place * step_s * 1000, values, mode, None))
    return block(case.kind, case.metrics, rows)
