"""Remote first: a stage of the ticket with a clock of its own, ended by a person or by what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.desk import Desk
from alerts.errors import ConflictError
from alerts.lifecycle import SessionEvent, TicketStep
from alerts.remote.consent import end_session
from alerts.remote.ending import EndReason
from alerts.remote.policy import Scope
from alerts.remote_first.stage import RemoteExit, RemoteStage
from alerts.tickets.ticket import NewTicket, StepBody
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, step_of
from tests.alerts.remote_bench import ACTOR, RemoteBench

NORMAL = replace(FINDING, severity=0.2, failure_window_ms=None)
"""Priority 3 at least: a day for the stage."""


@pytest.fixture
def ticketed(desk: Desk) -> Desk:
    """A desk with a ticket for a fault that a test can confirm."""
    desk.findings.commit(step_of(1, NORMAL))
    desk.remote_first.settle()
    return desk


def stage(desk: Desk) -> RemoteStage:
    """The stage of the first ticket."""
    found = desk.remote_first.read("1")
    assert found is not None
    return found


def engaged(desk: Desk) -> None:
    """The customer gives their code."""
    bench = RemoteBench(desk, desk.unit.clock)  # type: ignore[arg-type]  # the tests' clock is a ManualClock
    session = bench.desk.by(ACTOR).sessions.request("1", Scope.READ)
    (shown,) = bench.send()
    bench.desk.by(ACTOR).sessions.consent(session.id, str(shown.args["code"]))


def refused(desk: Desk) -> None:
    """The customer says no at the appliance."""
    session = desk.by(ACTOR).sessions.request("1", Scope.READ)
    desk.unit.write(lambda t: end_session(t, session.id, SessionEvent.REFUSE, reason=EndReason.REFUSED))


def unheard(desk: Desk) -> None:
    """Nobody reads out the code."""
    session = desk.by(ACTOR).sessions.request("1", Scope.READ)
    desk.unit.write(lambda t: end_session(t, session.id, SessionEvent.EXPIRE, reason=EndReason.NO_CONSENT))


def plan(desk: Desk) -> None:
    """A visit is planned."""
    start = desk.unit.clock.now() + timedelta(days=1)
    desk.tickets.step("1", TicketStep.TRIAGE)
    desk.tickets.step("1", TicketStep.SCHEDULE, StepBody(visit_from=start, visit_to=start + timedelta(hours=2)))


def close(desk: Desk) -> None:
    """It is closed without a visit."""
    desk.tickets.step("1", TicketStep.CLOSE)


@pytest.mark.parametrize(
    ("tried", "then", "expected"),
    [
        (engaged, close, RemoteExit.SOLVED),
        (engaged, plan, RemoteExit.NEEDS_VISIT),
        (refused, plan, RemoteExit.REFUSED),
        (unheard, plan, RemoteExit.NOT_REACHABLE),
        (None, plan, RemoteExit.SKIPPED),
        (None, close, RemoteExit.SKIPPED),
    ],
)
def test_what_happened_says_how_it_ended(
    ticketed: Desk, tried: Callable[[Desk], None] | None, then: Callable[[Desk], None], expected: RemoteExit
) -> None:
    """Sessions and steps of the ticket decide; it is counted once, under its exit."""
    if tried is not None:
        tried(ticketed)
    assert ticketed.remote_first.settle() == 0
    then(ticketed)

    ended = ticketed.remote_first.settle()

    ticketed.unit.clock.advance(1000)  # type: ignore[attr-defined]  # the tests' clock
    counted = ticketed.indicators.over(timedelta(days=1)).remote
    assert (ended, stage(ticketed).exit) == (1, expected)
    assert {name: number for name, number in counted.exits.items() if number} == {expected.value: 1}
    assert counted.solved_share == {RemoteExit.SOLVED: 1.0, RemoteExit.SKIPPED: None}.get(expected, 0.0)


def test_a_person_ends_it_with_the_kit_for_the_visit(ticketed: Desk) -> None:
    """Parts and what the tests said come along; it ends once, and an ended stage stays as it is."""
    ended = ticketed.by(ACTOR).remote_first.end("1", RemoteExit.NEEDS_VISIT, note="pump hums")

    assert ended is not None
    assert (ended.exit, ended.ended_by, ended.note) == (RemoteExit.NEEDS_VISIT, ACTOR, "pump hums")
    assert ended.kit is not None
    assert [part["sku"] for part in ended.kit["parts"]] == ["00145"]
    close(ticketed)
    assert ticketed.remote_first.settle() == 0
    with pytest.raises(ConflictError, match="has ended: needs_visit"):
        ticketed.remote_first.end("1", RemoteExit.SOLVED)


def test_its_clock_is_told_once_when_it_is_late(ticketed: Desk, clock: ManualClock) -> None:
    """A day after the ticket, not before, and once."""
    clock.advance(23 * HOUR_MS)
    ticketed.remote_first.settle()
    early = stage(ticketed).is_late
    clock.advance(HOUR_MS)
    ticketed.remote_first.settle()
    ticketed.remote_first.settle()

    told = [line.event for line in ticketed.tickets.read("1").history].count("remote_first_late")
    assert (early, stage(ticketed).is_late, told) == (False, True, 1)


def test_what_comes_back_has_relapsed(ticketed: Desk, clock: ManualClock) -> None:
    """Solved from afar, and the same fault of the same appliance within 90 days."""
    engaged(ticketed)
    close(ticketed)
    ticketed.remote_first.settle()
    clock.advance(30 * DAY_MS)
    again = replace(NORMAL, raised_ms=clock.now_ms(), onset_ms=clock.now_ms())
    ticketed.findings.commit(step_of(2, again))

    ticketed.remote_first.settle()

    assert stage(ticketed).relapsed_at is not None
    assert ticketed.indicators.over(timedelta(days=60)).remote.relapsed == 1


def test_where_nothing_can_be_tried_there_is_no_stage(ticketed: Desk) -> None:
    """A ticket without a known fault is asked about once and then left in peace."""
    ticketed.tickets.open(NewTicket("WM-0231", "It smells"))

    ticketed.remote_first.settle()

    assert ticketed.remote_first.read("2") is None
    with pytest.raises(ConflictError, match="nothing to try"):
        ticketed.remote_first.end("2", RemoteExit.SOLVED)


def test_the_queue_shows_what_is_in_the_stage(ticketed: Desk) -> None:
    """From its beginning to its end, and each change of it is told to whoever watches the queue."""
    seen = ticketed.changes.last()
    assert ticketed.tickets.queue().columns["remote_first"] == [True]

    ticketed.remote_first.end("1", RemoteExit.NEEDS_VISIT)

    assert ticketed.tickets.queue().columns["remote_first"] == [False]
    assert ticketed.changes.last() > seen
