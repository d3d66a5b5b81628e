"""What every detector must stand: the same battery over all kinds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectors.finding import Checkpoint, FindingChannel
from detectors.kinds.kind import KindDetector
from detectors.layering.piece import Piece
from detectors.pipeline import Outcome, Pipeline
from detectors.series.detector import SeriesDetector
from ingest.sample import AdmittedBatch, SampleBlock
from tests.detectors.battery import CASES, Case, readings
from tests.detectors.made_fleet import PROFILES
from tests.detectors.made_units import KINDS, ONSET, unit_batch, unit_batches
from tests.examples import some_of

CASE = pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])


def fold(pipeline: Pipeline, one: SampleBlock, position: int = 1) -> Outcome:
    """One block as a batch."""
    return pipeline.fold(AdmittedBatch(position, one.received_ms, len(one), (one,)))


def rows_of(one: SampleBlock, keep: slice) -> SampleBlock:
    """Some samples of a block."""
    return replace(
        one,
        appliance_ids=one.appliance_ids[keep],
        ts_ms=one.ts_ms[keep],
        values=one.values[keep],
        modes=one.modes[keep],
        cycles=one.cycles[keep],
        seq=one.seq[keep],
        index=one.index[keep],
        flags=one.flags[keep],
    )


@CASE
def test_the_same_readings_say_the_same(case: Case) -> None:
    """Two pipelines over equal readings agree in findings, conditions and every byte of state."""
    one = readings(case, seed=1)
    first, second = case.make(), case.make()

    assert fold(first, one) == fold(second, one)
    assert first.packed_changes() == second.packed_changes()


@CASE
def test_reading_a_block_never_writes_to_it(case: Case) -> None:
    """A block is the same after it was folded in."""
    one = readings(case, seed=2)
    for array in (one.ts_ms, one.values, one.seq, one.index, one.flags):
        array.setflags(write=False)

    fold(case.make(), one)


@CASE
def test_a_cold_start_raises_nothing(case: Case) -> None:
    """The first days of an appliance raise nothing that rests on what is usual for it."""
    outcome = fold(case.make(), readings(case, seed=3, days=3))

    assert [finding for finding in outcome.findings if finding.channel is FindingChannel.EVIDENCE] == []


@CASE
def test_state_survives_being_packed(case: Case) -> None:
    """A pipeline restored from its rows goes on exactly like the one that went on."""
    one = readings(case, seed=4)
    half = len(one) // 2
    going = case.make()
    fold(going, rows_of(one, slice(0, half)))
    restored = case.make()
    assert restored.restore(Checkpoint(1, going.packed_changes(), going.shared())).relearning == 0

    for pipeline in (going, restored):
        fold(pipeline, rows_of(one, slice(half, None)), 2)

    assert restored.packed_changes() == going.packed_changes()


@CASE
def test_foreign_state_is_refused_and_counted(case: Case) -> None:
    """Rows of another format version are refused; the appliance learns anew."""
    pipeline = case.make()

    assert pipeline.restore(Checkpoint(1, {"A0": b"\xff\x00", "A1": b""}, None)).relearning == 2
    fold(pipeline, readings(case, seed=5, days=1))


@CASE
def test_metrics_may_vanish_and_appear(case: Case) -> None:
    """Metrics that stop, and others that begin, are no error."""
    one = readings(case, seed=6)
    pipeline = case.make()
    fold(pipeline, one)
    fewer = replace(one, metrics=(*one.metrics[:1], "new_one"), values=np.column_stack([one.values[:, 0]] * 2))

    fold(pipeline, replace(fewer, ts_ms=fewer.ts_ms + 10 * 86_400_000), 2)


@CASE
def test_a_block_of_nothing_is_no_error(case: Case) -> None:
    """A block whose readings are all absent, and one without samples, change nothing that is said."""
    one = readings(case, seed=7, days=1)
    pipeline = case.make()

    silent = fold(pipeline, replace(one, values=np.full_like(one.values, np.nan)))

    assert silent.findings == []
    assert fold(pipeline, rows_of(one, slice(0, 0)), 2).findings == []


@pytest.mark.parametrize("kind", some_of(KINDS, 3))
def test_worse_scores_higher(kind: str) -> None:
    """The further readings leave what was usual, the higher the score: higher is worse, everywhere."""
    usual = Pipeline(PROFILES)
    for batch in unit_batches(kind)[:ONSET]:
        usual.fold(batch)
    stored = Checkpoint(ONSET, usual.packed_changes(), usual.shared())

    scores = [score_of_faulty(kind, stored, strength) for strength in (0.0, 0.4, 2.0)]

    assert scores[0] <= scores[1] <= scores[2]
    assert scores[0] < scores[2]


def score_of_faulty(kind: str, stored: Checkpoint, strength: float) -> float:
    """The score after two units with a fault of some strength."""
    pipeline, heard = Pipeline(PROFILES), [0.0]
    pipeline.restore(stored)
    detector = pipeline.detector(kind)
    assert isinstance(detector, KindDetector)
    row = detector.index["A1"]

    def listen(piece: Piece) -> None:
        if piece.deviations is not None and piece.accumulated is not None:
            heard.extend(piece.accumulated.score[piece.deviations.units.rows == row].tolist())

    detector.listen = listen
    for number in (ONSET, ONSET + 1, ONSET + 2):
        pipeline.fold(unit_batch(kind, number, strength))
    return heard[-1]


def test_a_series_that_leaves_what_was_usual_scores_higher() -> None:
    """Of a kind without a profile, too."""
    scores = []
    for far in (0.5, 1.0, 2.0):
        pipeline, case = Pipeline(PROFILES), next(case for case in CASES if case.kind == "unheard_of")
        one = readings(case, seed=10, days=12, appliances=1)
        one.values[-1] = far
        fold(pipeline, one)
        detector = pipeline.detector(case.kind)
        assert isinstance(detector, SeriesDetector)
        scores.append(detector.appliances["A0"].score)

    assert scores[0] < scores[1] < scores[2]


@pytest.mark.parametrize("case", some_of(CASES, 4), ids=[case.kind for case in CASES])
def test_state_does_not_grow_with_time(case: Case) -> None:
    """Twice the days cost the same bytes per appliance, give or take what is still learned; and what is seldom, at most once."""
    pipeline = case.make()
    fold(pipeline, readings(case, seed=8, days=12))
    early = max(map(len, pipeline.packed_changes().values()))

    later = readings(case, seed=9, days=12)
    fold(pipeline, replace(later, ts_ms=later.ts_ms + 12 * 86_400_000), 2)

    detector = pipeline.detector(case.kind)
    most = detector.table.bytes_per_row if isinstance(detector, KindDetector) else early
    assert max(map(len, pipeline.packed_changes().values())) <= most + 64
