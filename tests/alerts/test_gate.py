"""The visit gate: its arithmetic by hand, what it writes on a ticket, its budget, and what another one would have done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.desk import Desk
from alerts.gate.standing import StandingState
from alerts.gate.weighing import GateAction, Odds, Prices, best_of, fails_within, weigh
from alerts.lifecycle import TicketStep
from alerts.rules.desk_rules import DeskRules
from alerts.rules.gate import Budget, Gate
from alerts.supposing.cases import Case
from alerts.supposing.desk import Supposed
from alerts.supposing.what_if import Assumption, what_if
from alerts.tickets.ticket import StepBody, Verdict, VerdictRecord
from detectors.finding import Finding, FindingChannel
from ingest.clock import ManualClock, from_ms
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, NOW_MS, step_of

SURE = Odds(probability=1.0, fails_soon=1.0, visit_success=1.0, remote_success=None, fix_first_success=None)


@pytest.mark.parametrize(
    ("odds", "failure", "expected"),
    [
        (SURE, 100.0, GateAction.NOTICE),
        (SURE, 130.0, GateAction.VISIT),
        (replace(SURE, remote_success=0.2), 1000.0, GateAction.REMOTE),
        (replace(SURE, remote_success=0.05), 1000.0, GateAction.VISIT),
        (replace(SURE, remote_success=0.2, fix_first_success=0.3), 1000.0, GateAction.FIX_FIRST),
        (replace(SURE, probability=0.1), 1000.0, GateAction.NOTICE),
        (replace(SURE, fails_soon=0.1), 1000.0, GateAction.NOTICE),
    ],
)
def test_the_cheapest_action_is_chosen(odds: Odds, failure: float, expected: GateAction) -> None:
    """A visit of 120 against a failure of so much, with what may be tried before for 12 and for 2."""
    assert best_of(weigh(odds, Prices(failure, 120.0, 12.0, 2.0))).action is expected


def test_a_window_says_how_much_fails_soon() -> None:
    """By hand, for a window of 10 to 20 days that covers 80 %: a tenth before it, a tenth behind it."""
    window = (10 * DAY_MS, 20 * DAY_MS, 0.8)

    def share(days: float) -> float:
        return round(fails_within(window, now_ms=0, horizon_ms=days * DAY_MS, without_window=0.5), 3)

    assert [share(days) for days in (0, 5, 10, 15, 20, 30, 400)] == [0, 0.05, 0.1, 0.5, 0.9, 0.95, 1.0]


def under(desk: Desk, rules: DeskRules) -> Desk:
    """The same desk under other rules."""
    return replace(desk, unit=replace(desk.unit, rules=rules))


def find(desk: Desk, **says: Any) -> Finding:
    """Let the detectors state it."""
    finding = replace(FINDING, **says)
    desk.findings.commit(step_of(desk.findings.load().position + 1, finding))
    return finding


def test_a_ticket_shows_the_arithmetic_and_follows_the_finding(desk: Desk, clock: ManualClock) -> None:
    """Probability .71, in 6 to 11 days, 250 if it fails: the test first; less sure and far away it is only shown."""
    find(desk)
    gate = desk.tickets.read("1").gate
    assert gate is not None
    assert (gate["action"], gate["currency"]) == ("remote", "EUR")
    assert gate["odds"] | {"fails_soon": 0} == {
        "probability": 0.71, "fails_soon": 0, "visit_success": 0.9, "remote_success": 0.2, "fix_first_success": None,
        "look_again_days": 30,
    }  # fmt: skip
    assert gate["odds"]["fails_soon"] == 1.0
    assert {one["action"]: one["cost"] for one in gate["weighed"]} == {
        "notice": 177.5,
        "remote": pytest.approx(12 + 0.8 * (120 + 17.75), abs=0.01),
        "visit": pytest.approx(120 + 17.75, abs=0.01),
    }

    clock.advance(DAY_MS)
    find(desk, probability=0.3, failure_window_ms=(NOW_MS + 90 * DAY_MS, NOW_MS + 150 * DAY_MS, 0.8))

    ticket = desk.tickets.read("1")
    assert ticket.gate is not None
    assert ticket.gate["action"] == "notice"
    assert [line.data for line in ticket.history if line.event == "gate"] == [{"from": "remote", "to": "notice"}]


def test_where_wanted_what_is_worth_no_action_is_only_shown(desk: Desk, clock: ManualClock) -> None:
    """A faint finding far away is noted; when it comes nearer it gets its ticket. Without the rule it has one at once."""
    holding = under(desk, DeskRules(gate=Gate(holds_notices=True)))
    far = (NOW_MS + 90 * DAY_MS, NOW_MS + 150 * DAY_MS, 0.8)
    find(holding, probability=0.3, failure_window_ms=far)
    assert holding.alerts.page().items[0].reason == "worth_no_action"
    find(holding, appliance_id="WM-2", probability=0.3, failure_window_ms=far, channel=FindingChannel.RULE)
    assert holding.alerts.page().items[0].reason == "ticket_opened"

    clock.advance(80 * DAY_MS)
    find(holding, probability=0.9, failure_window_ms=far)

    assert {one.reason for one in holding.alerts.page().items} == {"ticket_opened"}


def visit_in_vain(desk: Desk, clock: ManualClock, number: int, verdict: Verdict) -> None:
    """A finding on an appliance of its own, a visit, and what it found."""
    find(desk, appliance_id=f"V-{number}", raised_ms=clock.now_ms(), onset_ms=clock.now_ms() - 1)
    [ticket] = desk.tickets.page().items[:1]
    start = from_ms(clock.now_ms())
    window = StepBody(visit_from=start, visit_to=start + timedelta(hours=2))
    for step, body in ((TicketStep.TRIAGE, StepBody()), (TicketStep.SCHEDULE, window), (TicketStep.START, StepBody())):
        desk.tickets.step(ticket.id, step, body)
    desk.tickets.judge(ticket.id, VerdictRecord(verdict))
    desk.tickets.step(ticket.id, TicketStep.CLOSE)
    clock.advance(HOUR_MS)


def test_a_mode_that_sends_in_vain_falls_to_watch_and_comes_back(desk: Desk, clock: ManualClock) -> None:
    """Seven of eight in vain: it is only watched, its owner is told once, hazards and codes go on; later it comes back."""
    for number in range(8):
        visit_in_vain(desk, clock, number, Verdict.CONFIRMED if number == 0 else Verdict.NO_FAULT_FOUND)
        assert desk.gate.look() == (number == 7)
    [mode] = desk.gate.modes()
    assert (mode.state, mode.visits, mode.in_vain, round(mode.low, 2)) == (StandingState.WATCH, 8, 7, 0.53)
    assert "more than 40%" in mode.rule["en"]

    find(desk, appliance_id="N-1", raised_ms=clock.now_ms(), onset_ms=clock.now_ms() - 1)
    assert desk.alerts.page().items[0].reason == "only_watched"
    find(desk, appliance_id="N-2", channel=FindingChannel.ERROR_CODE)
    assert desk.alerts.page().items[0].reason == "ticket_opened"
    clock.advance(29 * DAY_MS)
    assert desk.gate.look() == 0
    clock.advance(151 * DAY_MS)
    assert desk.gate.look() == 1
    desk.alerts.ask_again()

    assert desk.gate.modes()[0].state is StandingState.ACTIVE
    assert {one.reason for one in desk.alerts.page().items if one.appliance_id.startswith("N-")} == {"ticket_opened"}


def test_seven_visits_or_a_good_mode_are_no_reason(desk: Desk, clock: ManualClock) -> None:
    """Too few visits conclude nothing, and half in vain of eight may be chance."""
    for number in range(8):
        visit_in_vain(desk, clock, number, Verdict.CONFIRMED if number % 2 else Verdict.USAGE)
        assert desk.gate.look() == 0


CASE = Case(
    at_ms=NOW_MS, mode=("washing_machine", "", "drain_clog"), probability=0.9, severity=0.5, danger=1, window=None,
    contract=None, helps=None, can_test=False, is_real=True, was_visited=True, had_ticket=True,
)  # fmt: skip
PLAIN = Gate(visit_price=100, visit_success=1, without_window=1)


def test_what_if_by_hand() -> None:
    """Ten visits, four of them in vain, of 100; behind a threshold of .5 three of those, and one real fault of 250, stay away."""
    doubtful = replace(CASE, probability=0.45)
    cases = [CASE] * 5 + [doubtful] + [replace(doubtful, is_real=False)] * 3 + [replace(CASE, is_real=False)]

    found = what_if(cases, Assumption(PLAIN, Budget(), probability_at_least=0.5), today=PLAIN)

    assert (found.happened.visits.value, found.happened.in_vain.value, found.happened.cost.value) == (10, 4, 1000)
    assert (found.would.visits.value, found.would.in_vain.value, found.would.misses.value) == (6, 1, 1)
    assert (found.would.cost.value, found.saved.value) == (600 + 250, 150)
    assert found.saved.low < 150 < found.saved.high
    assert what_if([], Assumption(PLAIN, Budget()), today=PLAIN).would.cost.value == 0


def test_what_if_knows_the_budget_and_what_nobody_has_judged() -> None:
    """Behind eight visits in vain the mode is watched; what nobody has judged counts with its probability."""
    vain = [replace(CASE, at_ms=NOW_MS + n, is_real=False) for n in range(20)]
    assert what_if(vain, Assumption(PLAIN, Budget()), today=PLAIN).would.visits.value == 8
    assert what_if(vain, Assumption(PLAIN, Budget(false_share=1)), today=PLAIN).would.visits.value == 20

    unknown = [replace(CASE, is_real=None, had_ticket=False, was_visited=False)] * 10
    found = what_if(unknown, Assumption(PLAIN, Budget()), today=PLAIN)
    assert (found.judged, found.happened.misses.value, round(found.would.in_vain.value, 6)) == (0, 9, 1)


def test_what_if_reads_what_the_desk_has_lived_through(desk: Desk, clock: ManualClock) -> None:
    """Stored findings, tickets and verdicts: as happened, and under a price at which nobody would have gone."""
    for number, verdict in enumerate((Verdict.CONFIRMED, Verdict.NO_FAULT_FOUND)):
        visit_in_vain(desk, clock, number, verdict)
    find(desk, appliance_id="D", channel=FindingChannel.DATA, fault_mode="stuck")

    found = desk.supposing.what_if(Supposed(visit_price=1e6), over=timedelta(days=30))

    assert (found.cases, found.judged, found.happened.visits.value, found.happened.in_vain.value) == (2, 2, 2, 1)
    assert (found.would.visits.value, found.would.misses.value) == (0, 0.8), "only the remote test is tried"
