"""Tests of the profile, run in a session: their verdict moves the ticket's causes, and a crash between loses nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from alerts.database import UnitOfWork
from alerts.desk import Desk
from alerts.errors import ConflictError, IllegalStepError, InvalidError, RefusedError
from alerts.lifecycle import CommandState, ProcedureState, SessionState, TicketStep
from alerts.remote.inference import Indication, Tally, judge, learned, positivity
from alerts.remote.policy import Scope
from alerts.tickets.ticket import Verdict, VerdictRecord
from ingest.clock import ManualClock
from ingest.profiles import load_profiles
from ingest.profiles.definition import RemoteTest, Side
from ingest.sample import EventType, Result, ResultState
from tests.alerts.made import FINDING, step_of
from tests.alerts.remote_bench import ACTOR, APPLIANCE, COLLEAGUE, IDLE, KIND, RemoteBench

LEVEL, LOCK, DRAIN, HEAT = "level_zero", "lock_cycle_3", "drain_60_s", "heat_60_s"


@pytest.fixture
def bench(desk: Desk, clock: ManualClock) -> RemoteBench:
    """Everything around a desk."""
    return RemoteBench(desk, clock)


def test_a_test_runs_to_a_verdict_that_moves_the_ticket(bench: RemoteBench) -> None:
    """Values are read, the test runs, and what it measured raises the cause that it speaks for, parts and next step with it."""
    session_id = bench.open(Scope.TEST)

    session = bench.run(session_id, LEVEL, level_mm=25.0)

    (procedure,) = session.procedures
    assert (procedure.state, procedure.verdict, procedure.measured) == (ProcedureState.DONE, "confirmed", 25.0)
    assert [step.name for step in procedure.steps] == ["snapshot.read", "sensor.crosscheck"]
    assert procedure.before is not None
    assert procedure.after is not None
    assert procedure.before["causes"][0] == {"fault_mode": "pressure_sensor_drift", "probability": 0.6}
    ticket = bench.desk.tickets.read("1")
    assert procedure.after["causes"][0]["probability"] == ticket.probability
    assert ticket.probability is not None
    assert ticket.probability > 0.9
    assert procedure.after["next_step"] == "repair"
    assert ticket.recommended.test is None
    assert ticket.history[-1].event == "test_confirmed"
    assert [line.event for line in session.transcript][-1] == "procedure_done"


def test_a_cleared_cause_sinks_and_the_next_test_is_recommended(bench: RemoteBench) -> None:
    """A sound measurement lowers the cause, and the next step is the open test of what is likeliest now."""
    session_id = bench.open(Scope.TEST)

    session = bench.run(session_id, LEVEL, level_mm=0.5)

    (procedure,) = session.procedures
    ticket = bench.desk.tickets.read("1")
    assert procedure.verdict == "cleared"
    assert ticket.probability is not None
    assert ticket.probability < 0.25
    assert ticket.alternatives[0].fault_mode == "tub_leak"
    assert ticket.alternatives[0].probability > 0.1
    assert ticket.recommended.test == "hold_10_min"


def test_news_of_the_finding_is_weighed_by_what_was_tested(bench: RemoteBench) -> None:
    """The detectors know nothing of the test; what they say next is weighed by it again."""
    bench.run(bench.open(Scope.TEST), LEVEL, level_mm=25.0)

    news = replace(FINDING, fault_mode="pressure_sensor_drift", probability=0.55, score=10.0, severity=0.9)
    bench.desk.findings.commit(step_of(2, news))

    ticket = bench.desk.tickets.read("1")
    assert ticket.severity == 0.9
    assert ticket.probability is not None
    assert ticket.probability > 0.9


def test_a_crash_between_answer_and_verdict_doubles_nothing(bench: RemoteBench) -> None:
    """Another process goes on with a procedure from the answers that stand; an answer that comes twice moves nothing twice."""
    session_id = bench.open(Scope.TEST)
    bench.desk.by(ACTOR).sessions.begin(session_id, LEVEL)
    (read,) = bench.send()
    bench.answer(read.command_id, **IDLE)

    unit = UnitOfWork(bench.desk.unit.engine, bench.clock, random.Random(3))
    after = RemoteBench(Desk(unit, bench.desk.profiles), bench.clock, feed=bench.feed)
    (test,) = after.send()
    after.answer(test.command_id, level_mm=25.0)
    probability = after.desk.tickets.read("1").probability
    after.answer(test.command_id, level_mm=25.0)
    after.desk.sessions.expire()

    (procedure,) = after.read(session_id).procedures
    assert procedure.state is ProcedureState.DONE
    assert after.desk.tickets.read("1").probability == probability
    assert [line.event for line in after.read(session_id).transcript].count("procedure_done") == 1


@pytest.mark.parametrize(
    ("state", "reason"), [(ResultState.FAILED, "door_opened"), (ResultState.REJECTED, "interlock_running")]
)
def test_a_test_that_came_to_nothing_says_why_and_moves_nothing(
    bench: RemoteBench, state: ResultState, reason: str
) -> None:
    """What the appliance broke off or refused is no verdict."""
    session_id = bench.open(Scope.TEST)
    before = bench.desk.tickets.read("1").probability
    bench.desk.by(ACTOR).sessions.begin(session_id, LEVEL)
    (read,) = bench.send()
    bench.answer(read.command_id, **IDLE)
    (test,) = bench.send()

    bench.answer(test.command_id, state, reason)

    (procedure,) = bench.read(session_id).procedures
    assert (procedure.state, procedure.reason, procedure.verdict) == (ProcedureState.FAILED, reason, None)
    assert bench.desk.tickets.read("1").probability == before


@pytest.mark.parametrize("data", [{}, {"level_mm": "wet"}, {"level_mm": True}])
def test_an_answer_without_the_measurement_is_no_verdict(bench: RemoteBench, data: dict[str, Any]) -> None:
    """A measurement that is absent, text or a flag proves nothing."""
    session_id = bench.open(Scope.TEST)
    bench.desk.by(ACTOR).sessions.begin(session_id, LEVEL)
    (read,) = bench.send()
    bench.answer(read.command_id, **IDLE)
    (test,) = bench.send()
    bench.answer(test.command_id, **data)

    assert bench.read(session_id).procedures[0].reason == "nothing_measured"


def test_the_end_of_the_session_ends_its_procedure(bench: RemoteBench) -> None:
    """Nothing of a procedure goes out after the end, and its record says why it came to nothing."""
    session_id = bench.open(Scope.TEST)
    bench.desk.by(ACTOR).sessions.begin(session_id, LEVEL)

    bench.desk.by(ACTOR).sessions.end(session_id)

    assert bench.send() == []
    (procedure,) = bench.read(session_id).procedures
    assert procedure.state is ProcedureState.FAILED
    assert procedure.reason == "session_over"


def test_one_test_at_a_time(bench: RemoteBench) -> None:
    """A second test waits until the first is over; an unknown one, or one without consent, is refused with a sentence."""
    session_id = bench.open(Scope.TEST)
    sessions = bench.desk.by(ACTOR).sessions
    sessions.begin(session_id, LEVEL)

    with pytest.raises(ConflictError, match="Another test runs"):
        sessions.begin(session_id, LOCK)
    with pytest.raises(InvalidError, match="there are: empty_spin"):
        sessions.begin(session_id, "warp_core")
    with pytest.raises(RefusedError, match="needs consent for act"):
        sessions.begin(session_id, HEAT)
    sessions.end(session_id)
    with pytest.raises(IllegalStepError):
        sessions.begin(session_id, LEVEL)


def test_pumping_waits_for_a_key_at_the_appliance(bench: RemoteBench) -> None:
    """R2: the procedure waits until somebody at the appliance confirms, and goes on by itself then."""
    session_id = bench.open(Scope.TEST, "drain_pump_clog")
    bench.desk.by(ACTOR).sessions.begin(session_id, DRAIN)
    (read,) = bench.send()
    bench.answer(read.command_id, **IDLE)
    assert bench.send() == []
    (procedure,) = bench.read(session_id).procedures
    assert procedure.waits_for == ("nobody_there",)

    bench.tell(EventType.PRESENCE_CONFIRMED)
    (test,) = bench.send()
    bench.answer(test.command_id, drain_l_min=4.0)

    assert test.args["test"] == DRAIN
    assert bench.read(session_id).procedures[0].verdict == "confirmed"


def test_a_key_of_long_ago_counts_for_nothing(bench: RemoteBench) -> None:
    """Presence is two minutes old at most, also where the command waits to be claimed."""
    session_id = bench.open(Scope.TEST, "drain_pump_clog")
    bench.tell(EventType.PRESENCE_CONFIRMED)
    bench.desk.by(ACTOR).sessions.begin(session_id, DRAIN)
    (read,) = bench.send()
    bench.answer(read.command_id, **IDLE)
    bench.clock.advance(20_000)
    assert bench.read(session_id).commands[-1].state is CommandState.QUEUED
    bench.tell(EventType.DOOR, open=True)

    assert bench.send() == []

    last = bench.read(session_id).commands[-1]
    assert (last.state, last.reason) == (CommandState.EXPIRED, "door_open")


@pytest.mark.parametrize(
    ("late_ms", "lag_ms", "goes"), [(0, 0, True), (130_000, 0, False), (600_000, 590_000, True), (0, -300_000, False)]
)
def test_a_key_that_is_told_late_is_as_old_as_it_is(
    bench: RemoteBench, late_ms: int, lag_ms: int, *, goes: bool
) -> None:
    """What an appliance kept while its line was down is no sign that somebody is there now; a clock that is wrong is none of it."""
    session_id = bench.open(Scope.TEST, "drain_pump_clog")
    bench.desk.by(ACTOR).sessions.begin(session_id, DRAIN)
    (read,) = bench.send()
    now_ms = bench.clock.now_ms()
    said = Result(APPLIANCE, KIND, now_ms - lag_ms, now_ms, read.command_id, ResultState.SUCCEEDED, None, dict(IDLE))
    bench.say(results=(said,))

    bench.tell(EventType.PRESENCE_CONFIRMED, late_ms=late_ms)

    assert bool(bench.send()) is goes


def test_heat_needs_two_people_here_and_one_there(bench: RemoteBench) -> None:
    """R3: a key, the service mode by hand, somebody else's approval of exactly this command, and fresh values."""
    session_id = bench.open(Scope.ACT, "heater_failure")
    sessions = bench.desk.by(ACTOR).sessions
    sessions.begin(session_id, HEAT)
    (read,) = bench.send()
    bench.answer(read.command_id, **IDLE)
    bench.tell(EventType.PRESENCE_CONFIRMED)
    assert bench.read(session_id).procedures[0].waits_for == ("service_mode_off", "approval_missing")
    bench.tell(EventType.SERVICE_MODE, on=True)
    waiting = bench.read(session_id).procedures[0].waiting_command_id
    assert waiting is not None
    with pytest.raises(RefusedError, match="Four eyes"):
        sessions.approve(session_id, waiting)
    bench.clock.advance(10_000)

    bench.desk.by(COLLEAGUE).sessions.approve(session_id, waiting)
    (fresh,) = bench.send()
    assert fresh.name == "snapshot.read", "the values are ten seconds old"
    bench.answer(fresh.command_id, **IDLE)
    (test,) = bench.send()
    bench.answer(test.command_id, power_w=1900.0)

    assert test.command_id == waiting
    assert bench.read(session_id).procedures[0].verdict == "cleared"
    assert "command.approve" in {entry.action for entry in bench.desk.audit.page().items}


