"""Cases: findings of recorded fleets as they stood, unit by unit, with what came of them.

Gathered by the live pipeline over each fleet folder (:func:`gathered`), so that a fit sees at its training just what it will see.
A case is confirmed where the first verdict on its finding names its fault mode, and None while nobody looked. It fails within thirty
days or doesn't, and None where the record, or the life of the part, ends before that is known. :attr:`Cases.looks` are a look at each
appliance every :data:`LOOK_EVERY` days, whether something stands or not, for figures over all appliances.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from detectors.backtest.fleet_folder import FleetFolder
from detectors.evaluation.truth import DAY_MS, read_truth
from detectors.finding import Finding
from detectors.kinds.kind import KindDetector
from detectors.layering.fits import Moment
from detectors.learning.verdicts import BELONGS_MS, Verdict, read_verdicts, supposed
from detectors.pipeline import ALARMS_PER_YEAR, Pipeline
from ingest.profiles.definition import Profile
from ingest.sample import EventType

AHEAD_MS = 30 * DAY_MS
LOOK_EVERY_MS = 10 * DAY_MS
FIRST_LOOK_MS = 30 * DAY_MS
STALE_MS = 10 * DAY_MS
"""A unit that old says nothing of now: a day that was missed, or a week without a cycle."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One moment of a finding, and what came of it; ``unit`` is the appliance in its fleet, which no fold of a validation cuts."""

    unit: str
    kind: str
    moment: Moment
    is_confirmed: bool | None
    fails: bool | None

    @property
    def finding(self) -> tuple[str, str, int]:
        """Which finding it belongs to."""
        return self.unit, self.moment.fault_mode, self.moment.raised_ms


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """An appliance at one time: the newest case of what stands, None where nothing does, and whether it fails within thirty days."""

    unit: str
    kind: str
    case: Case | None
    fails: bool


@dataclass(slots=True, eq=False)
class Cases:
    """What was gathered."""

    cases: list[Case] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By kind, the names of the inputs."""
    fleets: dict[str, str] = field(default_factory=dict)
    """By folder, the hash of its data."""
    is_supposed: bool = False
    """Whether verdicts were supposed from a simulator's truth, as a desk would have had them."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the pipeline said of one fleet."""

    moments: Mapping[str, Sequence[Moment]]
    """By kind."""
    spans: Mapping[str, tuple[int, int]]
    kinds: Mapping[str, str]
    cleared: Mapping[tuple[str, str, int], int]
    replaced: Mapping[str, Sequence[int]]


def gathered(
    fleets: Sequence[Path], profiles: Mapping[str, Profile], *, alarms_per_year: float = ALARMS_PER_YEAR
) -> Cases:
    """The cases of recorded fleets, each with its ``verdicts.csv``, or with the truth of a simulator."""
    cases = Cases()
    for number, fleet in enumerate(fleets):
        seen, names = _seen(fleet, profiles, alarms_per_year)
        verdicts = read_verdicts(fleet)
        if verdicts is None:
            raised = {
                (one.appliance_id, one.fault_mode, one.raised_ms) for ones in seen.moments.values() for one in ones
            }
            verdicts, cases.is_supposed = supposed(read_truth(fleet), sorted(raised)), True
        _add(cases, f"{number}/", seen, verdicts)
        cases.names |= names
        cases.fleets[str(fleet)] = hash_of(fleet)
    return cases


def hash_of(fleet: Path) -> str:
    """SHA-256 over the names and contents of a fleet folder's files, in the order of their names."""
    whole = hashlib.sha256()
    for file in sorted(one for one in fleet.rglob("*") if one.is_file()):
        whole.update(f"{file.relative_to(fleet)}\n".encode())
        with file.open("rb") as opened:
            whole.update(hashlib.file_digest(opened, "sha256").digest())
    return whole.hexdigest()


