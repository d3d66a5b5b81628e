"""What happens to an appliance ends its session: a new start, and a line that has gone. Nobody at the desk need do anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.desk import Desk
from alerts.lifecycle import SessionState
from alerts.remote.policy import Scope
from ingest.clock import ManualClock
from ingest.sample import Status, StatusState
from tests.alerts.remote_bench import APPLIANCE, KIND, RemoteBench
from tests.alerts.test_effects import samples
from tests.alerts.test_many_sessions import counting


@pytest.fixture
def bench(desk: Desk, clock: ManualClock) -> RemoteBench:
    """Everything around a desk."""
    return RemoteBench(desk, clock)


@pytest.mark.parametrize(("boot", "reason"), [("b1", None), ("b2", "appliance_restarted")])
def test_another_start_ends_it(bench: RemoteBench, boot: str, reason: str | None) -> None:
    """What was consented to an appliance that has started anew since is over; one that goes on goes on."""
    session_id = bench.open(Scope.TEST)
    for told in ("b1", boot):
        bench.clock.advance(1000)
        block = samples(bench.clock.now_ms(), 0.0, cycle=None, mode="idle")
        bench.say(blocks=(replace(block, boots=[told]),))

    session = bench.read(session_id)

    assert session.end_reason == reason
    assert session.state is (SessionState.ACTIVE if reason is None else SessionState.ENDED)


@pytest.mark.parametrize(
    ("state", "reason"),
    [(StatusState.OFFLINE, "appliance_offline"), (StatusState.SLEEPING, None), (StatusState.ONLINE, None)],
)
def test_a_line_that_has_gone_ends_it(bench: RemoteBench, state: StatusState, reason: str | None) -> None:
    """Offline ends it; one that sleeps or comes back does not."""
    session_id = bench.open(Scope.TEST)
    now_ms = bench.clock.now_ms()

    bench.say(statuses=(Status(APPLIANCE, KIND, now_ms, now_ms, state),))

    assert bench.read(session_id).end_reason == reason


def test_many_lines_that_go_at_once_cost_as_many_statements_as_one(bench: RemoteBench, desk: Desk) -> None:
    """A broker that starts anew takes ten thousand with it: who of them is in a session is asked once."""

    def gone(first: int, count: int) -> int:
        now_ms = bench.clock.now_ms()
        names = [f"gone-{number}" for number in range(first, first + count)]
        with counting(desk) as seen:
            bench.say(statuses=tuple(Status(name, KIND, now_ms, now_ms, StatusState.OFFLINE) for name in names))
        return len(seen)

    bench.open(Scope.TEST)
    gone(0, 2)  # the first that is read asks where to read on

    few = gone(10, 2)

    assert gone(20, 40) == few