def test_an_approval_lapses(bench: RemoteBench) -> None:
    """What nobody lets go in five minutes never goes."""
    session_id = bench.open(Scope.ACT, "heater_failure")
    bench.desk.by(ACTOR).sessions.begin(session_id, HEAT)
    (read,) = bench.send()
    bench.answer(read.command_id, **IDLE)
    for _ in range(2):
        bench.clock.advance(149_000)
        bench.desk.by(ACTOR).sessions.issue(session_id, "errors.read")
    bench.clock.advance(3_000)
    bench.desk.sessions.expire()

    assert bench.read(session_id).procedures[0].reason == "nobody came in time"


def test_an_opened_door_ends_a_session_that_may_act(bench: RemoteBench) -> None:
    """Consent for *act* is consent behind a closed door."""
    session_id = bench.open(Scope.ACT)
    bench.tell(EventType.DOOR, open=True)

    session = bench.read(session_id)
    assert (session.state, session.end_reason) == (SessionState.ENDED, "door_opened")


def test_every_test_is_offered_with_what_stands_in_its_way(bench: RemoteBench) -> None:
    """The recommended one first; without consent none may run, a scope too small is said, a reading brings its reason and takes it away."""
    session_id = bench.open(Scope.TEST, "drain_pump_clog")
    offered = bench.read(session_id).tests
    assert (offered[0].test.name, offered[0].is_recommended) == (DRAIN, True)
    assert {one.test.name for one in offered} == set(load_profiles()["washing_machine"].tests)
    assert ("scope",) in {one.why_not for one in offered if one.test.name == HEAT}
    assert offered[0].waits_for == ("nobody_there",)

    for mode, reasons in (("spin", ("running",)), ("idle", ())):
        bench.desk.by(ACTOR).sessions.issue(session_id, "snapshot.read")
        (read,) = bench.send()
        bench.answer(read.command_id, mode=mode, metrics={})
        assert bench.read(session_id).tests[-1].test.name
        drain = next(one for one in bench.read(session_id).tests if one.test.name == DRAIN)
        assert drain.why_not == reasons


