"""What is usual of one appliance: what each feature should be, as the detectors hold it, beside its newest day or cycle.

It is read from a checkpoint, so whoever shows it needs no running detectors. Nothing is said of a feature that is still
learned, nor of a kind without features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from detectors.finding import Checkpoint
from detectors.kinds.kind import KindDetector
from detectors.layers.context import Context
from detectors.pipeline import Pipeline
from detectors.state.checkpoint import without_line
from ingest.profiles.definition import Profile

BAND_SIGMA = 2.0
"""Nineteen of twenty days or cycles of a sound appliance lie within so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Usual:
    """One feature: its band in the context of the newest day or cycle, in its own unit, and from how many rows that is known."""

    feature: str
    low: float
    high: float
    unit: str
    rows: int
    newest: float | None


def usual_of(stored: Checkpoint, profiles: Mapping[str, Profile]) -> dict[str, tuple[Usual, ...]]:
    """What is usual of each appliance of a checkpoint, by its id."""
    pipeline = Pipeline(profiles)
    rows = {appliance_id: without_line(packed)[0] for appliance_id, packed in stored.rows.items()}
    pipeline.restore(replace(stored, rows={appliance_id: row for appliance_id, row in rows.items() if row}))
    return {
        appliance_id: tuple(_features(detector, row))
        for detector in pipeline.detectors.values()
        if isinstance(detector, KindDetector)
        for appliance_id, row in detector.index.items()
    }


def _features(detector: KindDetector, row: int) -> list[Usual]:
    context = next(layer for layer in detector.layers if isinstance(layer, Context))
    newest, expected, sigma, weight = context.usual(row)
    found = []
    for number, feature in enumerate(detector.profile.features):
        if weight[number] < context.learn_rows:
            continue
        half = BAND_SIGMA * sigma[number]
        numbers = np.array([newest[number], expected[number] - half, expected[number] + half])
        now, low, high = (np.exp(numbers) if feature.scale == "log" else numbers).tolist()
        found.append(Usual(feature.name, low, high, feature.unit, int(weight[number]), None if now != now else now))  # noqa: PLR0124 - a number that is none
    return found
