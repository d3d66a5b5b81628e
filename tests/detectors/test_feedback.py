"""Feedback: verdicts move how strongly a fault mode must show, each once, and whoever grows is still raised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectors.layers.feedback import BALANCE_MAX, Feedback
from detectors.layers.predictions import Predictions
from detectors.pipeline import Pipeline
from detectors.state import checkpoint
from ingest.sample import AdmittedBatch, Lesson
from tests.detectors.made_fleet import PROFILES, START_MS
from tests.detectors.test_each_layer import IDS, KIND, alone, judged

MODE, OTHER = "refrigerant_leak", "condenser_fouling"
VAIN = Lesson("F0", KIND, 1, START_MS, MODE, "no_fault_found")


def heard(*lessons: Lesson) -> Feedback:
    """A layer that has heard these, numbered in this order, and knows how strongly findings show when they are raised."""
    layer = alone(Feedback)
    layer.fleet["raised"][:], layer.fleet["strength"][:] = 10.0, 10 * np.log(3.0)
    for number, lesson in enumerate(lessons, start=1):
        layer.hear(replace(lesson, number=number))
    return layer


def balance(layer: Feedback, mode: str = MODE) -> float:
    """The balance of a mode."""
    return float(layer.fleet["balance"][layer.setting.standing.number[mode]])


def test_verdicts_move_the_balance_of_their_mode() -> None:
    """In vain raises it, right lowers it, never below nothing nor beyond its end; a fault of another name moves nothing."""
    right, usage = replace(VAIN, verdict="confirmed"), replace(VAIN, verdict="usage")

    assert balance(heard(VAIN, usage, replace(VAIN, verdict="self_cleared"))) == 3.0
    assert balance(heard(VAIN, VAIN, right)) == pytest.approx(2 - 3 / 7)
    assert balance(heard(right, right, VAIN)) == 1.0
    assert balance(heard(*[VAIN] * 40)) == BALANCE_MAX
    assert balance(heard(VAIN, replace(VAIN, verdict="other_fault", found=OTHER))) == 1.0
    assert balance(heard(VAIN), OTHER) == 0.0


def test_who_is_held_back_and_how_far_can_be_seen() -> None:
    """The modes alone on whose account somebody went in vain, each with its factor."""
    assert heard(VAIN, VAIN).strictness() == {MODE: pytest.approx(np.exp(0.2))}
    assert heard(replace(VAIN, verdict="confirmed")).strictness() == {}


def test_a_lesson_that_comes_again_is_heard_once() -> None:
    """A number that was heard before changes nothing."""
    layer = heard(VAIN)

    layer.hear(replace(VAIN, number=1))

    assert balance(layer) == 1.0


def test_a_verdict_in_anothers_place_takes_that_one_back() -> None:
    """What was said first by mistake leaves no trace."""
    layer = heard(VAIN, VAIN, replace(VAIN, verdict="confirmed", before="no_fault_found"))

    assert balance(layer) == pytest.approx(1 - 3 / 7)
    assert layer.fleet["verdicts"][layer.setting.standing.number[MODE]].tolist() == [1, 1, 0]


def test_a_repair_that_nobody_had_foretold_lowers_what_is_asked() -> None:
    """The mode that was found, not the one that the customer's ticket had named, and once; what was found in vain says nothing."""
    missed = Lesson("F1", KIND, 9, START_MS, OTHER, "other_fault", found=MODE, is_foreseen=False)

    layer = heard(
        VAIN, VAIN, missed, replace(missed, verdict="no_fault_found", found=None), replace(missed, before="confirmed")
    )

    assert balance(layer) == 1.0
    assert balance(layer, OTHER) == 0.0


def test_what_shows_weakly_waits_and_what_grows_is_raised() -> None:
    """With verdicts in vain a mode must show more strongly than usual at the raise; without, as before."""
    said = []
    for layer in (heard(), heard(*[VAIN] * 4)):
        predictions = alone(Predictions)
        for day, strength in enumerate((3.1, 6.0)):
            piece = judged(predictions, 1.5, MODE, day)
            assert piece.diagnosis is not None
            piece.diagnosis.severity[:] = strength / 10
            piece.diagnosis.power[:] = 100.0
            layer.take(piece)
            predictions.take(piece)
            said.append([one.fault_mode for one in piece.findings])

    assert said == [[MODE] * len(IDS), [], [], [MODE] * len(IDS)]


def test_lessons_reach_their_kind_through_the_pipeline_and_outlive_a_restart() -> None:
    """A batch's lesson is part of the fleet's state, which a checkpoint keeps; a kind without features learns nothing."""
    pipeline = Pipeline(PROFILES)
    pipeline.fold(AdmittedBatch(1, START_MS, 2, lessons=(VAIN, replace(VAIN, kind="generic", number=2))))

    restored = pipeline.anew()
    detector = restored.detector(KIND)
    before, shared = pipeline.detector(KIND), pipeline.shared()
    assert shared is not None

    unpacked = checkpoint.unpack_shared(shared)
    detector.restore_shared(unpacked.arrays[KIND], unpacked.layouts.fleet[KIND])

    assert pipeline.strictness() == {(KIND, MODE): pytest.approx(np.exp(0.1))}
    for one in (before, detector):
        assert float(one.shared()["feedback/balance"].sum()) == 1.0