def test_what_the_appliance_never_learned_is_not_asked_of_it(bench: RemoteBench) -> None:
    """An appliance that tells its tests at birth is asked for no other."""
    session_id = bench.open(Scope.TEST)
    from alerts.appliances.tables import appliances  # noqa: PLC0415

    bench.desk.unit.write(
        lambda t: t.connection.execute(
            appliances.update().where(appliances.c.id == APPLIANCE).values(capabilities=[f"test:{LOCK}"])
        )
    )

    why = {one.test.name: one.why_not for one in bench.read(session_id).tests}
    assert (why[LEVEL], why[LOCK]) == (("unsupported",), ())
    with pytest.raises(RefusedError, match="does not know"):
        bench.desk.by(ACTOR).sessions.begin(session_id, LEVEL)


def test_what_the_appliance_refused_as_unknown_today_is_not_offered_again(bench: RemoteBench) -> None:
    """An appliance that told of no tests at birth is asked; what it did not know is shown with the reason for a day."""
    session_id = bench.open(Scope.TEST)
    bench.desk.by(ACTOR).sessions.begin(session_id, LEVEL)
    for one in bench.send():
        bench.answer(one.command_id, mode="idle", metrics={})
    (asked,) = bench.send()
    bench.answer(asked.command_id, ResultState.REJECTED, "unknown_command")

    why = {one.test.name: one.why_not for one in bench.read(session_id).tests}
    assert (why[LEVEL], why[LOCK]) == (("unsupported",), ())
    with pytest.raises(RefusedError, match="does not know"):
        bench.desk.by(ACTOR).sessions.begin(session_id, LEVEL)
    number = str(bench.read(session_id).ticket_number)
    assert bench.desk.sessions.why_not_recommended(number) == "unsupported"

    bench.clock.advance(86_400_001)
    assert bench.desk.sessions.why_not_recommended(number) is None


