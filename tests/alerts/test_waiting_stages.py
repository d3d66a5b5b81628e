"""What waits for calm before it becomes a ticket: after a restart, while it flaps, while its rule rests; a hazard never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update

from alerts.alerting.alert import Alert
from alerts.appliances.tables import listening
from alerts.desk import Desk
from alerts.lifecycle import AlertState, TicketStep
from alerts.tickets.ticket import StepBody
from detectors.finding import Finding, FindingChannel
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, NOW_MS, PROFILES, WASHER, cleared, step_of

MINUTE_MS = 60_000
DANGEROUS = replace(WASHER.fault_modes["drain_clog"], danger=3)
HAZARDOUS = {WASHER.kind: replace(WASHER, fault_modes={DANGEROUS.name: DANGEROUS})}


def tell(desk: Desk, finding: Finding) -> Alert:
    """Let the detectors state this; the newest alert then."""
    desk.findings.commit(step_of(desk.findings.load().position + 1, finding))
    return desk.alerts.page().items[0]


def away(desk: Desk, *, for_minutes: float) -> None:
    """The service was away until now."""
    row = {"until_ms": NOW_MS, "away_from_ms": NOW_MS - round(for_minutes * MINUTE_MS), "away_until_ms": NOW_MS}
    desk.unit.write(lambda t: t.connection.execute(insert(listening).values(id=1, **row)))


def flap(desk: Desk, clock: ManualClock, times: int, **says: Any) -> Alert:
    """Raise and clear it so many times, an hour apart, and raise it once more."""
    for _ in range(times):
        finding = replace(FINDING, raised_ms=clock.now_ms(), onset_ms=clock.now_ms() - 1, **says)
        tell(desk, finding)
        clock.advance(HOUR_MS)
        tell(desk, cleared(finding, clock.now_ms()))
        for ticket in desk.tickets.page().items:
            if ticket.closed_at is None:
                desk.tickets.step(ticket.id, TicketStep.CANCEL, StepBody(note="n"))
        clock.advance(MINUTE_MS)
    return tell(desk, replace(FINDING, raised_ms=clock.now_ms(), onset_ms=clock.now_ms() - 1, **says))


@pytest.mark.parametrize(("minutes", "channel"), [(60, FindingChannel.EVIDENCE), (60, FindingChannel.RULE)])
def test_what_is_raised_right_after_a_restart_waits_and_goes_on(
    desk: Desk, clock: ManualClock, minutes: float, channel: FindingChannel
) -> None:
    """For ten minutes it is pending with its reason; then it gets its ticket; cleared before, it gets none."""
    away(desk, for_minutes=minutes)
    held = tell(desk, replace(FINDING, channel=channel))
    other = replace(FINDING, appliance_id="WM-2", channel=channel)
    tell(desk, other)
    tell(desk, cleared(other, NOW_MS))
    assert (held.state, held.reason) == (AlertState.PENDING, "after_restart")

    clock.advance(10 * MINUTE_MS)
    desk.alerts.ask_again()

    assert [ticket.appliance_id for ticket in desk.tickets.page().items] == [FINDING.appliance_id]


@pytest.mark.parametrize(
    ("minutes", "channel", "profiles"),
    [
        (2, FindingChannel.EVIDENCE, PROFILES),
        (60, FindingChannel.ERROR_CODE, PROFILES),
        (60, FindingChannel.EVIDENCE, HAZARDOUS),
    ],
)
def test_a_short_absence_a_code_and_a_hazard_wait_for_nothing(
    desk: Desk, minutes: float, channel: FindingChannel, profiles: Any
) -> None:
    """Two minutes are no absence; what the appliance reports itself, and what may harm, opens its ticket at once."""
    away(desk, for_minutes=minutes)

    assert tell(replace(desk, profiles=profiles), replace(FINDING, channel=channel)).reason == "ticket_opened"


def test_what_comes_and_goes_is_shown_and_opens_a_ticket_when_it_has_stood(desk: Desk, clock: ManualClock) -> None:
    """The fourth time within a week it is noted; a day without a break later it gets its ticket."""
    before = flap(desk, clock, 2)
    assert before.reason == "ticket_opened"
    tell(desk, cleared(replace(FINDING, raised_ms=clock.now_ms()), clock.now_ms() + 1))
    desk.tickets.step(before.ticket_id or "", TicketStep.CANCEL, StepBody(note="n"))
    clock.advance(HOUR_MS)

    noted = tell(desk, replace(FINDING, raised_ms=clock.now_ms(), onset_ms=clock.now_ms() - 1))
    opened = len(desk.tickets.page().items)
    clock.advance(DAY_MS - 1)
    desk.alerts.ask_again()
    assert (noted.state, noted.reason, len(desk.tickets.page().items)) == (AlertState.FIRING, "flapping", opened)
    clock.advance(1)
    desk.alerts.ask_again()

    assert desk.alerts.read(noted.id).reason == "ticket_opened"


def test_a_hazard_that_flaps_opens_its_ticket(desk: Desk, clock: ManualClock) -> None:
    """What may harm people is never held for calm."""
    assert flap(replace(desk, profiles=HAZARDOUS), clock, 5).reason == "ticket_opened"


def test_a_ticket_that_flaps_is_told_once_a_day_that_its_finding_is_gone(desk: Desk, clock: ManualClock) -> None:
    """Twelve times raised and cleared within a day: the open ticket follows each time, and says so once."""
    tell(desk, FINDING)
    for _ in range(12):
        finding = replace(FINDING, raised_ms=clock.now_ms(), onset_ms=clock.now_ms() - 1)
        tell(desk, finding)
        clock.advance(HOUR_MS)
        tell(desk, cleared(finding, clock.now_ms()))

    [ticket] = desk.tickets.page().items
    assert ticket.cleared_at == clock.now()
    assert [entry.event for entry in ticket.history].count("finding_cleared") == 1


def test_a_rule_rests_after_it_has_cleared(desk: Desk, clock: ManualClock) -> None:
    """Crossed again an hour later it waits until six hours are over, and goes on where it still holds; others don't wait."""
    ruled = {"channel": FindingChannel.RULE}
    assert flap(desk, clock, 1, **ruled).reason == "rule_rests"
    assert flap(desk, clock, 1, fault_mode="other").reason == "ticket_opened"

    clock.advance(6 * HOUR_MS)
    desk.alerts.ask_again()

    open_ones = [ticket.fault_mode for ticket in desk.tickets.page().items if ticket.closed_at is None]
    assert open_ones == ["drain_clog", "other"]


def test_a_clock_that_was_set_back_holds_nothing_for_ever(desk: Desk, clock: ManualClock) -> None:
    """An absence in the future of the clock is none that holds."""
    away(desk, for_minutes=60)
    later = {"away_until_ms": NOW_MS + DAY_MS}
    desk.unit.write(lambda t: t.connection.execute(update(listening).values(later)))

    assert tell(desk, FINDING).reason == "ticket_opened"
    assert clock.now_ms() == NOW_MS
