"""Fix-first: what customers do before anybody comes, decided by the readings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.desk import Desk
from alerts.errors import ConflictError
from alerts.fix_first.attempt import WhyNot
from alerts.lifecycle import FixFirstState, TicketState, TicketStep
from alerts.tickets.ticket import StepBody, Verdict
from detectors.finding import Cleared, Finding
from ingest.clock import ManualClock
from ingest.profiles import load_profiles
from ingest.profiles.definition import FaultMode, SelfHelp
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, WASHER, cleared, step_of

STEPS = SelfHelp({"en": "Clean the filter"}, ({"en": "Turn it out."},), minutes=10, helps=0.6, settles_days=14)
MODE = replace(WASHER.fault_modes["drain_clog"], self_help=STEPS)


def with_steps(desk: Desk, mode: FaultMode = MODE) -> Desk:
    """The desk, over a profile whose fault mode has steps for the customer; a ticket is open."""
    desk = replace(desk, profiles={WASHER.kind: replace(WASHER, fault_modes={mode.name: mode})})
    desk.findings.commit(step_of(1, FINDING))
    return desk


def clear(desk: Desk, clock: ManualClock, finding: Finding = FINDING, because: Cleared = Cleared.CALM) -> None:
    """Let the detectors see the finding no more, an hour from now."""
    clock.advance(HOUR_MS)
    over = replace(cleared(finding, clock.now_ms()), cleared_because=because)
    desk.findings.commit(step_of(desk.findings.load().position + 1, over))


def test_readings_that_are_sound_again_close_the_ticket_with_their_proof(desk: Desk, clock: ManualClock) -> None:
    """It is offered, done, watched, proved; closed as a confirmed fault, and the outcome moves the share."""
    desk = with_steps(desk)
    offered = desk.fix_first.read("1")
    watched = desk.by("customer").fix_first.tell("1", is_done=True)
    early = desk.fix_first.settle()
    clear(desk, clock)

    decided = desk.fix_first.settle()

    ticket, after = desk.tickets.read("1"), desk.fix_first.read("1")
    assert (offered.is_offered, offered.helps, watched.why_not) == (True, 0.6, WhyNot.WATCHING)
    assert (early, decided) == (0, 1)
    assert (ticket.status, ticket.verdict and ticket.verdict.verdict) == (TicketState.CLOSED, Verdict.CONFIRMED)
    assert after.attempts[0].state is FixFirstState.HELPED
    assert after.attempts[0].proof == {
        "by": "readings", "cleared_ms": clock.now_ms(), "metric": "drain_time", "observed": 96.0, "unit": "s",
    }  # fmt: skip
    assert after.outcomes == 1
    assert after.helps == pytest.approx(13 / 21)


@pytest.mark.parametrize("because", [Cleared.STARTED_OVER, Cleared.MODE_GONE])
def test_a_finding_that_ended_for_another_reason_proves_nothing(
    desk: Desk, clock: ManualClock, because: Cleared
) -> None:
    """The appliance started over: nothing is closed, and when the time is over it did not help."""
    desk = with_steps(desk)
    desk.fix_first.tell("1", is_done=True)
    clear(desk, clock, because=because)
    undecided = desk.fix_first.settle()
    clock.advance(14 * DAY_MS)

    desk.fix_first.settle()

    after = desk.fix_first.read("1")
    assert undecided == 0
    assert (after.attempts[0].state, after.why_not) == (FixFirstState.DID_NOT_HELP, WhyNot.DID_NOT_HELP)
    assert desk.tickets.read("1").status is TicketState.OPEN


def test_readings_from_before_it_was_done_prove_nothing(desk: Desk, clock: ManualClock) -> None:
    """A finding that was cleared before the customer did anything is not their doing."""
    desk = with_steps(desk)
    clear(desk, clock)
    clock.advance(HOUR_MS)
    desk.fix_first.tell("1", is_done=True)

    assert desk.fix_first.settle() == 0


def test_a_planned_visit_is_left_to_a_person(desk: Desk, clock: ManualClock) -> None:
    """The proof stands in the history and is told; nobody's appointment is cancelled by itself."""
    desk = with_steps(desk)
    desk.tickets.step("1", TicketStep.TRIAGE)
    desk.tickets.step("1", TicketStep.SCHEDULE, StepBody())
    desk.fix_first.tell("1", is_done=True)
    clear(desk, clock)

    desk.fix_first.settle()

    ticket = desk.tickets.read("1")
    assert ticket.status is TicketState.SCHEDULED
    assert "fix_first_helped" in {line.event for line in ticket.history}


def test_a_fault_that_comes_back_is_remembered_and_not_offered_again(desk: Desk, clock: ManualClock) -> None:
    """Within 90 days: the new ticket says so, the outcome counts as a failure, and a visit is next."""
    desk = with_steps(desk)
    desk.fix_first.tell("1", is_done=True)
    clear(desk, clock)
    desk.fix_first.settle()
    clock.advance(30 * DAY_MS)
    again = replace(FINDING, raised_ms=clock.now_ms(), onset_ms=clock.now_ms() - HOUR_MS)
    desk.findings.commit(step_of(9, again))

    desk.fix_first.settle()

    new, old = desk.fix_first.read("2"), desk.fix_first.read("1")
    assert (new.why_not, new.attempts) == (WhyNot.RELAPSED, ())
    assert old.attempts[0].state is FixFirstState.RELAPSED
    assert new.helps == pytest.approx(12 / 21)
    assert "fix_first_relapsed" in {line.event for line in desk.tickets.read("2").history}
    with pytest.raises(ConflictError, match="came back"):
        desk.fix_first.tell("2", is_done=True)


def test_who_said_no_may_still_do_it_and_nothing_is_done_twice(desk: Desk) -> None:
    """A no is no outcome; after all is allowed; a second time is refused, and so it is where there are no steps."""
    desk = with_steps(desk)
    declined = desk.fix_first.tell("1", is_done=False)
    desk.fix_first.tell("1", is_done=True)

    assert (declined.why_not, declined.outcomes) == (WhyNot.DECLINED, 0)
    with pytest.raises(ConflictError, match="done already"):
        desk.fix_first.tell("1", is_done=True)
    without = replace(desk, profiles={WASHER.kind: WASHER})
    assert without.fix_first.read("1").why_not is WhyNot.NO_STEPS


def test_every_step_of_the_shipped_profiles_is_in_both_languages() -> None:
    """Titles and steps, for the customers who read them."""
    found = [mode.self_help for one in load_profiles().values() for mode in one.fault_modes.values() if mode.self_help]

    assert len(found) >= 19
    for help_ in found:
        assert all(text.get("en") and text.get("zh") for text in (help_.title, *help_.steps))
