"""Fleet inhibition: what many like appliances show at once is one thing, and their single alarms wait; one that is alone doesn't."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.finding import FleetFinding
from detectors.kinds.kind import KindDetector
from detectors.layering.layer import Layer
from detectors.layering.piece import Accumulated, Deviations, Diagnosis, Piece, UnitRows
from detectors.layers.cusum import Cusum
from detectors.layers.inhibition import CROSSED_MIN, GROUP_MIN, LASTS_DAYS, Inhibition
from detectors.layers.peers import Peers
from detectors.layers.predictions import Predictions
from detectors.pipeline import Pipeline
from ingest.sample import AdmittedBatch, Status, StatusState
from tests.detectors.made_fleet import DAY_MS, PROFILES, START_MS

KIND = "refrigerator"
FLEET = 120
EMPTY = AdmittedBatch(1, 0, 0, (), ())


def fleet(layers: tuple[type[Layer], ...] = (Peers, Inhibition), appliances: int = FLEET) -> KindDetector:
    """Appliances of one model, half of them with other firmware than the rest."""
    detector = KindDetector(PROFILES[KIND], layers, alarms_per_year=0.2)
    for number in range(appliances):
        firmware = "12"[number % 2]
        detector.know(Status(f"F{number}", KIND, 0, 0, StatusState.ONLINE, model="M", firmware=firmware))
    return detector


def of(detector: KindDetector) -> Inhibition:
    """Its layer that counts."""
    return next(layer for layer in detector.layers if isinstance(layer, Inhibition))


def day(
    detector: KindDetector, score: NDArray[np.float64], number: int, order: NDArray[np.intp] | None = None
) -> Piece:
    """One day of each appliance, with what evidence would come to; in some order, one piece each where one is given."""
    for layer in detector.layers:
        layer.take_over()
    rows = np.arange(len(score), dtype=np.intp)
    for some in [rows] if order is None else [order[at : at + 1] for at in range(len(order))]:
        piece = made(detector, score[some], some, number)
        for layer in detector.layers:
            if not isinstance(layer, Cusum):
                layer.take(piece)
        for layer in detector.layers:
            if not isinstance(layer, Cusum):
                layer.learn(piece)
    return piece


def made(detector: KindDetector, score: NDArray[np.float64], rows: NDArray[np.intp], number: int) -> Piece:
    """A day of some appliances that are all known for long."""
    wide = np.zeros((len(rows), len(detector.profile.features)))
    start = np.full(len(rows), START_MS + number * DAY_MS, np.int64)
    units = UnitRows(rows, start, start + DAY_MS, np.ones(len(rows), bool), wide, np.zeros((len(rows), 0)))
    deviations = Deviations(units, wide, wide, np.ones_like(wide), np.full(len(rows), 99, np.int64), 14)
    signatures = len(of(detector).setting.signatures)
    none, onset = np.zeros((len(rows), signatures)), np.zeros((len(rows), signatures), np.int64)
    told = Accumulated(score, none, wide, wide > -1, onset, np.zeros(wide.shape, np.int64), np.eye(wide.shape[1]))
    return Piece([], [], deviations=deviations, accumulated=told)


def waiting(piece: Piece) -> NDArray[np.bool_]:
    """Who waits."""
    assert piece.waits is not None
    return piece.waits


def crossing(count: int, step: int = 1, of_all: int = FLEET) -> NDArray[np.float64]:
    """Scores of which ``count`` are an alarm, every ``step``-th."""
    score = np.full(of_all, 0.5)
    score[: count * step : step] = 1.5
    return score


def test_a_group_of_which_many_cross_within_two_days_waits_and_the_others_go_on() -> None:
    """Half of the fleet has the firmware that reads differently; it waits for two days from the flood on, and then no more."""
    detector = fleet()
    quiet = day(detector, crossing(0), 0)
    on_the_day = day(detector, crossing(CROSSED_MIN // 2 + 1, 2), 1)
    calm, high = crossing(0), crossing(CROSSED_MIN + 2, 2)
    second = day(detector, high, 2)
    after = [day(detector, calm, number) for number in range(3, 4 + LASTS_DAYS + 1)]

    assert not waiting(quiet).any()
    assert not waiting(on_the_day).any()
    assert not waiting(second).any()
    assert waiting(after[0])[::2].all()
    assert not waiting(after[-1]).any()


def test_what_is_alone_does_not_wait_and_neither_does_a_small_group() -> None:
    """A few faults are a few faults; and of a handful nothing can be said."""
    lone, small = fleet(), fleet(appliances=GROUP_MIN - 1)

    for number in range(6):
        assert not waiting(day(lone, crossing(CROSSED_MIN, 2), number)).any()
        assert not waiting(day(small, np.full(GROUP_MIN - 1, 1.5), number)).any()


def test_a_fault_that_hovers_at_its_threshold_counts_once() -> None:
    """Nine of them, up and down day by day, are no flood."""
    detector = fleet()
    for number in range(4):
        day(detector, crossing(CROSSED_MIN // 2, 2), number * 3)
    pieces = [day(detector, crossing(CROSSED_MIN if number % 2 else 0, 2), 20 + number) for number in range(12)]

    assert not any(waiting(piece).any() for piece in pieces)


def test_order_and_cuts_decide_nothing() -> None:
    """What a day showed is a sum, known on the next: one by one from the last to the first as all at once."""
    whole, single = fleet(), fleet()
    high = crossing(CROSSED_MIN + 2, 2)

    day(whole, high, 1)
    day(single, high, 1, np.arange(FLEET, dtype=np.intp)[::-1])

    np.testing.assert_array_equal(waiting(day(whole, high, 2)), waiting(day(single, high, 2)))
    for name, array in of(whole).fleet.items():
        np.testing.assert_array_equal(array, of(single).fleet[name])
    assert of(whole).waiting() == CROSSED_MIN + 2


def test_nothing_is_raised_while_a_group_waits_and_evidence_of_those_that_crossed_begins_anew() -> None:
    """Whoever hasn't crossed keeps what was gathered."""
    detector = fleet((Peers, Inhibition, Cusum, Predictions))
    cusum = next(layer for layer in detector.layers if isinstance(layer, Cusum))
    day(detector, crossing(CROSSED_MIN + 2, 2), 1)
    cusum.own["slow_mode"][:FLEET] = 7.0
    of(detector).take_over()
    piece = made(detector, np.full(FLEET, 9.0), np.arange(FLEET, dtype=np.intp), 2)

    for layer in detector.layers[:3]:
        layer.take(piece)

    assert waiting(piece)[0]
    assert cusum.own["slow_mode"][0].max() < 1
    assert cusum.own["slow_mode"][2 * (CROSSED_MIN + 3)].max() > 5
    assert piece.begins_anew is not None
    assert piece.begins_anew.sum() == CROSSED_MIN + 2


