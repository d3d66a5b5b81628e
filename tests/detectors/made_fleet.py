"""Small made-up fleets for the detectors' tests: plain noise, no physics, faults drawn along the fault catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.profiles import load_profiles
from ingest.sample import AdmittedBatch, SampleBlock

DAY_MS = 86_400_000
START_MS = 20_600 * DAY_MS
STEP_MS = 1_800_000
PER_DAY = DAY_MS // STEP_MS
PROFILES = load_profiles()
FRIDGE = tuple(PROFILES["refrigerator"].metrics)
WASHER = tuple(PROFILES["washing_machine"].metrics)

Floats = NDArray[np.float64]


def fridge(seed: int, *, days: int, fault: str | None = None, onset_day: int = 20) -> tuple[NDArray[np.int64], Floats]:
    """Times and values of one refrigerator; a fault grows from its onset to failure level within twenty days."""
    rng = np.random.default_rng(seed)
    count = days * PER_DAY
    ts = START_MS + np.arange(count, dtype=np.int64) * STEP_MS
    severity = np.clip((np.arange(count) / PER_DAY - onset_day) / 20, 0, 1) if fault else np.zeros(count)
    fouling, leak, fan = (
        severity * (fault == name) for name in ("condenser_fouling", "refrigerant_leak", "evaporator_fan_wear")
    )
    kitchen = 22 + rng.normal(0, 1) + np.repeat(rng.normal(0, 1, days), PER_DAY)
    duty = (rng.uniform(32, 45) + 1.5 * (kitchen - 22)) * (1 + 0.25 * fouling + 0.9 * leak) + rng.normal(0, 3, count)
    columns = {
        "power_w": 85 * (1 + 0.08 * fouling - 0.05 * leak) + rng.normal(0, 2, count),
        "fresh_food_c": 4 + 3 * fan + 2 * leak + rng.normal(0, 0.3, count),
        "freezer_c": -18 + 4 * leak + rng.normal(0, 0.4, count),
        "evaporator_c": -25 + 4 * leak - 2 * fan + 4 * leak + rng.normal(0, 0.5, count),
        "condenser_c": kitchen + 12 * (1 + 0.6 * fouling - 0.4 * leak) + rng.normal(0, 0.5, count),
        "ambient_c": kitchen + rng.normal(0, 0.1, count),
        "fresh_food_set_c": np.full(count, 4.0),
        "freezer_set_c": np.full(count, -18.0),
        "compressor_duty_pct": np.clip(duty, 0, 100),
        "compressor_starts": np.floor(np.arange(count) * 40 / PER_DAY),
        "evaporator_fan_rpm": 2000 * (1 - 0.4 * fan) * (1 + rng.normal(0, 0.01, count)),
        "condenser_fan_rpm": 1100 * (1 + rng.normal(0, 0.01, count)),
    }
    values = np.full((count, len(FRIDGE)), np.nan)
    for name, column in columns.items():
        values[:, FRIDGE.index(name)] = column
    return ts, values


def block(
    kind: str,
    metrics: tuple[str, ...],
    rows: Sequence[tuple[str, int, Floats, str | None, str | None]],
) -> SampleBlock:
    """Samples given as (id, ts, values, mode, cycle) as a block."""
    count = len(rows)
    return SampleBlock(
        kind=kind,
        metrics=metrics,
        appliance_ids=[row[0] for row in rows],
        ts_ms=np.array([row[1] for row in rows], np.int64),
        values=np.array([row[2] for row in rows], float).reshape(count, len(metrics)),
        modes=[row[3] for row in rows],
        cycles=[row[4] for row in rows],
        seq=np.full(count, -1, np.int64),
        index=np.zeros(count, np.int64),
        flags=np.zeros(count, np.uint8),
        received_ms=max((row[1] for row in rows), default=0),
    )


def fridge_batches(faults: dict[str, str | None], *, days: int, seed: int = 1, hours: int = 24) -> list[AdmittedBatch]:
    """A fleet of refrigerators (id → fault) as batches of some hours each."""
    made = {name: fridge(seed * 1000 + number, days=days, fault=faults[name]) for number, name in enumerate(faults)}
    per_batch = hours * PER_DAY // 24
    batches = []
    for position, start in enumerate(range(0, days * PER_DAY, per_batch), start=1):
        rows = [
            (name, int(ts[place]), values[place], "cooling", None)
            for name, (ts, values) in made.items()
            for place in range(start, min(start + per_batch, days * PER_DAY))
        ]
        one = block("refrigerator", FRIDGE, rows)
        batches.append(AdmittedBatch(position, one.received_ms, len(rows), (one,)))
    return batches


def wash(appliance_id: str, number: int, rng: np.random.Generator, *, drain_factor: float = 1.0) -> SampleBlock:
    """One wash: phases a minute or more each, then a last sample when idle."""
    start = START_MS + number * DAY_MS
    phases = [("fill", 6), ("heat", 12), ("wash", 20), ("drain", 4), ("spin", 8), ("idle", 1)]
    rows: list[tuple[str, int, Floats, str | None, str | None]] = []
    minute = 0
    for mode, minutes in phases:
        for _ in range(minutes):
            reading = {
                "power_w": {"heat": 2000.0, "spin": 300.0}.get(mode, 60.0) * (1 + rng.normal(0, 0.01)),
                "load_kg": 4.0 + rng.normal(0, 0.1),
                "mains_v": 230 + rng.normal(0, 1),
                "fill_s": 180 * (1 + rng.normal(0, 0.02)),
                "drain_s": 60 * drain_factor * (1 + rng.normal(0, 0.02)),
                "coast_down_s": 25 * (1 + rng.normal(0, 0.02)),
            }
            if mode == "drain":
                reading["pump_w"] = 32 / drain_factor**0.3 * (1 + rng.normal(0, 0.01))
            if mode == "spin":
                reading |= {
                    "drum_rpm": 1200 + rng.normal(0, 5),
                    "vibration_mm_s": 4 * (1 + rng.normal(0, 0.05)),
                    "vibration_kurtosis": 3 * (1 + rng.normal(0, 0.03)),
                }
            values = np.array([reading.get(name, np.nan) for name in WASHER])
            rows.append((appliance_id, start + minute * 60_000, values, mode, None if mode == "idle" else str(number)))
            minute += 1
    return block("washing_machine", WASHER, rows)


class ListFeed:
    """A feed over batches that are all there."""

    def __init__(self, batches: list[AdmittedBatch]) -> None:
        self.batches = batches

    def next(self, after: int) -> AdmittedBatch | None:
        """The first batch behind a position."""
        return next((batch for batch in self.batches if batch.position > after), None)

    def __iter__(self) -> Iterator[AdmittedBatch]:
        return iter(self.batches)
