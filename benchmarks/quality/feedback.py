"""What verdicts are worth: appliances made of noise (budget.py) of which many show a fault mode for a while and have none.

In each kind one fault mode is a bad one: sound appliances move along its signature for some weeks, as by a habit, and come
back. One in forty has the fault itself, which grows until it fails. Each finding of the mode gets its verdict three days or
cycles later, and what is confirmed is repaired. The same fleet is judged once with verdicts and once without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.figure import Figure
from benchmarks.quality.budget import DAY_MS, START_MS, made
from benchmarks.quality.series import profiles
from detectors.evaluation import intervals
from detectors.kinds.kind import KindDetector
from detectors.layering.piece import Piece
from detectors.layers.context import Context
from detectors.layers.cusum import Cusum
from detectors.layers.diagnosis import Diagnoses
from detectors.layers.feedback import Feedback
from detectors.layers.predictions import Predictions
from ingest.sample import Event, EventType, Lesson

LAYERS = (Context, Cusum, Diagnoses, Feedback, Predictions)
BAD = {"refrigerator": "condenser_fouling", "dryer": "vent_clog"}
SEEDS = (6_101, 6_102)
APPLIANCES, UNITS = 1_200, 330
FAULTY_EVERY = 40
BEGINS, GROWS = (60.0, 240.0), (50.0, 90.0)
EXCURSIONS_PER_UNIT, EXCURSION_UNITS, EXCURSION_HEIGHT = 1 / 150, (8.0, 25.0), (0.1, 0.3)
VERDICT_AFTER, VERDICTS = 3, 30


@dataclass(slots=True)
class Told:
    """What was raised of the bad mode: appliance, unit and whether it was true; and which faults were met before they failed."""

    findings: list[tuple[int, int, bool]]
    met: set[int]
    faulty: int

    def precision(self, *, after: int = 0) -> tuple[int, int]:
        """How many of the findings behind the first so many were true, and how many there were."""
        kept = self.findings[after:]
        return sum(is_true for *_, is_true in kept), len(kept)


def measure() -> Iterator[Figure]:
    """Precision and recall of the bad modes, with verdicts and without."""
    for name, hears in (("without verdicts", False), ("with verdicts", True)):
        told = [judged(kind, seed, hears=hears) for kind in BAD for seed in SEEDS]
        after = VERDICTS if hears else 0
        right, n = (sum(part) for part in zip(*(one.precision(after=after) for one in told), strict=True))
        met, faulty = sum(len(one.met) for one in told), sum(one.faulty for one in told)
        about = f"{name}{', behind the first 30' if hears else ''}, 95 % {_ends(right, n)}"
        yield Figure("feedback_precision", right / max(n, 1), about, n)
        yield Figure("feedback_recall", met / faulty, f"{name}, 95 % {_ends(met, faulty)}", faulty)


def judged(kind: str, seed: int, *, hears: bool, appliances: int = APPLIANCES, units: int = UNITS) -> Told:
    """What is raised of the bad mode of one kind."""
    detector = KindDetector(profiles()[kind], LAYERS, alarms_per_year=0.2)
    for number in range(appliances):
        detector.row_of(f"{kind}-{number}")
    context = next(layer for layer in detector.layers if isinstance(layer, Context))
    signed = context.setting.signed.index(BAD[kind])
    along = context.setting.signatures[signed] * context.floor
    rng = np.random.default_rng(seed + 1)
    faulty = np.arange(0, appliances, FAULTY_EVERY)
    onset, grows = rng.uniform(*BEGINS, len(faulty)), rng.uniform(*GROWS, len(faulty))
    height, until = np.zeros(appliances), np.zeros(appliances)
    repaired: dict[int, int] = {}
    told, due = Told([], set(), len(faulty)), list[tuple[int, Lesson, int]]()
    for unit, rows in enumerate(made(context, seed, appliances, units)):
        begins = (rng.random(appliances) < EXCURSIONS_PER_UNIT) & (until < unit)
        height[begins] = rng.uniform(*EXCURSION_HEIGHT, int(begins.sum()))
        until[begins] = unit + rng.uniform(*EXCURSION_UNITS, int(begins.sum()))
        moved = np.where(until > unit, height, 0.0)
        severity = np.clip((unit - onset) / grows, 0.0, 1.0)
        severity[[place for place, one in enumerate(faulty) if int(one) in repaired]] = 0.0
        moved[faulty] = severity
        rows.features[:] += moved[:, None] * along
        for one in _folded(detector, Piece([], [], units=rows)).findings:
            number = int(one.appliance_id.rpartition("-")[2])
            if one.is_new and one.fault_mode == BAD[kind]:
                is_true = bool(number % FAULTY_EVERY == 0 and severity[number // FAULTY_EVERY] > 0)
                told.findings.append((number, unit, is_true))
                if is_true and severity[number // FAULTY_EVERY] < 1:
                    told.met.add(number)
                verdict = "confirmed" if is_true else "no_fault_found"
                lesson = Lesson(one.appliance_id, kind, len(told.findings), one.raised_ms, one.fault_mode, verdict)
                due.append((unit + VERDICT_AFTER, lesson, number))
        for _, lesson, number in [item for item in due if item[0] == unit]:
            if hears:
                detector.hear(lesson)
            if lesson.verdict == "confirmed":
                repaired[number] = unit
                _repair(detector, lesson, START_MS + (unit + 1) * DAY_MS)
    return told


def _folded(detector: KindDetector, piece: Piece) -> Piece:
    """A piece through the layers; a portion of teaching begins with each unit."""
    if piece.units is not None:
        for layer in detector.layers:
            layer.take_over()
    for layer in detector.layers:
        layer.take(piece)
    for layer in detector.layers:
        layer.learn(piece)
    return piece


def _repair(detector: KindDetector, lesson: Lesson, now_ms: int) -> None:
    """The part is replaced."""
    data: Mapping[str, object] = {"component": "part"}
    event = Event(lesson.appliance_id, lesson.kind, now_ms, now_ms, EventType.PART_REPLACED, data=data)
    _folded(detector, Piece([], [], event=event, row=detector.index[lesson.appliance_id]))


def _ends(hits: int, n: int) -> str:
    ends = intervals.of_share(hits, n)
    return "" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"