def test_an_alarm_waits_with_its_group() -> None:
    """The same evidence is raised where nobody waits."""
    detector = fleet((Peers, Inhibition, Predictions))
    last = detector.layers[-1]
    raised = []
    for waits in (True, False):
        piece = made(detector, np.full(1, 9.0), np.zeros(1, np.intp), 2)
        assert piece.accumulated is not None
        piece.accumulated.mode_scores[:] = 9.0
        size = len(of(detector).setting.signatures)
        posterior = np.eye(size + 1)[:1]
        piece.diagnosis = Diagnosis(posterior, np.full((1, size), 0.5), np.ones((1, size)))
        piece.waits = np.full(1, waits)
        last.take(piece)
        raised.append(len(piece.findings))

    assert raised == [0, 1]


def test_how_many_crossed_is_told_by_kind() -> None:
    """Of the kind whose group waits, and of no other."""
    pipeline, detector = Pipeline(PROFILES), fleet()
    pipeline.detectors["refrigerator"] = detector
    assert pipeline.waiting() == {}

    for number in (1, 2):
        day(detector, crossing(CROSSED_MIN + 2, 2), number)

    assert pipeline.waiting() == {"refrigerator": CROSSED_MIN + 2}


def named(detector: KindDetector) -> list[FleetFinding]:
    """A flood of those with firmware 1 that read low in their second feature, from the first day on until it is over."""
    told: list[FleetFinding] = []
    for number in range(1, 7):
        piece_day = crossing((CROSSED_MIN + 2) // 2 * number if number < 3 else 0, 2)
        told += flood_day(detector, piece_day, number).fleet_findings
    return told


def flood_day(detector: KindDetector, score: NDArray[np.float64], number: int) -> Piece:
    """A day on which who crosses reads low in the second feature."""
    for layer in detector.layers:
        layer.take_over()
    piece = made(detector, score, np.arange(len(score), dtype=np.intp), number)
    assert piece.accumulated is not None
    piece.accumulated.smooth[score >= 1, 1] = -4.0
    for layer in detector.layers:
        layer.take(piece)
    for layer in detector.layers:
        layer.learn(piece)
    return piece


def test_what_waits_is_one_finding_of_the_fleet_that_ends() -> None:
    """With what they have in common, in what and how they deviate, and who; taken back by the same name."""
    told = named(fleet())

    first, *_, last = told
    assert (first.kind, first.model, first.firmware, first.region) == (KIND, "M", "1", None)
    assert (first.feature, first.reads_high) == (PROFILES[KIND].features[1].name, False)
    assert first.appliances == tuple(sorted(f"F{number}" for number in range(0, 2 * (CROSSED_MIN + 2), 2)))
    assert first.exposed == FLEET // 2
    assert {one.raised_ms for one in told} == {first.raised_ms}
    assert [one.cleared_ms is None for one in told] == [True] * (len(told) - 1) + [False]
    assert len(told) == 2
    assert last.cleared_ms == first.raised_ms + (LASTS_DAYS + 1) * DAY_MS


def test_a_flood_of_all_has_nothing_in_common_but_the_kind() -> None:
    """One firmware as often as the other."""
    detector = fleet()
    piece = [flood_day(detector, crossing(2 * (CROSSED_MIN + 2)), number) for number in (1, 2)][-1]

    [one] = piece.fleet_findings
    assert (one.model, one.firmware, one.region, one.exposed) == (None, None, None, FLEET)


def test_a_restart_forgets_no_finding_of_the_fleet() -> None:
    """It is told neither again nor never taken back."""
    before, after = fleet(), fleet()
    told = [one for number in (1, 2) for one in flood_day(before, crossing(CROSSED_MIN + 2, 2), number).fleet_findings]
    after.restore_shared(before.shared(), before.fleet_layout)
    layer, old = of(after), of(before)
    for name in old.seldom.own:
        layer.seldom.own[name] = old.seldom.own[name].copy()
    layer.seldom.places, layer.seldom.used = old.seldom.places.copy(), old.seldom.used
    for number in range(3, 7):
        told += flood_day(after, crossing(0), number).fleet_findings

    assert [one.cleared_ms is None for one in told] == [True, False]
    assert len({one.raised_ms for one in told}) == 1


def test_a_finding_of_the_fleet_leaves_the_pipeline_once() -> None:
    """With whatever batch comes next."""
    pipeline, detector = Pipeline(PROFILES), fleet()
    pipeline.detectors[KIND] = detector
    many = FleetFinding(KIND, 1, 0)
    detector.fleet_findings.append(many)

    assert pipeline.fold(EMPTY).fleet_findings == [many]
    assert pipeline.fold(EMPTY).fleet_findings == []
