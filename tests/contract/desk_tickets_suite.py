"""What tickets promise over their life on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from alerts.appliances.tables import appliances
from alerts.desk import Desk
from alerts.errors import InvalidError
from alerts.lifecycle import AlertState, TicketState, TicketStep
from alerts.tickets.reading import TicketFilter
from alerts.tickets.ticket import NewTicket, StepBody, TicketSource, Verdict, VerdictRecord
from ingest.clock import ManualClock, from_ms
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, NOW_MS, cleared, step_of


class DeskTicketsSuite:
    """The promises of :class:`alerts.tickets.desk.Tickets`."""

    @pytest.mark.parametrize("last", [TicketStep.CLOSE, TicketStep.CANCEL])
    def test_a_fault_that_stands_behind_its_ticket_is_asked_about_again(
        self, desk: Desk, clock: ManualClock, last: TicketStep
    ) -> None:
        """A ticket ends while its fault still stands: nothing for three days, then work again, once.

        What was closed is opened again; what was cancelled was no ticket, and a new one is opened.
        """
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", last, StepBody(note="n"))
        [alert] = desk.alerts.page().items
        assert (alert.state, alert.reason) == (AlertState.FIRING, "inhibited_recent_repair")

        clock.advance(3 * DAY_MS - 1)
        desk.alerts.ask_again()
        assert len(desk.tickets.page().items) == 1
        clock.advance(1)
        desk.alerts.ask_again()
        desk.alerts.ask_again()

        found = [(ticket.number, ticket.episode) for ticket in desk.tickets.page().items]
        assert found == ([(1, 2)] if last is TicketStep.CLOSE else [(2, 1), (1, 1)])
        [alert] = desk.alerts.page().items
        assert alert.reason == ("ticket_reopened" if last is TicketStep.CLOSE else "ticket_opened")
        assert alert.ticket_id == desk.tickets.page().items[0].id

    def test_a_fault_that_is_gone_within_the_grace_opens_nothing(self, desk: Desk, clock: ManualClock) -> None:
        """A repair that held is not asked about again."""
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.CLOSE)
        desk.findings.commit(step_of(2, cleared(FINDING, NOW_MS + HOUR_MS)))
        clock.advance(4 * DAY_MS)

        desk.alerts.ask_again()

        assert len(desk.tickets.page().items) == 1

    def test_deadlines_stand_still_while_a_ticket_is_held(self, desk: Desk, clock: ManualClock) -> None:
        """On hold the shown deadlines move with the time; a clock that was set back takes nothing away."""
        desk.findings.commit(step_of(1, FINDING))
        before = desk.tickets.read("1").sla.resolve_by
        desk.tickets.step("1", TicketStep.HOLD, StepBody(reason="part"))
        clock.advance(5 * HOUR_MS)

        held = desk.tickets.read("1").sla.resolve_by
        resumed = desk.tickets.step("1", TicketStep.RESUME).sla.resolve_by
        desk.tickets.step("1", TicketStep.HOLD, StepBody(reason="part"))
        clock.advance(-2 * HOUR_MS)
        again = desk.tickets.step("1", TicketStep.RESUME).sla.resolve_by

        assert (held - before).total_seconds() == 5 * 3600
        assert held == resumed == again

    def test_a_reopened_ticket_carries_no_verdict_of_before(self, desk: Desk) -> None:
        """What was found and planned before stands in the history; closed without a word the ticket has no verdict."""
        desk.findings.commit(step_of(1, FINDING))
        visit = StepBody(visit_from=from_ms(NOW_MS), visit_to=from_ms(NOW_MS + HOUR_MS))
        desk.tickets.step("1", TicketStep.START)
        desk.tickets.step("1", TicketStep.SCHEDULE, visit)
        desk.tickets.step("1", TicketStep.START)
        desk.tickets.judge("1", VerdictRecord(Verdict.USAGE))
        desk.tickets.step("1", TicketStep.CLOSE)

        reopened = desk.tickets.step("1", TicketStep.REOPEN)
        closed = desk.tickets.step("1", TicketStep.CLOSE)

        assert (reopened.status, reopened.verdict, reopened.visit) == (TicketState.OPEN, None, None)
        assert closed.verdict is None
        [line] = [entry for entry in closed.history if entry.event == "reopen"]
        assert line.data["former_verdict"] == "usage"
        assert line.data["former_visit_from_ms"] == NOW_MS

    def test_a_fault_mode_that_the_profile_does_not_know_is_refused(self, desk: Desk) -> None:
        """A misspelt mode stands beside nothing, and teaches nobody; other_fault says which it was."""
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.START)

        with pytest.raises(InvalidError, match="drain_clog"):
            desk.tickets.open(NewTicket("WM-0231", "t", fault_mode="drain_clogg"))
        for odd in (None, "zzz"):
            with pytest.raises(InvalidError):
                desk.tickets.judge("1", VerdictRecord(Verdict.OTHER_FAULT, odd))
        assert desk.tickets.read("1").verdict is None

    def test_a_visit_ends_after_the_beginning_that_stands(self, desk: Desk) -> None:
        """An end alone is compared with the beginning that was given before."""
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.TRIAGE)
        desk.tickets.step("1", TicketStep.SCHEDULE, StepBody(visit_from=from_ms(NOW_MS + DAY_MS)))

        with pytest.raises(InvalidError):
            desk.tickets.step("1", TicketStep.SCHEDULE, StepBody(visit_to=from_ms(NOW_MS)))

    def test_lists_are_narrowed_by_what_people_sort_their_day_by(self, desk: Desk, clock: ManualClock) -> None:
        """Priority, kind, fault mode, source, the day of opening and the deadline; what is held is due later."""
        desk.findings.commit(step_of(1, FINDING))
        clock.advance(DAY_MS)
        desk.tickets.open(NewTicket("WM-0231", "noise", source=TicketSource.CUSTOMER, priority=1))

        def numbers(**wanted: object) -> list[int]:
            found = desk.tickets.page(TicketFilter(**wanted)).items  # type: ignore[arg-type]  # the test's words are right
            return [ticket.number for ticket in found]

        assert numbers(priority=1) == [2]
        assert numbers(kind="washing_machine") == [2, 1]
        assert numbers(region="north") == numbers(region="south") == []
        with pytest.raises(InvalidError, match="nothing here is 'dryer'"):
            numbers(kind="dryer")
        with desk.unit.engine.begin() as connection:
            connection.execute(update(appliances).where(appliances.c.id == "WM-0231").values(region="south"))
        assert numbers(region="south") == numbers(region="south", kind="washing_machine") == [2, 1]
        assert numbers(region="south", priority=1) == [2]
        assert numbers(fault_mode="drain_clog") == [1]
        assert numbers(source=TicketSource.CUSTOMER) == [2]
        assert numbers(opened_from_ms=NOW_MS + DAY_MS) == [2]
        assert numbers(opened_to_ms=NOW_MS + DAY_MS) == [1]
        due_ms = NOW_MS + 3 * DAY_MS + 1
        assert numbers(due_before_ms=due_ms) == [2, 1]
        desk.tickets.step("1", TicketStep.HOLD, StepBody(reason="part"))
        clock.advance(HOUR_MS)
        assert numbers(due_before_ms=due_ms) == [2]

    def test_a_cursor_of_another_list_is_refused(self, desk: Desk) -> None:
        """A cursor leads on in its own list only."""
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.open(NewTicket("WM-0231", "noise"))
        cursor = desk.tickets.page(limit=1).next

        assert [ticket.number for ticket in desk.tickets.page(cursor=cursor).items] == [1]
        with pytest.raises(InvalidError, match="cursor"):
            desk.alerts.page(cursor=cursor)

    def test_a_repair_that_nobody_answers_for_closes_by_itself(self, desk: Desk, clock: ManualClock) -> None:
        """Fourteen days after the repair, not after the last comment, it closes, and the history says why."""
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.START)
        desk.tickets.step("1", TicketStep.FINISH)
        clock.advance(13 * DAY_MS)
        desk.tickets.step("1", TicketStep.COMMENT, StepBody(text="no answer"))
        assert desk.tickets.close_unanswered() == 0

        clock.advance(DAY_MS)
        assert desk.by("tess").tickets.close_unanswered() == 1

        ticket = desk.tickets.read("1")
        assert ticket.status is TicketState.CLOSED
        assert (ticket.history[-1].actor, ticket.history[-1].note) == ("fettle", "Nobody has objected for 14 days.")
        assert desk.tickets.close_unanswered() == 0

    def test_how_long_a_repair_waits_for_an_answer_is_the_installations(self, desk: Desk, clock: ManualClock) -> None:
        """Half a day where that is set: not a minute before, and the history says how long."""
        hasty = replace(desk, closes_after_days=0.5)
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.START)
        desk.tickets.step("1", TicketStep.FINISH)
        clock.advance(DAY_MS // 2 - 1)
        assert hasty.tickets.close_unanswered() == 0

        clock.advance(1)
        assert (desk.tickets.close_unanswered(), hasty.tickets.close_unanswered()) == (0, 1)

        assert desk.tickets.read("1").history[-1].note == "Nobody has objected for 0.5 days."