def _seen(
    fleet: Path, profiles: Mapping[str, Profile], alarms_per_year: float
) -> tuple[Seen, dict[str, tuple[str, ...]]]:
    """Fold over a fleet, and keep what stood."""
    folder = FleetFolder(fleet)
    kinds = folder.kinds()
    pipeline = Pipeline(profiles, alarms_per_year=alarms_per_year)
    moments: dict[str, list[Moment]] = {}
    names: dict[str, tuple[str, ...]] = {}
    for kind in sorted(set(kinds.values())):
        detector = pipeline.detector(kind)
        if isinstance(detector, KindDetector):
            kept = moments.setdefault(kind, [])
            detector.listen = lambda piece, kept=kept: kept.extend(piece.moments)
            names[kind] = detector.layers[0].setting.input_names
    cleared: dict[tuple[str, str, int], int] = {}
    replaced: dict[str, list[int]] = {}
    for batch in folder.batches():
        found: Iterable[Finding] = pipeline.fold(batch).findings
        cleared |= {
            (one.appliance_id, one.fault_mode, one.raised_ms): one.cleared_ms
            for one in found
            if one.cleared_ms is not None
        }
        for event in batch.events:
            if event.type is EventType.PART_REPLACED:
                replaced.setdefault(event.appliance_id, []).append(event.ts_ms)
    return Seen(moments, folder.spans(), kinds, cleared, replaced), names


def _add(cases: Cases, prefix: str, seen: Seen, verdicts: Sequence[Verdict]) -> None:
    """Add what one fleet teaches."""
    mine: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        mine.setdefault(verdict.appliance_id, []).append(verdict)
    latest: dict[str, list[Case]] = {}
    for kind, moments in seen.moments.items():
        for one in moments:
            outcome = Outcome.of(mine.get(one.appliance_id, ()), seen, one.appliance_id)
            made = Case(prefix + one.appliance_id, kind, one, outcome.confirms(one), outcome.fails(one.now_ms))
            cases.cases.append(made)
            latest.setdefault(one.appliance_id, []).append(made)
    for appliance_id, (first, last) in seen.spans.items():
        if seen.kinds[appliance_id] not in seen.moments:
            continue
        outcome = Outcome.of(mine.get(appliance_id, ()), seen, appliance_id)
        for at in range(first + FIRST_LOOK_MS, last, LOOK_EVERY_MS):
            fails = outcome.fails(at)
            if fails is not None:
                case = _standing(latest.get(appliance_id, ()), seen, at)
                cases.looks.append(Look(prefix + appliance_id, seen.kinds[appliance_id], case, fails))


def _standing(cases: Sequence[Case], seen: Seen, at: int) -> Case | None:
    """The newest case of what stands at a time."""
    for case in reversed(cases):
        one = case.moment
        end = seen.cleared.get((one.appliance_id, one.fault_mode, one.raised_ms), at + 1)
        if one.now_ms <= at < end:
            return case if at - one.now_ms <= STALE_MS else None
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of one appliance."""

    verdicts: Sequence[Verdict]
    failures: Sequence[int]
    replaced: Sequence[int]
    last_ms: int

    @classmethod
    def of(cls, verdicts: Sequence[Verdict], seen: Seen, appliance_id: str) -> Outcome:
        """From its verdicts and events."""
        failures = sorted({one.failed_ms for one in verdicts if one.failed_ms is not None})
        return cls(verdicts, failures, sorted(seen.replaced.get(appliance_id, ())), seen.spans[appliance_id][1])

    def confirms(self, moment: Moment) -> bool | None:
        """Whether the first who looked found the fault mode of a finding."""
        for verdict in self.verdicts:
            if moment.raised_ms <= verdict.ts_ms <= moment.raised_ms + BELONGS_MS:
                return verdict.fault_mode == moment.fault_mode
        return None

    def fails(self, at: int) -> bool | None:
        """Whether it breaks down within thirty days; None where that isn't known, or it is broken."""
        before = [ts for ts in self.failures if ts <= at]
        if before and not any(before[-1] <= ts <= at for ts in self.replaced):
            return None
        if any(at < ts <= at + AHEAD_MS for ts in self.failures):
            return True
        if any(at < ts <= at + AHEAD_MS for ts in self.replaced):
            return None
        return False if at + AHEAD_MS <= self.last_ms else None
