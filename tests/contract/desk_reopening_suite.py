"""A fault that comes back, on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.alerting.alert import Alert
from alerts.desk import Desk
from alerts.errors import InvalidError
from alerts.lifecycle import TicketState, TicketStep
from alerts.rules.desk_rules import DeskRules, Reopening
from alerts.tickets.ticket import Resolution, StepBody, Verdict, VerdictRecord
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS, FINDING, cleared, step_of

WONT_FIX = StepBody(note="too old", resolution=Resolution.WONT_FIX)


def come_back(desk: Desk, clock: ManualClock, *, days: float, severity: float = FINDING.severity) -> Alert:
    """The fault is over at once, and is found again some days later; its alert."""
    desk.findings.commit(step_of(desk.findings.load().position + 1, cleared(FINDING, clock.now_ms())))
    clock.advance(round(days * DAY_MS))
    now_ms = clock.now_ms()
    again = replace(FINDING, raised_ms=now_ms, onset_ms=now_ms - 1, severity=severity, failure_window_ms=None)
    desk.findings.commit(step_of(desk.findings.load().position + 1, again))
    return desk.alerts.page().items[0]


def numbers(desk: Desk) -> list[tuple[int, int, str]]:
    """Number, episode and state of every ticket."""
    return [(one.number, one.episode, one.status.value) for one in desk.tickets.page().items]


class DeskReopeningSuite:
    """The promises of :mod:`alerts.tickets.reopening` and of what is remembered."""

    def test_within_the_window_the_ticket_is_opened_again_with_what_is_found_now(
        self, desk: Desk, clock: ManualClock
    ) -> None:
        """13 days after its closing: one ticket, its second episode, new evidence, and how the first ended in the history."""
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.START)
        desk.tickets.judge("1", VerdictRecord(Verdict.CONFIRMED))
        desk.tickets.step("1", TicketStep.CLOSE)

        alert = come_back(desk, clock, days=13, severity=0.9)

        ticket = desk.tickets.read("1")
        assert numbers(desk) == [(1, 2, "open")]
        assert (alert.reason, alert.ticket_id, ticket.alert_id) == ("ticket_reopened", ticket.id, alert.id)
        assert (ticket.severity, ticket.verdict, ticket.cleared_at) == (0.9, None, None)
        line = ticket.history[-1]
        assert (line.event, line.actor, line.data["former_verdict"]) == ("reopen", "detector", "confirmed")
        assert ticket.clocks[0].spent_s == 0

    @pytest.mark.parametrize(("days", "within_days", "expected"), [(14, 14, 2), (1, 0, 2), (20, 30, 1)])
    def test_the_window_is_a_rule(
        self, desk: Desk, clock: ManualClock, days: float, within_days: float, expected: int
    ) -> None:
        """Behind the window, or with none, it is a new ticket; a wider window reaches further."""
        rules = DeskRules(reopening=Reopening(within_days=within_days))
        desk = replace(desk, unit=replace(desk.unit, rules=rules))
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.CLOSE)

        come_back(desk, clock, days=days)

        assert len(numbers(desk)) == expected

    def test_a_word_about_a_closed_ticket_opens_nothing(self, desk: Desk, clock: ManualClock) -> None:
        """A comment when the grace is over leaves it closed, as its writer is told; asking again is what opens it."""
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.CLOSE)
        clock.advance(4 * DAY_MS)

        commented = desk.tickets.step("1", TicketStep.COMMENT, StepBody(text="the customer called"))
        desk.alerts.ask_again()

        assert commented.status is TicketState.CLOSED
        assert numbers(desk) == [(1, 2, "open")]

    def test_what_was_cancelled_is_not_opened_again(self, desk: Desk, clock: ManualClock) -> None:
        """A cancelled ticket was none: the fault gets its own."""
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.CANCEL, StepBody(note="a test"))

        come_back(desk, clock, days=5)

        assert [(number, state) for number, _, state in numbers(desk)] == [(2, "open"), (1, "cancelled")]

    @pytest.mark.parametrize("word", ["wont_fix", "usage"])
    def test_a_decision_is_remembered_until_the_evidence_changes_its_class(
        self, desk: Desk, clock: ManualClock, word: str
    ) -> None:
        """As severe as then it is shown without a ticket, for years; in a higher class it gets one."""
        desk.findings.commit(step_of(1, FINDING))
        if word == "usage":
            desk.tickets.step("1", TicketStep.START)
            desk.tickets.judge("1", VerdictRecord(Verdict.USAGE))
        desk.tickets.step("1", TicketStep.CLOSE, StepBody() if word == "usage" else WONT_FIX)

        alert = come_back(desk, clock, days=400)
        desk.alerts.ask_again()

        assert (alert.reason, alert.decision) == (
            {"usage": "known_usage", "wont_fix": "will_not_be_fixed"}[word],
            "note",
        )
        assert numbers(desk) == [(1, 1, "closed")]
        worse = replace(FINDING, raised_ms=clock.now_ms(), onset_ms=clock.now_ms() - 1, severity=0.8)
        desk.findings.commit(step_of(desk.findings.load().position + 1, worse))
        assert [number for number, _, _ in numbers(desk)] == [2, 1]

    def test_a_decision_belongs_to_the_end_of_a_ticket(self, desk: Desk) -> None:
        """Elsewhere it is refused and changes nothing; it stands on the ticket, and is gone when that is opened again."""
        desk.findings.commit(step_of(1, FINDING))
        with pytest.raises(InvalidError, match="resolution"):
            desk.tickets.step("1", TicketStep.TRIAGE, WONT_FIX)
        assert desk.tickets.step("1", TicketStep.CLOSE, WONT_FIX).resolution is Resolution.WONT_FIX

        again = desk.tickets.step("1", TicketStep.REOPEN)

        assert (again.status, again.resolution) == (TicketState.OPEN, None)
        assert again.history[-1].data["former_resolution"] == "wont_fix"
