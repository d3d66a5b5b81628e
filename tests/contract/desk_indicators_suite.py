"""What the desk's figures promise on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.desk import Desk
from alerts.errors import InvalidError, UnknownError
from alerts.indicators.figures import Figures
from alerts.indicators.reliability import Cohort
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

        sources = {
            "prediction": 4,
            "error_code": 0,
            "customer": 1,
            "technician": 1,
            "preventive": 0,
            "hotline": 0,
            "store": 0,
        }
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
            remote=figures.remote,
        )

    def test_a_period_has_a_beginning(self, desk: Desk, clock: ManualClock) -> None:
        """What was opened and closed before the period is not counted; what still stands is."""
        desk.findings.commit(step_of(1, FINDING, replace(FINDING, appliance_id="WM-2")))
        work(desk, "1", Verdict.CONFIRMED)
        clock.advance(2 * DAY_MS)

        figures = desk.indicators.over(timedelta(days=1))

        assert (figures.opened, figures.closed, figures.open_now, figures.precision) == (0, 0, 1, None)

    def test_a_past_moment_has_the_same_answer_whenever_it_is_asked(self, desk: Desk, clock: ManualClock) -> None:
        """Closed with a verdict on day 1; on day 2 the verdict is changed, on day 3 the ticket is opened again."""
        desk.findings.commit(step_of(1, FINDING, replace(FINDING, appliance_id="WM-2")))
        clock.advance(DAY_MS)
        work(desk, "1", Verdict.CONFIRMED)
        clock.advance(HOUR_MS)
        then, at = desk.indicators.over(timedelta(days=30)), clock.now()
        families = desk.indicators.families(timedelta(days=30))
        assert (then.closed, then.open_now, then.precision) == (1, 1, 1.0)

        clock.advance(DAY_MS)
        desk.tickets.judge("1", VerdictRecord(Verdict.NO_FAULT_FOUND))
        assert desk.indicators.over(timedelta(days=30)).precision == 0.0
        clock.advance(DAY_MS)
        desk.tickets.step("1", TicketStep.REOPEN)
        clock.advance(DAY_MS)
        work(desk, "1", Verdict.USAGE)
        work(desk, "2", Verdict.CONFIRMED)

        assert desk.indicators.over(timedelta(days=30), at=at) == then
        assert desk.indicators.families(timedelta(days=30), at=at) == families
        now = desk.indicators.over(timedelta(days=30))
        assert (now.closed, now.open_now) == (3, 0)
        assert now.verdicts == {
            "confirmed": 1, "other_fault": 0, "no_fault_found": 1, "usage": 1, "self_cleared": 0,
        }  # fmt: skip
        with pytest.raises(InvalidError, match="nobody knows what will be"):
            desk.indicators.over(timedelta(days=1), at=clock.now() + timedelta(days=1))

    def test_failure_rates_by_hand(self, desk: Desk, clock: ManualClock) -> None:
        """Ten of X and ten of Y for 30 days, one Y retired after 15; three failures of X, one of Y, a usage that is none.

        X: 7,200 h are 9.86 months, 304.4 per 1,000 months, once in 2,400 h. Y: 6,840 h, 9.36 months, 106.8, once in 6,840 h.
        """
        rows = [
            {
                "id": f"{model}-{n}",
                "kind": "washing_machine",
                "registered_ms": NOW_MS,
                "model": model,
                "batch": f"B{n % 2}",
            }
            for model in "XY"
            for n in range(10)
        ]
        desk.unit.write(lambda t: run(t, insert(appliances), rows))
        failing = [replace(FINDING, appliance_id=one) for one in ("X-0", "X-1", "X-2", "Y-0", "Y-1")]
        desk.findings.commit(step_of(1, *failing))
        verdicts = [Verdict.CONFIRMED, Verdict.CONFIRMED, Verdict.OTHER_FAULT, Verdict.CONFIRMED, Verdict.USAGE]
        for number, verdict in enumerate(verdicts, start=1):
            desk.tickets.step(str(number), TicketStep.START)
            desk.tickets.judge(str(number), VerdictRecord(verdict, fault_mode="drain_clog"))
            desk.tickets.step(str(number), TicketStep.CLOSE)
        clock.advance(15 * DAY_MS)
        desk.appliances.retire("Y-9")
        clock.advance(15 * DAY_MS - 1)

        table = desk.indicators.reliability(Cohort.MODEL, timedelta(days=60))

        assert [(one.cohort, one.appliances, one.failures, one.exposure_months) for one in table.cohorts] == [
            ("X", 10, 3, 9.86),
            ("Y", 10, 1, 9.36),
        ]
        assert [round(one.rate or 0) for one in table.cohorts] == [304, 107]
        assert [one.mtbf_h for one in table.cohorts] == [2400.0, 6840.0]
        x = table.cohorts[0]
        assert x.low is not None
        assert x.high is not None
        assert 60 < x.low < 304.4 < x.high < 900
        of_modes = desk.indicators.reliability(Cohort.FAULT_MODE, timedelta(days=60)).cohorts
        assert [(one.cohort, one.failures, one.appliances) for one in of_modes] == [("drain_clog", 4, 20)]
        assert len(desk.indicators.reliability(Cohort.BATCH, timedelta(days=60)).cohorts) == 4
        assert desk.indicators.reliability(Cohort.FIRMWARE, timedelta(days=60)).cohorts == ()

    def test_key_figures_by_hand(self, desk: Desk, clock: ManualClock) -> None:
        """Three closed after 10, 20 and 90 hours (72 allowed), each answered at its end; the first comes back within 30 days."""
        desk.findings.commit(step_of(1, *[replace(FINDING, appliance_id=f"K-{n}") for n in range(3)]))
        for number, hours in (("1", 10), ("2", 10), ("3", 70)):
            clock.advance(hours * HOUR_MS)
            work(desk, number, Verdict.CONFIRMED)
        desk.tickets.step("1", TicketStep.REOPEN)
        clock.advance(35 * DAY_MS)

        found = desk.indicators.families(timedelta(days=60))

        quality, efficiency = found["quality"], found["efficiency"]
        assert (quality["solved_in_time"].value, quality["solved_in_time"].n) == (0.6667, 3)
        assert (quality["answered_in_time"].value, quality["precision"].value) == (0.6667, 1.0)
        assert (quality["rework"].value, quality["rework"].n) == (0.3333, 3)
        assert (quality["hours_to_close_median"].value, quality["hours_to_close_p90"].value) == (20.0, 90.0)
        assert (quality["hours_to_close_p90"].target, quality["hours_to_close_p90"].is_met) == (72, False)
        assert (efficiency["closed_without_visit"].value, efficiency["visits_in_vain"].n) == (1.0, 0)
        assert (efficiency["visits_in_vain"].value, found["product"]["failures_per_1000_months"].n) == (None, 3)

    def test_every_figure_agrees_with_the_list_behind_it(self, desk: Desk, clock: ManualClock) -> None:
        """As many cases as were counted, on as many pages as there are; the value is what they come to; an unknown name is refused."""
        desk.findings.commit(step_of(1, *[replace(FINDING, appliance_id=f"K-{n}") for n in range(3)]))
        for number, verdict in (("1", Verdict.CONFIRMED), ("2", Verdict.CONFIRMED), ("3", Verdict.NO_FAULT_FOUND)):
            clock.advance(10 * HOUR_MS)
            work(desk, number, verdict)
        period = timedelta(days=60)

        for family, figures in desk.indicators.families(period).items():
            for name, figure in figures.items():
                first = desk.indicators.cases(family, name, period, limit=2)
                rest = (
                    () if first.next is None else desk.indicators.cases(family, name, period, cursor=first.next).items
                )
                assert len([*first.items, *rest]) == figure.n, name
                assert set(figure.title) == set(figure.definition) == {"en", "zh"}
        cases = desk.indicators.cases("quality", "precision", period).items
        assert [(one.ticket_number, one.value, one.appliance_id) for one in cases] == [
            (3, 0.0, "K-2"),
            (2, 1.0, "K-1"),
            (1, 1.0, "K-0"),
        ]
        with pytest.raises(UnknownError, match="no figure quality/nothing"):
            desk.indicators.cases("quality", "nothing", period)

    def test_days_are_counted(self, desk: Desk, clock: ManualClock) -> None:
        """Two findings today, one tomorrow: alerts, tickets and notices on their days; a quiet day is a row of nothing."""
        desk.findings.commit(step_of(1, FINDING, replace(FINDING, appliance_id="WM-2")))
        clock.advance(2 * DAY_MS)
        desk.findings.commit(step_of(2, replace(FINDING, appliance_id="WM-3")))

        days = desk.indicators.days(timedelta(days=2))

        assert [(one.alerts, one.tickets, one.incidents, one.notices) for one in days] == [
            (2, 2, 0, 2),
            (0, 0, 0, 0),
            (1, 1, 0, 1),
        ]


def run(t: Transaction, statement: Any, *options: Any) -> None:
    """Execute."""
    t.connection.execute(statement, *options)
