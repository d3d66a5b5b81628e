"""A test that saw nothing clears no ticket whose finding stands: it comes back by itself, and says when and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.desk import Desk
from alerts.remote.inference import Indication, judge, sensitivity_at
from alerts.remote.policy import Scope
from alerts.tickets.again import is_enough
from ingest.clock import ManualClock
from ingest.profiles import load_profiles
from tests.alerts.made import DAY_MS, FINDING, step_of
from tests.alerts.remote_bench import ACTOR, KIND, RemoteBench

LEVEL = "level_zero"
TEST = replace(load_profiles()[KIND].tests[LEVEL], sees_from=0.4)
DRIFT = replace(FINDING, fault_mode="pressure_sensor_drift", probability=0.6, severity=0.1)
SOUND, FAULTY = 0.5, 25.0


@pytest.fixture
def bench(desk: Desk, clock: ManualClock) -> RemoteBench:
    """A ticket of a fault that is still small."""
    bench = RemoteBench(desk, clock)
    bench.desk.findings.commit(step_of(1, DRIFT))
    return bench


def run(bench: RemoteBench, level_mm: float) -> str | None:
    """The test in a session of its own: what it says."""
    session = bench.desk.by(ACTOR).sessions.request("1", Scope.TEST)
    (shown,) = bench.send()
    bench.desk.by(ACTOR).sessions.consent(session.id, str(shown.args["code"]))
    verdict = bench.run(session.id, LEVEL, level_mm=level_mm).procedures[-1].verdict
    bench.desk.by(ACTOR).sessions.end(session.id)
    bench.send()
    return verdict


def grown(bench: RemoteBench, severity: float, position: int = 2) -> None:
    """The detectors tell how far the fault has come."""
    bench.desk.findings.commit(step_of(position, replace(DRIFT, severity=severity, told_ms=bench.clock.now_ms())))


def test_nothing_to_see_yet_leaves_the_ticket_as_it_is_and_says_when_to_test_again(bench: RemoteBench) -> None:
    """The cause hardly sinks; the test waits for its day, or for the severity that it sees."""
    assert run(bench, SOUND) == Indication.NOT_YET

    ticket = bench.desk.tickets.read("1")
    assert ticket.probability is not None
    assert ticket.probability > 0.5
    again = ticket.recommended.again
    assert again is not None
    assert (again.test, again.because, again.is_due) == (LEVEL, "not_yet", False)
    assert again.above == pytest.approx(0.3)
    assert (again.due_at - ticket.history[-1].at).days == 14
    assert ticket.recommended.test != LEVEL


def test_the_test_comes_back_when_the_fault_has_grown(bench: RemoteBench) -> None:
    """Without anybody's doing; the history says why, and once."""
    run(bench, SOUND)

    grown(bench, 0.25)
    assert bench.desk.tickets.read("1").recommended.test != LEVEL
    grown(bench, 0.5, 3)
    grown(bench, 0.7, 4)

    ticket = bench.desk.tickets.read("1")
    assert ticket.recommended.test == LEVEL
    assert ticket.recommended.again is not None
    assert ticket.recommended.again.called_by == "grown"
    assert [line.event for line in ticket.history].count("test_again_grown") == 1


def test_the_test_comes_back_on_its_day_and_later_each_time(bench: RemoteBench, clock: ManualClock) -> None:
    """After two weeks; where the fault grows no further, after four the next time."""
    run(bench, SOUND)

    clock.advance(14 * DAY_MS - 1)
    assert bench.desk.tickets.test_again() == 0
    clock.advance(1)
    assert bench.desk.tickets.test_again() == 1
    assert bench.desk.tickets.test_again() == 0
    assert bench.desk.tickets.read("1").recommended.test == LEVEL
    assert bench.desk.tickets.read("1").history[-1].event == "test_again_date"

    run(bench, SOUND)
    again = bench.desk.tickets.read("1").recommended.again
    assert again is not None
    assert (again.due_at - clock.now()).days == 28


def test_a_fault_that_is_seen_later_is_as_certain_as_one_seen_at_once(bench: RemoteBench) -> None:
    """What the test had not seen before is taken back: it spoke of a smaller fault."""
    run(bench, SOUND)
    grown(bench, 0.5)
    assert run(bench, FAULTY) == Indication.CONFIRMED

    ticket = bench.desk.tickets.read("1")
    assert ticket.probability is not None
    assert ticket.probability > 0.95
    assert ticket.recommended.again is None


def test_one_clean_answer_that_could_see_it_is_not_enough_while_the_finding_stands(bench: RemoteBench) -> None:
    """The cause sinks, and the ticket waits; with the end of the finding there is nothing left to test."""
    grown(bench, 0.8)
    assert run(bench, SOUND) == Indication.CLEARED

    again = bench.desk.tickets.read("1").recommended.again
    assert again is not None
    assert again.because == "cleared"

    over = replace(DRIFT, cleared_ms=bench.clock.now_ms())
    bench.desk.findings.commit(step_of(3, over))
    bench.clock.advance(60 * DAY_MS)
    assert bench.desk.tickets.read("1").recommended.again is None
    assert bench.desk.tickets.test_again() == 0


@pytest.mark.parametrize(
    ("answers", "enough"),
    [
        (((0, "cleared", 0.5), (14, "cleared", 0.5)), True),
        (((0, "cleared", 0.5), (13, "cleared", 0.5)), False),
        (((0, "cleared", 0.5), (14, "cleared", 0.7)), False),
        (((0, "cleared", 0.5), (14, "not_yet", 0.2), (28, "cleared", 0.5)), False),
        (((0, "cleared", 0.7), (14, "cleared", 0.4)), True),
    ],
)
def test_two_clean_tests_apart_are_enough_where_the_fault_does_not_grow(
    answers: tuple[tuple[int, str, float], ...], *, enough: bool
) -> None:
    """Two that could see it, two weeks apart, and no growth between."""
    said = [
        {"test": LEVEL, "verdict": verdict, "severity": severity, "at_ms": day * DAY_MS}
        for day, verdict, severity in answers
    ]

    assert is_enough(said, LEVEL) is enough


def test_a_test_weighs_by_how_far_the_fault_has_come() -> None:
    """Sound says little of a fault too small to see; faulty says as much as ever; without a severity the test is taken at its word."""
    assert judge(TEST, SOUND, 0.1).likelihood_ratio > 0.9
    assert judge(TEST, SOUND, 0.1).likelihood_ratio > judge(TEST, SOUND, 0.3).likelihood_ratio
    assert judge(TEST, SOUND, 0.4) == judge(TEST, SOUND)
    assert judge(TEST, FAULTY, 0.1) == judge(TEST, FAULTY)
    assert sensitivity_at(TEST, 0.0) == pytest.approx(1 - TEST.specificity)
