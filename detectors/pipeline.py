"""The detectors: which layers there are, in the order in which they run, and one detector for each appliance kind.

A kind without features is scored series by series instead (series/).

The pipeline is a fold: batch after batch in the order of the journal, it answers findings and conditions, and its state
after a batch depends on nothing but what was in the batches so far: where one ends and the next begins decides nothing.
Two things come near without being exact. What appliances teach each other is a sum, whose last digits depend on the order of
adding. And the order between different appliances is that of the batch, in which an event stands behind its appliance's
last sample, and what had waited in the reorder buffer comes behind what had not; it matters where a portion of that teaching
ends in between (portions.py), and moves a number by what one unit more or less teaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress

import numpy as np

from detectors.finding import Checkpoint, Condition, Finding, FleetFinding
from detectors.kinds.kind import KindDetector
from detectors.layering.fits import Fits
from detectors.layering.layer import Layer
from detectors.layers.conditions import Conditions
from detectors.layers.context import Context
from detectors.layers.cusum import Cusum
from detectors.layers.diagnosis import Diagnoses
from detectors.layers.error_codes import ErrorCodes
from detectors.layers.feedback import Feedback
from detectors.layers.forecasts import Forecasts
from detectors.layers.hygiene import Hygiene
from detectors.layers.inhibition import Inhibition
from detectors.layers.noise import Noise
from detectors.layers.peers import Peers
from detectors.layers.plug import Plug
from detectors.layers.point_bank import PointBank
from detectors.layers.predictions import Predictions
from detectors.layers.retelling import Retelling
from detectors.layers.rules import Rules
from detectors.layers.runs import Runs
from detectors.layers.units import Units
from detectors.series.detector import SeriesDetector
from detectors.state import checkpoint
from detectors.state.checkpoint import Layouts, Packed, Shared
from detectors.state.layout import Layout
from ingest.profiles import profile_for
from ingest.profiles.definition import Profile
from ingest.sample import TEST_MODE, AdmittedBatch, EventType, Lesson, SampleBlock, Status

ENDS = frozenset(
    {
        EventType.CYCLE_FINISHED,
        EventType.ERROR_CODE,
        EventType.PART_REPLACED,
        EventType.MOVED,
        EventType.SETTING_CHANGED,
        EventType.FIRMWARE_UPDATED,
    }
)
"""Events after which something is not as it was."""
LAYERS: tuple[type[Layer], ...] = (
    PointBank,  # L2: how far each reading is from what is usual for its metric
    Noise,  # L0: sensors that scatter, before anything is left out
    Hygiene,  # L0: which readings to believe; faults of the data
    Rules,  # L1: fixed limits
    ErrorCodes,  # L1: what the appliance itself reports
    Units,  # L3: days or cycles
    Runs,  # how long a plugged appliance stays on
    Plug,  # what its runs lead to
    Context,  # L4: how far a day or cycle is from what it should be
    Peers,  # L4: what its peers show, too, is not its own
    Inhibition,  # L9: who waits, for many of its group are conspicuous at once
    Cusum,  # L5: what deviations have come to
    Diagnoses,  # L6: which fault mode explains them
    Feedback,  # L10: how strongly they must show, by what technicians found
    Predictions,  # L9: findings by evidence
    Retelling,  # L8: what has become of them, and when it will fail
    Forecasts,  # L10: how probable, by what verdicts taught
    Conditions,  # L7: what is said of the appliance now
)
DATA_FAULTS: Mapping[str, Mapping[str, str]] = {
    name: title for one in LAYERS for name, title in one.data_faults.items()
}
"""The faults of the data that any layer raises: name → title by language."""
ALARMS_PER_YEAR = 0.2
"""Default budget of false alarms per appliance-year."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one batch led to."""

    findings: list[Finding] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    fleet_findings: list[FleetFinding] = field(default_factory=list)

    def add(self, told: tuple[list[Finding], list[Condition]]) -> None:
        """Add what one detector has said."""
        self.findings.extend(told[0])
        self.conditions.extend(told[1])


