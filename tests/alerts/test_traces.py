"""``trace.capture``: a dense look at an appliance, for whoever may read, and the command of tests that only look."""

from __future__ import annotations

import pytest

from alerts.desk import Desk
from alerts.errors import InvalidError, RefusedError
from alerts.lifecycle import CommandState
from alerts.remote.catalogue import can_do, rule_of
from alerts.remote.policy import Scope
from ingest.clock import ManualClock
from ingest.profiles import load_profiles
from ingest.sample import ResultState
from tests.alerts.remote_bench import ACTOR, RemoteBench

TRACE = "trace.capture"


@pytest.fixture
def bench(desk: Desk, clock: ManualClock) -> RemoteBench:
    """Everything around a desk."""
    return RemoteBench(desk, clock)


def test_a_trace_may_take_its_time(bench: RemoteBench) -> None:
    """Consent to read is enough; a minute's trace is not given up when its deadline to begin has passed."""
    session_id = bench.open(Scope.READ)
    command = bench.desk.by(ACTOR).sessions.issue(session_id, TRACE, {"rate_hz": 10, "seconds": 60})
    (sent,) = bench.send()
    bench.answer(sent.command_id, ResultState.RUNNING)

    bench.clock.advance(75_000)
    bench.desk.sessions.expire()
    waits = bench.read(session_id).commands[-1].state
    bench.answer(sent.command_id, samples=600)

    assert (command.id, sent.args) == (sent.command_id, {"rate_hz": 10, "seconds": 60})
    assert waits is CommandState.RUNNING
    done = bench.read(session_id).commands[-1]
    assert (done.state, done.data) == (CommandState.SUCCEEDED, {"samples": 600})


def test_a_trace_needs_consent_to_read(bench: RemoteBench) -> None:
    """Who may only see may not record."""
    session_id = bench.open(Scope.SEE)

    with pytest.raises(RefusedError):
        bench.desk.by(ACTOR).sessions.issue(session_id, TRACE, {"rate_hz": 10, "seconds": 5})


@pytest.mark.parametrize("args", [{}, {"rate_hz": 10}, {"rate_hz": 11, "seconds": 5}, {"rate_hz": 1, "seconds": 61}])
def test_an_odd_trace_is_not_issued(bench: RemoteBench, args: dict[str, float]) -> None:
    """Rate and length, both, within what an appliance can."""
    session_id = bench.open(Scope.READ)

    with pytest.raises(InvalidError):
        bench.desk.by(ACTOR).sessions.issue(session_id, TRACE, args)


def test_with_the_name_of_a_test_it_is_that_test() -> None:
    """The profile's own limits hold then, and what is no test of it does not exist."""
    profile = load_profiles()["water_heater"]

    rule = rule_of(profile, TRACE, {"test": "standby_2_h", "seconds": 7200})

    assert rule.test is profile.tests["standby_2_h"]
    with pytest.raises(InvalidError):
        rule_of(profile, TRACE, {"test": "standby_2_h", "seconds": 7201})
    with pytest.raises(RefusedError):
        rule_of(load_profiles()["oven"], TRACE, {"test": "standby_2_h"})


@pytest.mark.parametrize(
    ("told", "knows"),
    [
        ((), True),
        (("test:standby_2_h",), True),
        (("test:standby_2_h:7200",), True),
        (("test:standby_2_h:3600",), False),
        (("test:standby_2_h:long",), False),
        (("test:draw_5_min:7200",), False),
    ],
)
def test_an_appliance_tells_how_long_it_does_a_test(told: tuple[str, ...], knows: bool) -> None:
    """One that stops earlier than the test takes does not know it; one that tells nothing of tests is asked."""
    assert can_do(load_profiles()["water_heater"].tests["standby_2_h"], told) is knows