def test_the_rates_of_a_test_are_learned_from_verdicts(bench: RemoteBench) -> None:
    """A technician who finds what the test denied makes its next word weigh less."""
    session_id = bench.open(Scope.TEST)
    first = bench.run(session_id, LEVEL, level_mm=0.5).procedures[0]
    desk = bench.desk.by(ACTOR)
    desk.tickets.step("1", TicketStep.START)
    desk.tickets.judge("1", VerdictRecord(Verdict.CONFIRMED))

    second = bench.run(session_id, LEVEL, level_mm=0.5).procedures[1]

    assert first.likelihood_ratio is not None
    assert second.likelihood_ratio is not None
    assert first.likelihood_ratio < second.likelihood_ratio < 1


PUMP = RemoteTest(
    "t", {"en": "t"}, "pump.test", "R2", 60, "l_min", "L/min", (12.0, 22.0), faulty=Side.BELOW, tolerance=1.0
)


@pytest.mark.parametrize(
    ("value", "degree", "verdict"),
    [
        (30.0, 0.0, Indication.CLEARED),
        (15.0, 0.0, Indication.CLEARED),
        (12.0, 0.5, Indication.UNCLEAR),
        (11.6, 0.7, Indication.UNCLEAR),
        (5.0, 1.0, Indication.CONFIRMED),
    ],
)
def test_near_a_limit_a_value_says_little(value: float, degree: float, verdict: Indication) -> None:
    """Only the faulty side speaks, and within the tolerance it speaks softly."""
    assert positivity(PUMP, value) == pytest.approx(degree)
    assert judge(PUMP, value).verdict is verdict


def test_a_likelihood_ratio_is_that_of_the_rates() -> None:
    """Far from the limit: sensitivity over false alarms, and misses over specificity; verdicts move both."""
    assert judge(PUMP, 5.0).likelihood_ratio == pytest.approx(0.9 / 0.05)
    assert judge(PUMP, 18.0).likelihood_ratio == pytest.approx(0.1 / 0.95)
    better = learned(PUMP, Tally(found=20, cleared=20))
    assert better.sensitivity == pytest.approx(0.95)
    assert better.specificity == pytest.approx(0.975)
    assert learned(PUMP, Tally(missed=10_000)).sensitivity > 0.5
