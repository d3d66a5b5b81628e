"""A test that saw nothing clears no ticket whose finding stands: it comes back by itself, and says when and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from alerts.alerting.following import has_unsettled
from alerts.alerting.hazard import HAZARD
from alerts.alerting.tables import alerts
from alerts.desk import Desk
from alerts.lifecycle import TicketStep
from alerts.remote.inference import Indication, judge, sensitivity_at
from alerts.remote.policy import Scope
from alerts.tickets.again import is_enough
from alerts.tickets.ticket import Verdict, VerdictRecord
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


def closed_clean(bench: RemoteBench, *, tests: int = 2, verdict: Verdict = Verdict.NO_FAULT_FOUND) -> None:
    """A fault that could be seen, closed with a verdict (as no fault) after so many clean tests, two weeks apart; four days later."""
    grown(bench, 0.4)
    for _ in range(tests):
        assert run(bench, SOUND) == Indication.CLEARED
        bench.clock.advance(14 * DAY_MS)
    desk = bench.desk.by(ACTOR)
    desk.tickets.step("1", TicketStep.START)
    desk.tickets.judge("1", VerdictRecord(verdict))
    desk.tickets.step("1", TicketStep.CLOSE)
    bench.clock.advance(4 * DAY_MS)
    bench.desk.alerts.ask_again()


def standing(bench: RemoteBench) -> tuple[str, str]:
    """Why the newest alert is where it is, and where the newest ticket stands."""
    return bench.desk.alerts.page().items[0].reason, bench.desk.tickets.page().items[0].status.value


@pytest.mark.parametrize(("severity", "opens"), [(0.4, False), (0.55, False), (0.61, True)])
def test_what_two_clean_tests_have_ruled_out_opens_no_ticket_until_it_grows(
    bench: RemoteBench, severity: float, *, opens: bool
) -> None:
    """The finding stands on and is noted, also months later and without being asked about; grown by a step it opens the ticket."""
    closed_clean(bench)
    bench.clock.advance(90 * DAY_MS)
    assert standing(bench) == ("tested_clean", "closed")
    assert not bench.desk.unit.write(has_unsettled)

    grown(bench, severity, 3)

    assert (standing(bench)[1] == "open") is opens
    assert not bench.desk.unit.write(has_unsettled)


@pytest.mark.parametrize(("severity", "asked"), [(0.55, False), (0.61, True)])
def test_only_what_has_grown_is_asked_about_again(bench: RemoteBench, severity: float, *, asked: bool) -> None:
    """What stands as it was costs a round nothing."""
    closed_clean(bench)
    bench.desk.unit.write(lambda t: t.connection.execute(update(alerts).values(severity=severity)))

    assert bench.desk.unit.write(has_unsettled) is asked


def test_one_clean_test_is_not_remembered(bench: RemoteBench) -> None:
    """The finding stands, and its ticket is open again when the grace is over."""
    closed_clean(bench, tests=1)

    assert standing(bench) == ("ticket_reopened", "open")


def test_who_found_a_fault_after_all_is_believed(bench: RemoteBench) -> None:
    """Clean tests, and a technician who found it: what stands on after that repair opens its ticket."""
    closed_clean(bench, verdict=Verdict.CONFIRMED)

    assert standing(bench)[1] == "open"


def test_a_hazard_is_not_ruled_out_for_good(bench: RemoteBench) -> None:
    """What may harm people opens its ticket again, however clean its tests were."""
    kind = bench.desk.profiles[KIND]
    mode = replace(kind.fault_modes[DRIFT.fault_mode], danger=HAZARD)
    profile = replace(kind, fault_modes={**kind.fault_modes, mode.name: mode})
    bench.desk = replace(bench.desk, profiles={**bench.desk.profiles, KIND: profile})

    closed_clean(bench)

    assert standing(bench)[1] == "open"


def test_a_finding_that_is_raised_anew_was_seen_by_no_test(bench: RemoteBench) -> None:
    """Over, and found again: it opens its ticket."""
    closed_clean(bench)
    now_ms = bench.clock.now_ms()
    bench.desk.findings.commit(step_of(3, replace(DRIFT, cleared_ms=now_ms)))
    bench.clock.advance(DAY_MS)

    raised_ms = bench.clock.now_ms()
    anew = replace(DRIFT, severity=0.4, raised_ms=raised_ms, onset_ms=raised_ms - DAY_MS // 2)
    bench.desk.findings.commit(step_of(4, anew))

    assert standing(bench)[1] == "open"


def test_a_test_weighs_by_how_far_the_fault_has_come() -> None:
    """Sound says little of a fault too small to see; faulty says as much as ever; without a severity the test is taken at its word."""
    assert judge(TEST, SOUND, 0.1).likelihood_ratio > 0.9
    assert judge(TEST, SOUND, 0.1).likelihood_ratio > judge(TEST, SOUND, 0.3).likelihood_ratio
    assert judge(TEST, SOUND, 0.4) == judge(TEST, SOUND)
    assert judge(TEST, FAULTY, 0.1) == judge(TEST, FAULTY)
    assert sensitivity_at(TEST, 0.0) == pytest.approx(1 - TEST.specificity)
