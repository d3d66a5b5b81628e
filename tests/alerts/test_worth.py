"""What predictions are worth: the hold-out group, and each fault mode by itself, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert

from alerts.appliances.tables import appliances
from alerts.desk import Desk
from alerts.lifecycle import TicketStep
from alerts.rules.desk_rules import DeskRules
from alerts.rules.gate import Gate
from alerts.rules.hold_out import HoldOut
from alerts.tickets.ticket import NewTicket, TicketSource, Verdict, VerdictRecord
from detectors.finding import FindingChannel
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS, FINDING, NOW_MS, WASHER, step_of

HALF = HoldOut(share=0.5, name="half")
HELD = next(f"H-{n}" for n in range(100) if HALF.holds(f"H-{n}"))
FREE = next(f"F-{n}" for n in range(100) if not HALF.holds(f"F-{n}"))


def under(desk: Desk, rule: HoldOut, **more: object) -> Desk:
    """The same desk with a hold-out group."""
    return replace(desk, unit=replace(desk.unit, rules=DeskRules(hold_out=rule, **more)))


def test_the_draw_is_the_same_everywhere_and_as_large_as_it_should_be() -> None:
    """It hangs on the id and the draw's name alone; another name draws others; nobody is drawn where the share is nothing."""
    rule, ids = HoldOut(share=0.1), [f"A-{n}" for n in range(5000)]
    drawn = {one for one in ids if rule.holds(one)}

    assert 430 < len(drawn) < 570
    assert drawn < {one for one in ids if HoldOut(share=0.2).holds(one)}
    assert drawn != {one for one in ids if HoldOut(share=0.1, name="second").holds(one)}
    assert not any(HoldOut().holds(one) for one in ids)


def test_a_prediction_of_the_hold_out_group_is_shown_without_a_ticket(desk: Desk) -> None:
    """What the appliance reports opens one all the same; when the group is given up what stands gets its ticket."""
    trial = under(desk, HALF)
    code = replace(FINDING, appliance_id=HELD, channel=FindingChannel.ERROR_CODE, fault_mode="level_sensor")
    trial.findings.commit(step_of(1, replace(FINDING, appliance_id=HELD), replace(FINDING, appliance_id=FREE), code))

    opened = {one.appliance_id: one.fault_mode for one in trial.tickets.page().items}
    assert opened == {FREE: "drain_clog", HELD: "level_sensor"}
    [held] = [one for one in trial.alerts.page().items if one.reason == "held_out"]
    assert held.state == "firing"

    desk.alerts.ask_again()
    assert len(desk.tickets.page().items) == 3


@pytest.mark.parametrize("danger", [2, 3])
def test_what_is_dangerous_is_never_held_out(desk: Desk, danger: int) -> None:
    """Spoiled food, water and fire are nobody's experiment; nor is a mode whose danger nobody knows."""
    mode = replace(WASHER.fault_modes["drain_clog"], danger=danger)
    trial = replace(under(desk, HALF), profiles={WASHER.kind: replace(WASHER, fault_modes={mode.name: mode})})
    unknown = replace(FINDING, appliance_id=HELD, fault_mode="not_in_the_profile")
    trial.findings.commit(step_of(1, replace(FINDING, appliance_id=HELD), unknown))

    assert len(trial.tickets.page().items) == 2


def test_worth_is_that_counted_by_hand(desk: Desk, clock: ManualClock) -> None:
    """40 appliances for 30 days; of those acted on one breaks down, of those held out half; one visit was made.

    The rates' difference times the exposure is what was avoided, the visit's price divided by it what each cost.
    """
    trial = under(desk, HALF, gate=Gate(visit_price=100))
    ids = [f"W-{n}" for n in range(40)]
    held = [one for one in ids if HALF.holds(one)]
    free = [one for one in ids if not HALF.holds(one)]
    rows = [{"id": one, "kind": "washing_machine", "registered_ms": NOW_MS} for one in ids]
    desk.unit.write(lambda t: t.connection.execute(insert(appliances), rows))
    broken = [*held[: len(held) // 2], free[0]]
    for appliance_id in broken:
        number = str(trial.tickets.open(NewTicket(appliance_id, "It stands", source=TicketSource.CUSTOMER)).number)
        trial.tickets.step(number, TicketStep.START)
        trial.tickets.judge(number, VerdictRecord(Verdict.CONFIRMED))
        trial.tickets.step(number, TicketStep.CLOSE)
    clock.advance(30 * DAY_MS - 1)

    worth = trial.indicators.worth(timedelta(days=60))

    months = len(free) * 720 / 730.5
    assert (worth.acted_on.appliances, worth.held_out.appliances) == (len(free), len(held))
    assert (worth.acted_on.breakdowns, worth.held_out.breakdowns) == (1, len(held) // 2)
    assert worth.avoided is not None
    other = 1000 * (len(held) // 2) / (len(held) * 720 / 730.5)
    assert worth.avoided.value == pytest.approx((other / 1000 * months) - 1, abs=0.1)
    assert 0 < (worth.avoided.low or 0) < (worth.avoided.value or 0) < (worth.avoided.high or 0)
    assert worth.cost_per_avoided is not None
    assert worth.spent == 0.0
    assert trial.indicators.worth(timedelta(days=60), at=clock.now()) == worth
    nobody = desk.indicators.worth(timedelta(days=60))
    assert (nobody.avoided, nobody.cost_per_avoided, nobody.held_out.appliances) == (None, None, 0)


def test_each_fault_mode_by_hand(desk: Desk, clock: ManualClock) -> None:
    """Three predictions, two confirmed after 5 and 8 days, one of them behind its failure on day 3; one fault came unforeseen."""
    desk.findings.commit(step_of(1, *[replace(FINDING, appliance_id=f"M-{n}") for n in range(3)]))
    clock.advance(3 * DAY_MS)
    failed = replace(FINDING, appliance_id="M-1", channel=FindingChannel.ERROR_CODE, fault_mode="e18")
    desk.findings.commit(step_of(2, replace(failed, raised_ms=clock.now_ms())))
    desk.appliances.register(("M-9", "washing_machine"))
    desk.tickets.open(NewTicket("M-9", "stands", source=TicketSource.CUSTOMER, fault_mode="drain_clog"))
    clock.advance(2 * DAY_MS)
    _close(desk, "1", Verdict.CONFIRMED)
    _close(desk, "3", Verdict.NO_FAULT_FOUND)
    clock.advance(3 * DAY_MS)
    _close(desk, "2", Verdict.CONFIRMED)
    _close(desk, "5", Verdict.CONFIRMED)

    [mode] = [one for one in desk.indicators.modes(timedelta(days=30)) if one.fault_mode == "drain_clog"]

    assert (mode.judged, mode.confirmed, mode.precision, mode.unforeseen) == (3, 2, 0.6667, 1)
    assert (mode.lead_days_median, mode.failed_first) == (3.0, 1)
    assert 0.2 < mode.low < 0.6667 < mode.high < 0.95


def _close(desk: Desk, number: str, verdict: Verdict) -> None:
    desk.tickets.step(number, TicketStep.START)
    desk.tickets.judge(number, VerdictRecord(verdict))
    desk.tickets.step(number, TicketStep.CLOSE)
