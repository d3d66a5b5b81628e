"""The readings decide whether a command worked, whatever the appliance has answered."""

from __future__ import annotations

import numpy as np
import pytest

from alerts.desk import Desk
from alerts.remote import effects
from alerts.remote.policy import Scope
from alerts.remote.session import Command
from ingest.clock import ManualClock
from ingest.sample import EventType, ResultState, SampleBlock
from tests.alerts.remote_bench import ACTOR, APPLIANCE, IDLE, KIND, RemoteBench

DRAIN = "drain_60_s"


@pytest.fixture
def bench(desk: Desk, clock: ManualClock) -> RemoteBench:
    """Everything around a desk."""
    return RemoteBench(desk, clock)


def samples(
    now_ms: int, *watts: float, cycle: str | None, mode: str = "test", appliance_id: str = APPLIANCE
) -> SampleBlock:
    """What the pump takes, second by second."""
    count = len(watts)
    return SampleBlock(
        kind=KIND,
        metrics=("pump_w",),
        appliance_ids=[appliance_id] * count,
        ts_ms=np.arange(count, dtype=np.int64) * 1000 + now_ms,
        values=np.array(watts, dtype=np.float64).reshape(count, 1),
        modes=[mode] * count,
        cycles=[cycle] * count,
        seq=np.full(count, -1, np.int64),
        index=np.arange(count, dtype=np.int64),
        flags=np.zeros(count, np.uint8),
        received_ms=now_ms,
    )


def sent(bench: RemoteBench) -> tuple[str, str]:
    """A pump test that is on its way: session and command."""
    session_id = bench.open(Scope.TEST, "drain_pump_clog")
    bench.tell(EventType.PRESENCE_CONFIRMED)
    bench.desk.by(ACTOR).sessions.begin(session_id, DRAIN)
    (read,) = bench.send()
    bench.answer(read.command_id, **IDLE)
    (test,) = bench.send()
    return session_id, test.command_id


def found(bench: RemoteBench, session_id: str, command_id: str) -> Command:
    """The command now."""
    return next(one for one in bench.read(session_id).commands if one.id == command_id)


def test_it_worked_where_the_readings_show_it(bench: RemoteBench) -> None:
    """Samples of the test's own cycle prove it, and the record names those that decided."""
    session_id, command_id = sent(bench)

    bench.say(blocks=(samples(bench.clock.now_ms(), 0.0, 28.0, 27.0, cycle=f"test-{command_id}"),))
    bench.answer(command_id, drain_l_min=15.0)

    command = found(bench, session_id, command_id)
    assert command.effect == "worked"
    assert command.effect_data is not None
    assert [one["value"] for one in command.effect_data["samples"]] == [28.0, 27.0]
    assert "effect_worked" in [line.event for line in bench.read(session_id).transcript]


def test_what_other_tests_read_first_hides_nothing(bench: RemoteBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much has been read since: of what is looked at each time, only tests are counted."""
    monkeypatch.setattr(effects, "_LOOKED_AT", 1)
    session_id, command_id = sent(bench)
    bench.answer(command_id, drain_l_min=15.0)
    bench.desk.by(ACTOR).sessions.begin(session_id, "level_zero")
    (read,) = bench.send()
    bench.answer(read.command_id, ResultState.FAILED)

    bench.clock.advance(31_000)
    bench.desk.sessions.expire()

    assert found(bench, session_id, command_id).effect == "no_effect"


def test_it_was_answered_and_did_nothing(bench: RemoteBench) -> None:
    """An appliance that says *done* while its pump took no power is not believed; a late sample may still prove it."""
    session_id, command_id = sent(bench)
    bench.say(blocks=(samples(bench.clock.now_ms(), 0.0, 0.4, cycle=f"test-{command_id}"),))
    bench.answer(command_id, drain_l_min=15.0)
    bench.clock.advance(31_000)
    bench.desk.sessions.expire()
    assert found(bench, session_id, command_id).effect == "no_effect"

    bench.say(blocks=(samples(bench.clock.now_ms(), 28.0, cycle=f"test-{command_id}"),))

    assert found(bench, session_id, command_id).effect == "worked"


def test_it_acted_and_never_answered(bench: RemoteBench) -> None:
    """A command without a last word whose effect was seen is no longer a riddle."""
    session_id, command_id = sent(bench)
    bench.answer(command_id, ResultState.RUNNING)
    bench.say(blocks=(samples(bench.clock.now_ms(), 28.0, cycle=f"test-{command_id}"),))
    bench.clock.advance(200_000)
    bench.desk.sessions.expire()

    command = found(bench, session_id, command_id)
    assert (command.state, command.effect) == ("unknown", "unanswered")


@pytest.mark.parametrize(
    ("cycle", "appliance_id"), [("test-cm_other", APPLIANCE), (None, "WM-OTHER")], ids=["other test", "other appliance"]
)
def test_samples_of_something_else_prove_nothing(bench: RemoteBench, cycle: str | None, appliance_id: str) -> None:
    """Another test's trace, or another appliance's pump, says nothing of this command."""
    session_id, command_id = sent(bench)

    bench.say(blocks=(samples(bench.clock.now_ms(), 28.0, cycle=cycle, appliance_id=appliance_id),))
    bench.answer(command_id, drain_l_min=15.0)

    assert found(bench, session_id, command_id).effect is None


def test_samples_of_an_appliance_that_names_no_test_count_by_their_time(bench: RemoteBench) -> None:
    """Between sending and answer a pump that takes power is the pump that was asked for."""
    session_id, command_id = sent(bench)

    bench.say(blocks=(samples(bench.clock.now_ms(), 28.0, cycle=None, mode="drain"),))
    bench.answer(command_id, drain_l_min=15.0)

    assert found(bench, session_id, command_id).effect == "worked"
