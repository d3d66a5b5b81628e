"""Days and cycles of a simulated fleet, kept once, and judged as often as wanted: by other layers, or at another budget.

What is dear is the way from readings to days and cycles. :class:`Keeper`, a layer behind those that go it, keeps what they
hand on, what they found, and where portions of teaching began; the layers behind are then run over that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from benchmarks.quality.series import profiles
from detectors.backtest.fleet_folder import FleetFolder
from detectors.evaluation.raised import Raised
from detectors.evaluation.truth import Truth, read_truth
from detectors.finding import Finding, FindingChannel
from detectors.kinds.kind import KindDetector
from detectors.layering.data_standing import DataFault
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Piece
from detectors.layers.context import Context
from detectors.pipeline import ALARMS_PER_YEAR, LAYERS, Pipeline
from ingest.recordings.times import parse_time
from simulator.distribution import Distribution
from simulator.fleet import Fleet
from simulator.folder import write_folder
from simulator.raw import raw
from simulator.specification import FaultSpecification, FleetSpecification

FIRST = LAYERS[: LAYERS.index(Context)]
"""The layers that lead to days and cycles,"""
REST = LAYERS[LAYERS.index(Context) : -1]
"""and those that judge them; without the last, which raises nothing."""
START_MS = parse_time("2026-02-02T00:00:00Z")
DENSE_SHARE, DENSE_DAYS, DENSE_DURATION_DAYS, DENSE_INTERVAL_S = 0.05, Distribution(25.0, 110.0), 90.0, 900.0


@dataclass(slots=True)
class Kept:
    """What the first layers hand on of the appliances of one kind, in order; None where a portion of teaching begins."""

    ids: list[str]
    pieces: list[Piece | None] = field(default_factory=list)


class Keeper(Layer):
    """Keeps the pieces of one kind."""

    name: ClassVar[str] = "keeper"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.kept = Kept(setting.ids)

    def take(self, piece: Piece) -> None:
        """Keep a piece without its samples, with what was found in it."""
        found = piece.findings[piece.findings_before :]
        has_units = piece.units is not None and len(piece.units.rows) > 0
        if has_units or piece.event is not None or found:
            units, plugged = (piece.units, piece.is_plugged) if has_units else (None, None)
            kept = Piece(found, [], event=piece.event, row=piece.row, units=units, is_plugged=plugged)
            self.kept.pieces.append(kept)

    def take_over(self) -> None:
        """A portion begins."""
        self.kept.pieces.append(None)


@dataclass(slots=True)
class Recorded:
    """A fleet as the first layers saw it, all that they found, and the truth."""

    truth: Truth
    kinds: dict[str, Kept]
    found: list[Finding]


def dense(
    specification: FleetSpecification,
    *,
    onset: Distribution = DENSE_DAYS,
    longest_days: float = DENSE_DURATION_DAYS,
    interval_s: float = DENSE_INTERVAL_S,
) -> FleetSpecification:
    """The fleet with as many appliances of each kind, each fault that has a time as often as any, within the record.

    Faults begin on the days of ``onset`` and take ``longest_days`` at most; reports come every ``interval_s``, and thirty times as
    often in a programme.
    """
    kinds = {
        name: replace(
            kind, share=1.0, faults={mode: _dense(one, onset, longest_days) for mode, one in kind.faults.items()}
        )
        for name, kind in specification.kinds.items()
    }
    seldom = {"history_interval_s": interval_s, "programme_history_interval_s": interval_s / 30}
    return replace(specification, kinds=kinds, intervals={**specification.intervals, **seldom})


def _dense(fault: FaultSpecification, onset: Distribution, longest_days: float) -> FaultSpecification:
    """Wear that comes with age, or grows with use, stays as it is."""
    if fault.is_duration_in_uses or not isinstance(fault.onset, Distribution):
        return fault
    high = min(fault.duration.high, longest_days)
    duration = Distribution(min(fault.duration.low, high / 2), high)
    return replace(fault, share=DENSE_SHARE, onset=onset, duration=duration)


def recorded(
    specification: FleetSpecification,
    seed: int,
    *,
    appliances: int,
    days: float,
    first: Sequence[type[Layer]] = FIRST,
) -> Recorded:
    """Simulate a fleet of which only sensors are read, and keep what the first layers make of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fleet = Fleet(raw(specification), seed=seed, appliances=appliances, start_ms=START_MS)
        write_folder(fleet, folder, days=days)
        pipeline = Pipeline(profiles(), layers=(*first, Keeper))
        found = [finding for batch in FleetFolder(folder).batches() for finding in pipeline.fold(batch).findings]
        truth = read_truth(folder)
    kept = {
        kind: layer.kept
        for kind, detector in pipeline.detectors.items()
        if isinstance(detector, KindDetector)
        for layer in detector.layers
        if isinstance(layer, Keeper)
    }
    return Recorded(truth, kept, found)


