"""The detectors, in the order in which they run, for all appliance kinds.

L0 hygiene → L1 rules → L2 point bank (reading by reading) → L3 cycles → L4 context → L5 evidence → L6/L7 diagnosis →
L9 episodes (day by day, or cycle by cycle). A kind without features is scored series by series (series.py).

The pipeline is a fold: batch after batch in the order of the journal, it answers findings and conditions, and its state
after a batch depends on nothing but what was in the batches so far: where one ends and the next begins decides nothing.
Two things come near without being exact. What appliances teach each other is a sum, whose last digits depend on the order of
adding. And the order between different appliances is that of the batch, in which an event stands behind its appliance's
last sample, and what had waited in the reorder buffer comes behind what had not; it matters where a portion of that teaching
ends in between (portions.py), and moves a number by what one unit more or less teaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

from detectors import checkpoint
from detectors.finding import Checkpoint, Condition, Finding
from detectors.kind import KindDetector
from detectors.series_kind import SeriesDetector
from ingest.profiles import profile_for
from ingest.profiles.definition import Profile
from ingest.sample import AdmittedBatch, EventType

ENDS = frozenset(
    {
        EventType.CYCLE_FINISHED,
        EventType.ERROR_CODE,
        EventType.PART_REPLACED,
        EventType.MOVED,
        EventType.SETTING_CHANGED,
    }
)
"""Events after which something is not as it was."""
ALARMS_PER_YEAR = 0.2
"""Default budget of false alarms per appliance-year."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one batch led to."""

    findings: list[Finding] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)

    def add(self, told: tuple[list[Finding], list[Condition]]) -> None:
        """Add what one detector has said."""
        self.findings.extend(told[0])
        self.conditions.extend(told[1])


class Pipeline:
    """Folds admitted batches into findings and conditions."""

    def __init__(self, profiles: Mapping[str, Profile], *, alarms_per_year: float = ALARMS_PER_YEAR) -> None:
        self.profiles = profiles
        self.alarms_per_year = alarms_per_year
        self.detectors: dict[str, KindDetector | SeriesDetector] = {}

    def anew(self) -> Pipeline:
        """The same pipeline before anything was folded in."""
        return Pipeline(self.profiles, alarms_per_year=self.alarms_per_year)

    def detector(self, kind: str) -> KindDetector | SeriesDetector:
        """The detector of an appliance kind, made at first sight."""
        if kind not in self.detectors:
            profile = profile_for(kind, self.profiles)
            if profile.features:
                self.detectors[kind] = KindDetector(profile, alarms_per_year=self.alarms_per_year)
            else:
                self.detectors[kind] = SeriesDetector(kind, alarms_per_year=self.alarms_per_year)
        return self.detectors[kind]

    def fold(self, batch: AdmittedBatch) -> Outcome:
        """Take in one batch, each appliance's samples and events in the order of their times."""
        outcome = Outcome()
        events = [event for event in batch.events if event.type in ENDS]
        for block in batch.blocks:
            mine = set(block.appliance_ids) if events else set[str]()
            is_here = [event.appliance_id in mine and event.kind == block.kind for event in events]
            here = list(compress(events, is_here))
            events = [event for event, is_taken in zip(events, is_here, strict=True) if not is_taken]
            outcome.add(self.detector(block.kind).fold(block, here))
        for kind in sorted({event.kind for event in events}):
            outcome.add(self.detector(kind).happen([event for event in events if event.kind == kind]))
        return outcome

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
        arrays: dict[str, Any] = {
            f"{kind}/{name}": array
            for kind, detector in self.detectors.items()
            for name, array in detector.shared().items()
        }
        return checkpoint.pack_shared(arrays)

    def restore(self, stored: Checkpoint) -> int:
        """Go on from a checkpoint; returns how many appliances must learn anew, their state being of another format."""
        by_kind: dict[str, list[tuple[str, bytes]]] = {}
        refused = 0
        for appliance_id, row in stored.rows.items():
            kind = checkpoint.kind_of(row)
            if kind is None:
                refused += 1
            else:
                by_kind.setdefault(kind, []).append((appliance_id, row))
        for kind, rows in sorted(by_kind.items()):
            refused += self.detector(kind).restore(rows)
        shared: dict[str, dict[str, Any]] = {}
        for name, array in checkpoint.unpack_shared(stored.shared).items():
            kind, _, rest = name.partition("/")
            shared.setdefault(kind, {})[rest] = array
        for kind, arrays in shared.items():
            self.detector(kind).restore_shared(arrays)
        return refused
