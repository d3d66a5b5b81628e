"""What peers are worth: sound and faulty appliances made of noise (budget.py), with a heat wave, firmware that nobody speaks of, or neither.

The heat wave moves some features of all appliances for two weeks, the firmware some of a half for good; without an event. Faults grow along
a signature of the profile, to failure level in fifteen units, at one appliance in ten. Each row is measured with the layer and without it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.figure import Figure
from benchmarks.quality.budget import made
from benchmarks.quality.series import profiles
from detectors.kinds.kind import KindDetector
from detectors.layering.layer import Layer
from detectors.layering.piece import Piece, UnitRows
from detectors.layers.context import Context
from detectors.layers.cusum import Cusum
from detectors.layers.diagnosis import Diagnoses
from detectors.layers.inhibition import Inhibition
from detectors.layers.peers import Peers
from detectors.layers.predictions import Predictions
from ingest.sample import Status, StatusState

WITH: tuple[type[Layer], ...] = (Context, Peers, Inhibition, Cusum, Diagnoses, Predictions)
KINDS = ("refrigerator", "air_conditioner", "dryer")
SEEDS = (7311, 7312)
APPLIANCES, UNITS = 250, 200
FAULTY, GROWS_UNITS = 25, 15
BEGINS, LASTS = 100, 14
SIGMA = 3.0
STRENGTH = 0.5


def measure() -> Iterator[Figure]:
    """False alarms per appliance, and the share of faults found before failure, of all kinds and seeds."""
    for disturbed in ("nothing", "heat wave", "firmware on a half"):
        for layers in (WITH, tuple(one for one in WITH if one not in {Peers, Inhibition})):
            runs = [run(kind, seed, disturbed, layers) for kind in KINDS for seed in SEEDS]
            false, found, sound, faulty = (sum(column) for column in zip(*runs, strict=True))
            about = f"{disturbed}, {'with' if Peers in layers else 'without'} peers, seeds {SEEDS}"
            yield Figure("peers_false_per_appliance", false / sound, about, false)
            yield Figure("peers_recall", found / faulty, about, found)


def run(kind: str, seed: int, disturbed: str, layers: tuple[type[Layer], ...]) -> tuple[int, int, int, int]:
    """One fleet: false alarms, faults found, sound and faulty appliances."""
    detector = KindDetector(profiles()[kind], layers, alarms_per_year=0.2)
    for number in range(APPLIANCES):
        detector.row_of(f"{kind}-{number}")
        firmware = "2" if number < APPLIANCES // 2 else "1"
        detector.know(Status(f"{kind}-{number}", kind, 0, 0, StatusState.ONLINE, model="M", firmware=firmware))
    context = next(layer for layer in detector.layers if isinstance(layer, Context))
    rng = np.random.default_rng(seed)
    size = len(context.floor)
    move = context.floor * SIGMA * rng.normal(size=size) * (rng.random(size) < 0.4)
    ways = rng.integers(0, len(context.setting.signatures), FAULTY)
    onset = rng.integers(60, UNITS - GROWS_UNITS, FAULTY)
    grown = context.setting.signatures[ways] * context.floor * STRENGTH
    false, found = 0, set[str]()
    faulty = {f"{kind}-{number}" for number in range(0, FAULTY * 9, 9)}
    for unit, rows in enumerate(made(context, seed, APPLIANCES, UNITS)):
        if disturbed == "heat wave" and BEGINS <= unit < BEGINS + LASTS:
            rows.features[:] += move
        if disturbed == "firmware on a half" and unit >= BEGINS:
            rows.features[: APPLIANCES // 2] += move
        severity = np.clip((unit - onset) / GROWS_UNITS, 0, 1)[:, None]
        rows.features[0 : FAULTY * 9 : 9] += severity * grown
        failed = {f"{kind}-{number * 9}" for number in np.flatnonzero(unit > onset + GROWS_UNITS).tolist()}
        for one in folded(detector, rows).findings:
            if one.is_new and not one.is_data_fault:
                if one.appliance_id not in faulty:
                    false += 1
                elif one.appliance_id not in failed and (severity[int(one.appliance_id.split("-")[1]) // 9, 0] > 0):
                    found.add(one.appliance_id)
    return false, len(found), APPLIANCES - FAULTY, FAULTY


def folded(detector: KindDetector, rows: UnitRows) -> Piece:
    """A unit of each appliance through the layers."""
    for layer in detector.layers:
        layer.take_over()
    piece = Piece([], [], units=rows)
    for layer in detector.layers:
        layer.take(piece)
    for layer in detector.layers:
        layer.learn(piece)
    return piece
