"""Small fleets of every kind with a profile: noise within each metric's range, and faults drawn along the profile's signatures."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ingest.profiles.definition import Unit
from ingest.sample import AdmittedBatch, Event, EventType
from tests.detectors.made_fleet import DAY_MS, PROFILES, START_MS, block

KINDS = tuple(sorted(kind for kind, profile in PROFILES.items() if profile.features))
UNITS = 36
ONSET = 20
SAMPLES = 32
"""Per unit: a day in three quarters of an hour, or a cycle of four minutes each."""
APPLIANCES = ("A0", "A1", "A2", "A3", "A4")
"""The second has a fault from :data:`ONSET` on, the third a stuck sensor, the fourth reports a code, the fifth exceeds a limit."""


@cache
def unit_batches(kind: str) -> tuple[AdmittedBatch, ...]:
    """A batch per day or cycle; on half of them nothing but noise happens."""
    return tuple(unit_batch(kind, number) for number in range(UNITS))


def unit_batch(kind: str, number: int, strength: float = 1.0) -> AdmittedBatch:
    """One unit of each appliance, and the codes that one of them reports; the fault is as strong as that."""
    rng = np.random.default_rng(number)
    profile = PROFILES[kind]
    names = tuple(profile.metrics)
    low, high = usual_range(kind)
    moved = np.array([name in moved_metrics(kind) for name in names])
    step_ms = DAY_MS // SAMPLES if profile.unit is Unit.DAY else 240_000
    start = START_MS + number * DAY_MS
    rows = []
    for place, appliance_id in enumerate(APPLIANCES):
        for at in range(SAMPLES):
            share = 0.4 + 0.02 * place + rng.normal(0, 0.004, len(names))
            if appliance_id == "A1" and number >= ONSET:
                share += np.where(moved, strength * 0.03 * min(number - ONSET + 1, 6), 0.0)
            values = low + share * (high - low)
            if appliance_id == "A2" and number >= 30:
                values[stuck_metric(kind)] = low[stuck_metric(kind)] + 0.4321 * (high - low)[stuck_metric(kind)]
            if appliance_id == "A4" and number in {28, 29, 30} and profile.rules:
                rule = profile.rules[0]
                metric = profile.metrics[rule.metric]
                limit, end = (rule.above, metric.high) if rule.above is not None else (rule.below or 0.0, metric.low)
                values[names.index(rule.metric)] = limit + (end - limit) / 4
            mode = profile.modes[at * len(profile.modes) // SAMPLES] if profile.modes else None
            cycle = str(number) if profile.unit is Unit.CYCLE else None
            rows.append((appliance_id, start + at * step_ms, values, mode, cycle))
    one = block(kind, names, rows)
    code = next((code for mode in profile.fault_modes.values() for code in mode.codes), None)
    at_ms = start + SAMPLES * step_ms - 1
    events = (Event("A3", kind, at_ms, at_ms, EventType.ERROR_CODE, code=code),) if number == 25 else ()
    return AdmittedBatch(number + 1, at_ms, len(rows), (one,), events)


def usual_range(kind: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where readings lie: within what is possible, and within the limits of the rules."""
    profile = PROFILES[kind]
    low, high = (np.array([getattr(metric, end) for metric in profile.metrics.values()]) for end in ("low", "high"))
    for rule in profile.rules:
        place = list(profile.metrics).index(rule.metric)
        if rule.above is not None:
            high[place] = min(high[place], rule.above)
        if rule.below is not None:
            low[place] = max(low[place], rule.below)
    return low, high


def moved_metrics(kind: str) -> set[str]:
    """The metrics behind the signature of the first fault mode that has one of two features and more."""
    profile = PROFILES[kind]
    signature = next(mode.signature for mode in profile.fault_modes.values() if len(mode.signature) > 1)
    return {feature.metric for feature in profile.features if feature.name in signature and feature.metric}


def stuck_metric(kind: str) -> int:
    """The number of a measured metric that no fault moves here."""
    metrics = PROFILES[kind].metrics
    return next(
        n
        for n, (name, one) in enumerate(metrics.items())
        if one.kind.value == "measurement" and name not in moved_metrics(kind)
    )
