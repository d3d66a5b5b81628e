"""The scorer of the public benchmark, held against what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest

from benchmarks.quality import ablation
from benchmarks.quality.budget import DAY_MS, START_MS, false_alarms, made
from benchmarks.quality.nab import normalised, parts_of
from benchmarks.quality.replay import REST, Keeper, Recorded, replayed
from benchmarks.quality.series import Labelled, profiles
from detectors.evaluation.truth import Truth
from detectors.finding import Finding, FindingChannel
from detectors.kinds.kind import KindDetector
from detectors.layering.layer import Layer
from detectors.layering.piece import Floats, Piece
from detectors.layers.context import Context
from ingest.sample import Event, EventType
from tests.examples import some_of

ROWS = 2000
HALF = np.array([0.5])


def series() -> Labelled:
    """A series with two windows."""
    wrong = np.zeros(ROWS, bool)
    wrong[800:900] = wrong[1500:1600] = True
    return Labelled("g", np.arange(ROWS, dtype=np.int64), np.zeros((ROWS, 1)), wrong)


@pytest.mark.parametrize(
    ("alarms", "score"),
    [((), 0.0), ((800, 1500), 100.0), ((800,), 50.0), ((100,), 0.0), ((800, 1500, 500), 100 - 100 * 0.11 / 4)],
    ids=["never", "at each window", "at one of two", "in the probation", "once for nothing"],
)
def test_the_scorer_gives_what_the_benchmark_promises(alarms: tuple[int, ...], score: float) -> None:
    """Nothing said is 0, the first row of each window 100; a false alarm costs its weight, probation nothing."""
    said = np.zeros(ROWS)
    said[list(alarms)] = 1.0

    parts = parts_of([series()], [said], HALF)

    assert normalised(parts, [0])[0] == pytest.approx(score)


def test_sound_appliances_made_of_noise_raise_what_is_asked_for() -> None:
    """They are counted in years, and where a hundred alarms a year are asked for, some come in a few weeks."""
    alarms, years = false_alarms("water_heater", 1, asked=100.0, appliances=10, units=40)

    assert years == pytest.approx(10 * 40 / 365)
    assert 0 < alarms < 100 * years


KIND, APPLIANCES, UNITS, OFTEN = "water_heater", 4, 34, 100.0
EVENT_UNIT = 24


@pytest.fixture(scope="module")
def lived() -> tuple[Recorded, list[Finding]]:
    """Noise of some weeks with new firmware in between that reads otherwise, as it was kept, and what was found at once."""
    detector = KindDetector(profiles()[KIND], (Keeper, *REST), alarms_per_year=OFTEN)
    keeper, context = detector.layers[0], detector.layers[1]
    assert isinstance(keeper, Keeper)
    assert isinstance(context, Context)
    ids = [f"a{number}" for number in range(APPLIANCES)]
    rows = [detector.row_of(appliance_id) for appliance_id in ids]
    found: list[Finding] = []
    for unit, units in enumerate(made(context, 3, APPLIANCES, UNITS)):
        detector._take_over()
        if unit == EVENT_UNIT:
            now_ms = START_MS + unit * DAY_MS
            events = [Event(one, KIND, now_ms, now_ms, EventType.FIRMWARE_UPDATED) for one in ids]
            for row, event in zip(rows, events, strict=True):
                detector._go_through(Piece(found, [], event=event, row=row))
        if unit > EVENT_UNIT:
            units.features[:] += 8 * context.floor
        piece = Piece(found, [], units=units)
        if unit == 2:
            said = detector.standing.simple(0, 0, FindingChannel.ERROR_CODE, START_MS, severity=1.0, probability=1.0)
            piece.findings.append(said)
        detector._go_through(piece)
    return Recorded(Truth({}, {}, [], []), {KIND: keeper.kept}, [found[0]]), found


def test_what_was_kept_is_judged_again_as_it_was_judged_at_first(lived: tuple[Recorded, list[Finding]]) -> None:
    """Replaying gives what the layers found at once, with the ends; without a channel, what it said is missing."""
    fleet, found = lived
    raised = replayed(fleet, asked=OFTEN)

    keys = {(one.appliance_id, one.fault_mode, one.raised_ms) for one in found}
    assert {(one.appliance_id, one.fault_mode, one.raised_ms) for one in raised} == keys
    assert sum(one.cleared_ms is None for one in raised) == sum(one.is_new for one in found) - sum(
        one.cleared_ms is not None for one in found
    )
    assert all(one.raised_ms > START_MS for one in replayed(fleet, asked=OFTEN, without=FindingChannel.ERROR_CODE))
    assert [one.raised_ms for one in replayed(fleet, asked=OFTEN, without=FindingChannel.EVIDENCE)] == [START_MS]


def judged(fleet: Recorded, rest: Sequence[type[Layer]]) -> Floats:
    """All scores and posteriors, one behind the other."""
    told = []

    class Told(Layer):
        name: ClassVar[str] = "told"

        def take(self, piece: Piece) -> None:
            if piece.accumulated is not None and piece.diagnosis is not None:
                told.append(np.r_[piece.accumulated.score, piece.diagnosis.posterior.ravel()])

    replayed(fleet, rest=(*rest, Told), asked=OFTEN)
    return np.concatenate(told)


@pytest.fixture(scope="module")
def whole(lived: tuple[Recorded, list[Finding]]) -> Floats:
    """What all layers judge."""
    return judged(lived[0], REST)


@pytest.mark.parametrize("off", some_of(ablation.OTHERS, 3))
def test_what_is_off_changes_what_is_judged(lived: tuple[Recorded, list[Finding]], whole: Floats, off: str) -> None:
    """Each way of leaving something out really leaves something out."""
    layer, instead = ablation.OTHERS[off]
    rest = tuple(instead if one is layer else one for one in REST)

    assert issubclass(instead, layer)
    assert not np.array_equal(judged(lived[0], rest), whole)