def replayed(
    fleet: Recorded,
    *,
    rest: Sequence[type[Layer]] = REST,
    without: FindingChannel | None = None,
    asked: float = ALARMS_PER_YEAR,
) -> list[Raised]:
    """All that is raised of a recorded fleet, in the order of time; nothing by the channel ``without``."""
    return as_raised(found(fleet, rest=rest, without=without, asked=asked))


def found(
    fleet: Recorded,
    *,
    rest: Sequence[type[Layer]] = REST,
    without: FindingChannel | None = None,
    asked: float = ALARMS_PER_YEAR,
) -> list[Finding]:
    """All findings of a recorded fleet: raised, told again and cleared."""
    said = [finding for finding in fleet.found if finding.channel is not without]
    for kind, kept in fleet.kinds.items():
        detector = KindDetector(profiles()[kind], rest, alarms_per_year=asked)
        for appliance_id in kept.ids:
            detector.row_of(appliance_id)
        for piece in kept.pieces:
            if piece is None:
                for layer in detector.layers:
                    layer.take_over()
            else:
                said += _gone_through(detector, piece, without)
    return [one for one in said if one.channel is not without]


def _gone_through(detector: KindDetector, kept: Piece, without: FindingChannel | None) -> list[Finding]:
    """What the layers behind find in a kept piece."""
    standing = detector.standing
    for one in kept.findings:
        row = detector.index[one.appliance_id]
        if one.channel is without or _is_of_data(detector, one, row):
            continue
        mode = standing.number[one.fault_mode]
        if one.is_new:
            standing.go_on(row, one.fault_mode, one.channel, one.raised_ms)
        elif one.cleared_ms is not None and standing.stands(row, mode):
            standing.clear(row, mode, one.cleared_ms)
    piece = Piece([], [], event=kept.event, row=kept.row, units=kept.units, is_plugged=kept.is_plugged)
    for layer in detector.layers:
        layer.take(piece)
    for layer in detector.layers:
        layer.learn(piece)
    return piece.findings


def _is_of_data(detector: KindDetector, one: Finding, row: int) -> bool:
    """Whether a finding is a fault of the data, which stands or is over then."""
    standing, fault = detector.data_standing, DataFault(one.fault_mode, one.metric)
    if one.is_data_fault and fault in standing.number:
        if one.is_new:
            standing.go_on(row, fault, one.raised_ms)
        elif one.cleared_ms is not None and standing.stands(row, fault):
            standing.clear(row, fault, one.cleared_ms)
    return one.is_data_fault


def as_raised(found: Sequence[Finding]) -> list[Raised]:
    """Findings with their ends, as an evaluation takes them."""
    first: dict[tuple[str, str, str | None, int], Finding] = {}
    ends: dict[tuple[str, str, str | None, int], int] = {}
    for one in found:
        key = (one.appliance_id, one.fault_mode, one.metric, one.raised_ms)
        if one.cleared_ms is not None:
            ends[key] = one.cleared_ms
        elif one.is_new:
            first[key] = one
    raised = []
    for key, one in first.items():
        leading = max(one.evidence, key=lambda item: item.share).metric if one.evidence else ""
        causes = (one.fault_mode, *(name for name, _ in one.alternatives if name != one.fault_mode))
        raised.append(
            Raised(
                one.appliance_id,
                one.kind,
                one.fault_mode,
                one.raised_ms,
                ends.get(key),
                one.is_data_fault,
                one.metric or leading,
                causes,
            )
        )
    return sorted(raised, key=lambda one: one.raised_ms)
