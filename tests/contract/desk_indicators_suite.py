"""What the desk's figures promise on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alerts.desk import Desk
from alerts.indicators.figures import Figures
from alerts.lifecycle import TicketStep
from alerts.tickets.ticket import NewTicket, StepBody, TicketSource, Verdict, VerdictRecord
from ingest.clock import ManualClock, from_ms
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, NOW_MS, step_of


def work(desk: Desk, ref: str, verdict: Verdict | None, last: TicketStep = TicketStep.CLOSE) -> None:
    """Take a ticket to its end, with a verdict where there is one."""
    desk.tickets.step(ref, TicketStep.START)
    if verdict is not None:
        desk.tickets.judge(ref, VerdictRecord(verdict))
    desk.tickets.step(ref, last, StepBody(note="done"))


class DeskIndicatorsSuite:
    """The promises of :class:`alerts.indicators.desk.Indicators`."""

    def test_figures_of_an_empty_desk_say_nothing(self, desk: Desk) -> None:
        """Where nothing was closed there is no share and no median, and no division by nothing."""
        figures = desk.indicators.over(timedelta(days=30))

        assert (figures.opened, figures.closed, figures.open_now) == (0, 0, 0)
        assert (figures.precision, figures.solved_within_sla, figures.median_hours_to_close) == (None, None, None)

    def test_figures_are_those_counted_by_hand(self, desk: Desk, clock: ManualClock) -> None:
        """Six tickets, worked by hand on paper.

        1 to 4 are predictions opened at hour 0, 5 and 6 a customer's and a technician's, opened at hour 10. Closed: 1 at
        hour 10 (confirmed), 2 at hour 20 (no fault found), 3 at hour 80 (confirmed, 8 hours late), 5 at hour 100 (90
        hours after its opening, late, usage). 4 is cancelled, 6 stays open. Hours to close: 10, 20, 80, 90.
        """
        findings = [replace(FINDING, appliance_id=f"WM-{number}") for number in range(1, 5)]
        desk.findings.commit(step_of(1, *findings))
        clock.advance(10 * HOUR_MS)
        desk.tickets.open(NewTicket("WM-1", "noise", source=TicketSource.CUSTOMER))
        desk.tickets.open(NewTicket("WM-2", "leak"))
        work(desk, "1", Verdict.CONFIRMED)
        clock.advance(10 * HOUR_MS)
        work(desk, "2", Verdict.NO_FAULT_FOUND)
        work(desk, "4", None, TicketStep.CANCEL)
        clock.advance(60 * HOUR_MS)
        work(desk, "3", Verdict.CONFIRMED)
        clock.advance(20 * HOUR_MS)
        work(desk, "5", Verdict.USAGE)

        figures = desk.indicators.over(timedelta(days=30))

        sources = {"prediction": 4, "error_code": 0, "customer": 1, "technician": 1, "preventive": 0}
        verdicts = {"confirmed": 2, "other_fault": 0, "no_fault_found": 1, "usage": 1, "self_cleared": 0}
        end_ms = NOW_MS + 100 * HOUR_MS
        assert figures == Figures(
            start=from_ms(end_ms - 30 * DAY_MS),
            end=from_ms(end_ms + 1),
            opened=6,
            opened_by_source=sources,
            closed=4,
            cancelled=1,
            open_now=1,
            verdicts=verdicts,
            precision=0.6667,
            solved_within_sla=0.5,
            median_hours_to_close=50.0,
        )

    def test_a_period_has_a_beginning(self, desk: Desk, clock: ManualClock) -> None:
        """What was opened and closed before the period is not counted; what still stands is."""
        desk.findings.commit(step_of(1, FINDING, replace(FINDING, appliance_id="WM-2")))
        work(desk, "1", Verdict.CONFIRMED)
        clock.advance(2 * DAY_MS)

        figures = desk.indicators.over(timedelta(days=1))

        assert (figures.opened, figures.closed, figures.open_now, figures.precision) == (0, 0, 1, None)
