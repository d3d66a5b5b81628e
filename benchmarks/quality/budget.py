"""Whether the asked rate of false alarms is what comes: sound appliances made of noise, from days or cycles to findings.

Nothing is simulated and nothing is faulty, so every finding by evidence is a false alarm, and appliance-years are cheap. The
noise is unlike what theory thinks of: heavy tails, memory, features that move together, a width of each appliance's own, and
once a year a habit that moves some features for weeks and goes again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.figure import Figure
from benchmarks.quality.series import profiles
from detectors.kinds.kind import KindDetector
from detectors.layering.piece import Piece, UnitRows
from detectors.layers.context import Context
from detectors.layers.cusum import ROWS_PER_YEAR, Cusum
from detectors.layers.diagnosis import Diagnoses
from detectors.layers.predictions import Predictions

LAYERS = (Context, Cusum, Diagnoses, Predictions)
SEEDS = {"refrigerator": 41, "water_heater": 42, "air_conditioner": 43, "dryer": 44}
BUDGETS = (0.02, 0.2, 2.0)
APPLIANCES, UNITS = 250, 240
HABITS_PER_UNIT, HABIT_UNITS = 1 / 365, (8.0, 50.0)
START_MS, DAY_MS = 1_767_571_200_000, 86_400_000


def measure() -> Iterator[Figure]:
    """What came of what was asked for, by kind and budget."""
    for asked in BUDGETS:
        total, years = 0, 0.0
        for kind, seed in SEEDS.items():
            alarms, watched = false_alarms(kind, seed, asked=asked)
            total, years = total + alarms, years + watched
            about = f"asked {asked:g}, {kind}, seed {seed}, {watched:.0f} years"
            yield Figure("budget_false_per_year", alarms / watched, about, alarms)
        yield Figure("budget_false_per_year", total / years, f"asked {asked:g}, all kinds, {years:.0f} years", total)


def false_alarms(
    kind: str, seed: int, *, asked: float, appliances: int = APPLIANCES, units: int = UNITS
) -> tuple[int, float]:
    """How many false alarms were raised, and in how many appliance-years."""
    profile = profiles()[kind]
    detector = KindDetector(profile, LAYERS, alarms_per_year=asked)
    for number in range(appliances):
        detector.row_of(f"{kind}-{number}")
    context = next(layer for layer in detector.layers if isinstance(layer, Context))
    alarms = 0
    for rows in made(context, seed, appliances, units):
        for layer in detector.layers:
            layer.take_over()
        piece = Piece([], [], units=rows)
        for layer in detector.layers:
            layer.take(piece)
        for layer in detector.layers:
            layer.learn(piece)
        alarms += sum(one.is_new and not one.is_data_fault for one in piece.findings)
    return alarms, appliances * units / ROWS_PER_YEAR[profile.unit]


def made(context: Context, seed: int, appliances: int, units: int) -> Iterator[UnitRows]:
    """A unit of each appliance, again and again."""
    rng = np.random.default_rng(seed)
    features, contexts = len(context.floor), len(context.setting.values.contexts)
    first = context.context_of[:, 0]
    usual = rng.normal(0, 1, (appliances, features))
    width = context.floor * np.exp(rng.normal(0.2, 0.5, (appliances, features)))
    memory, freedom = rng.uniform(0.1, 0.6, features), rng.uniform(4, 12, features)
    common, slope = rng.normal(0, 0.5, (2, features)), rng.normal(0, 1, features)
    room = rng.normal(20, 2, (appliances, contexts))
    noise, habit, until = np.zeros((appliances, features)), np.zeros((appliances, features)), np.zeros(appliances)
    which = np.arange(appliances)
    for unit in range(units):
        fresh = rng.standard_t(freedom, (appliances, features)) / np.sqrt(freedom / (freedom - 2))
        fresh = (fresh + rng.normal(0, 1, (appliances, 2)) @ common) / np.sqrt(1 + np.square(common).sum(axis=0))
        noise = memory * noise + np.sqrt(1 - np.square(memory)) * fresh
        begins = (rng.random(appliances) < HABITS_PER_UNIT) & (until < unit)
        until[begins] = unit + rng.uniform(*HABIT_UNITS, int(begins.sum()))
        moved = rng.normal(0, 1.2, (int(begins.sum()), features))
        habit[begins] = moved * (rng.random(moved.shape) < 0.3)
        habit[until < unit] = 0
        season = 2 * np.sin(2 * np.pi * unit / 365)
        explained = room + season + rng.normal(0, 1, (appliances, contexts))
        drawn = np.where(first >= 0, explained[:, np.maximum(first, 0)] - 20, 0.0) if contexts else 0.0
        values = usual + width * (noise + habit + slope * drawn / 2)
        start = np.full(appliances, START_MS + unit * DAY_MS)
        yield UnitRows(which, start, start + DAY_MS, np.ones(appliances, bool), values, explained)