@dataclass(slots=True)
class Restored:
    """What became of a checkpoint."""

    relearning: int = 0
    """How many appliances must learn anew, their state being of a form that nobody knows."""
    findings: list[Finding] = field(default_factory=list)
    """The ends of findings whose fault mode is gone."""


class Pipeline:
    """Folds admitted batches into findings and conditions."""

    def __init__(
        self,
        profiles: Mapping[str, Profile],
        *,
        alarms_per_year: float = ALARMS_PER_YEAR,
        layers: Sequence[type[Layer]] = LAYERS,
        fits: Fits | None = None,
    ) -> None:
        self.profiles = profiles
        self.fits = fits or Fits()
        self.alarms_per_year = alarms_per_year
        self.layers = tuple(layers)
        self.detectors: dict[str, KindDetector | SeriesDetector] = {}
        self._before = Layouts()
        self._layouts = b""

    def anew(self) -> Pipeline:
        """The same pipeline before anything was folded in."""
        return Pipeline(self.profiles, alarms_per_year=self.alarms_per_year, layers=self.layers, fits=self.fits)

    def detector(self, kind: str) -> KindDetector | SeriesDetector:
        """The detector of an appliance kind, made at first sight."""
        if kind not in self.detectors:
            profile = profile_for(kind, self.profiles)
            self._layouts = b""
            if profile.features:
                before = self._before.rows.get(self._before.current.get(kind, 0))
                self.detectors[kind] = KindDetector(
                    profile, self.layers, alarms_per_year=self.alarms_per_year, before=before, fits=self.fits
                )
            else:
                self.detectors[kind] = SeriesDetector(kind, alarms_per_year=self.alarms_per_year)
        return self.detectors[kind]

    def fold(self, batch: AdmittedBatch) -> Outcome:
        """Take in one batch, each appliance's samples and events in the order of their times."""
        outcome = Outcome()
        for status in batch.statuses:
            self._know(status)
        for lesson in batch.lessons:
            self._hear(lesson)
        events = [event for event in batch.events if event.type in ENDS]
        for block in filter(len, map(untested, batch.blocks)):
            mine = set(block.appliance_ids) if events else set[str]()
            is_here = [event.appliance_id in mine and event.kind == block.kind for event in events]
            here = list(compress(events, is_here))
            events = [event for event, is_taken in zip(events, is_here, strict=True) if not is_taken]
            outcome.add(self.detector(block.kind).fold(block, here))
        for kind in sorted({event.kind for event in events}):
            outcome.add(self.detector(kind).happen([event for event in events if event.kind == kind]))
        for detector in self.detectors.values():
            if isinstance(detector, KindDetector):
                outcome.fleet_findings.extend(detector.fleet_findings)
                detector.fleet_findings.clear()
        return outcome

    def _know(self, status: Status) -> None:
        """Take in what an appliance says at birth of itself."""
        if status.state is not None and profile_for(status.kind, self.profiles).features:
            detector = self.detector(status.kind)
            if isinstance(detector, KindDetector):
                detector.know(status)

    def _hear(self, lesson: Lesson) -> None:
        """Take in what people found out about an appliance; of kinds without features nothing follows from it."""
        if profile_for(lesson.kind, self.profiles).features:
            detector = self.detector(lesson.kind)
            if isinstance(detector, KindDetector):
                detector.hear(lesson)

    def strictness(self) -> dict[tuple[str, str], float]:
        """By kind and fault mode, how many times as strongly as usual it must show, by what technicians found."""
        return {
            (kind, mode): factor
            for kind, detector in [*self.detectors.items()]
            if isinstance(detector, KindDetector)
            for layer in detector.layers
            if isinstance(layer, Feedback)
            for mode, factor in layer.strictness().items()
        }

    def waiting(self) -> dict[str, int]:
        """By kind, how many appliances came over their thresholds at once in the largest group whose alarms wait for that."""
        return {
            kind: crossed
            for kind, detector in [*self.detectors.items()]
            if isinstance(detector, KindDetector)
            for layer in detector.layers
            if isinstance(layer, Inhibition)
            if (crossed := layer.waiting())
        }

    def drift(self) -> dict[tuple[str, str], float]:
        """By kind and input of the released fit, how far findings of late are from those that it was learned from."""
        return {(kind, name): value for kind, one in self._forecasts() for name, value in one.drift().items()}

    def judged(self) -> dict[tuple[str, str], tuple[int, float]]:
        """By kind and who judged (evidence, released, candidate): verdicts, and the mean squared error by them."""
        return {(kind, who): value for kind, one in self._forecasts() for who, value in one.judged().items()}

    def _forecasts(self) -> list[tuple[str, Forecasts]]:
        """The layer that judges by fits, by kind."""
        return [
            (kind, layer)
            for kind, detector in [*self.detectors.items()]
            if isinstance(detector, KindDetector)
            for layer in detector.layers
            if isinstance(layer, Forecasts)
        ]

    def touch(self, appliance_ids: Iterable[str]) -> None:
        """Have the rows of these appliances among the next changes, where there are any."""
        for appliance_id in appliance_ids:
            for detector in self.detectors.values():
                detector.touch(appliance_id)

    def packed_changes(self) -> dict[str, bytes]:
        """State rows of the appliances that changed since the last call."""
        return {
            appliance_id: row
            for detector in self.detectors.values()
            for appliance_id, row in detector.packed_changes().items()
        }

    def shared(self) -> bytes:
        """State that belongs to no single appliance."""
        self._layouts = self._layouts or checkpoint.pack_layouts(self._all_layouts())
        return checkpoint.pack_shared({kind: one.shared() for kind, one in self.detectors.items()}, self._layouts)

    def _all_layouts(self) -> Layouts:
        """The layouts of all rows: those written from now on, and those that stay as they were read."""
        known = {kind: one for kind, one in self.detectors.items() if isinstance(one, KindDetector)}
        current = {kind: one.table.number for kind, one in known.items()}
        rows = self._before.rows | {one.table.number: one.table.layout for one in known.values()}
        return Layouts(rows, current, {kind: one.fleet_layout for kind, one in known.items()})

    def restore(self, stored: Checkpoint) -> Restored:
        """Go on from a checkpoint, whatever has changed in profiles and layers since."""
        by_kind: dict[str, list[Packed]] = {}
        groups, refused = checkpoint.opened(stored.rows)
        restored = Restored(refused)
        for group in groups:
            by_kind.setdefault(group.kind, []).append(group)
        shared = checkpoint.unpack_shared(stored.shared)
        self._keep(shared, {group.number for group in groups if group.form == checkpoint.LABELLED})
        for kind, rows in sorted(by_kind.items()):
            refused, ended = self.detector(kind).restore(rows, shared.layouts)
            restored.relearning += refused
            restored.findings += ended
        for kind, arrays in shared.arrays.items():
            self.detector(kind).restore_shared(arrays, shared.layouts.fleet.get(kind, Layout((), ())))
        return restored

    def _keep(self, shared: Shared, needed: set[int]) -> None:
        """Keep the layouts of rows that are there, for not all of them will soon be written again."""
        layouts = shared.layouts
        kept = {number: one for number, one in layouts.rows.items() if number in needed | {*layouts.current.values()}}
        self._before, self._layouts = Layouts(kept, layouts.current, layouts.fleet), b""


def untested(block: SampleBlock) -> SampleBlock:
    """The block without what remote tests have caused: it is no sign of how the appliance is by itself."""
    if TEST_MODE not in block.modes:
        return block
    return block.taken(np.flatnonzero([mode != TEST_MODE for mode in block.modes]))
