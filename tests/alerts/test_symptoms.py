"""One cause, one ticket: a consequence joins its cause's ticket, and a cause takes over what a consequence opened."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from alerts.alerting.decision import Action
from alerts.database import UnitOfWork
from alerts.desk import Desk
from alerts.lifecycle import AlertState, TicketStep
from alerts.notices.tables import outbox
from alerts.tickets.ticket import Verdict, VerdictRecord
from ingest.clock import ManualClock
from ingest.profiles import load_profiles
from tests.alerts.made import DAY_MS, FINDING, NOW_MS, cleared, step_of
from tests.examples import some_of

LEAK = replace(FINDING, kind="refrigerator", fault_mode="refrigerant_leak", component="refrigerant_circuit")
WARM = replace(
    LEAK,
    fault_mode="insufficient_cooling",
    component="cooling",
    severity=0.9,
    evidence=LEAK.evidence[:1],
    error_code="HI",
)


@pytest.fixture
def desk(engine: Engine, clock: ManualClock) -> Desk:
    """A desk that knows the shipped profiles."""
    return Desk(UnitOfWork(engine, clock, random.Random(7)), load_profiles())


def decisions(desk: Desk) -> dict[str, tuple[str, str, str | None]]:
    """Of each fault mode's alert: decision, reason and ticket."""
    return {alert.fault_mode: (alert.decision, alert.reason, alert.ticket_id) for alert in desk.alerts.page().items}


def test_a_consequence_joins_the_ticket_of_its_cause(desk: Desk) -> None:
    """A leak, and the warm fridge that follows it, are one ticket; the consequence stands there with its evidence."""
    desk.findings.commit(step_of(1, LEAK))
    before = desk.tickets.read("1")
    desk.findings.commit(step_of(2, WARM))

    [ticket] = desk.tickets.page().items
    ticket = desk.tickets.read(str(ticket.number))
    assert (ticket.fault_mode, ticket.severity) == ("refrigerant_leak", before.severity)
    assert ticket.evidence == before.evidence
    [symptom] = ticket.cause_of
    assert (symptom.fault_mode, len(symptom.evidence)) == ("insufficient_cooling", 1)
    assert [entry.event for entry in ticket.history] == ["open", "symptom_joined"]
    assert decisions(desk)["insufficient_cooling"] == (Action.NOTE, "symptom_of_open_ticket", ticket.id)
    assert desk.alerts.read(symptom.alert_id).state is AlertState.FIRING


def test_a_joined_consequence_is_asked_about_without_a_trace_until_its_cause_is_over(
    desk: Desk, clock: ManualClock
) -> None:
    """Asked again each minute it writes nothing; news renew its evidence; when the cause is closed it is its own fault."""
    desk.findings.commit(step_of(1, LEAK, WARM))
    alert = next(alert for alert in desk.alerts.page().items if alert.fault_mode == WARM.fault_mode)
    before = (desk.alerts.read(alert.id).history, replace(desk.tickets.read("1"), clocks=()))
    for _ in range(5):
        clock.advance(60_000)
        desk.alerts.ask_again()
    assert (desk.alerts.read(alert.id).history, replace(desk.tickets.read("1"), clocks=())) == before

    desk.findings.commit(step_of(2, replace(WARM, evidence=LEAK.evidence)))
    renewed = desk.tickets.read("1")
    assert len(renewed.cause_of[0].evidence) == 2
    assert renewed.version == before[1].version, "what a detector renews makes nobody's view stale"

    desk.tickets.step("1", TicketStep.CLOSE)
    desk.alerts.ask_again()

    assert [(ticket.number, ticket.fault_mode) for ticket in desk.tickets.page().items] == [
        (2, "insufficient_cooling"),
        (1, "refrigerant_leak"),
    ]


def test_a_cause_takes_over_the_ticket_of_its_consequence(desk: Desk) -> None:
    """First the fridge is warm, then the leak is known: the same ticket gets the new name, its history, and a notice."""
    desk.findings.commit(step_of(1, WARM))
    desk.tickets.step("1", TicketStep.TRIAGE)
    priority = desk.tickets.read("1").priority
    desk.findings.commit(step_of(2, LEAK))
    desk.findings.commit(step_of(3, replace(WARM, severity=1.0)))

    [ticket] = [desk.tickets.read(str(one.number)) for one in desk.tickets.page().items]
    assert (ticket.fault_mode, ticket.component, ticket.status) == (
        "refrigerant_leak",
        "refrigerant_circuit",
        "triaged",
    )
    assert ticket.priority <= priority
    assert ticket.title == "Refrigerant is leaking"
    assert ticket.recommended.parts[0].sku == "RF-DRY-03"
    assert ticket.evidence == desk.alerts.read(str(ticket.alert_id)).evidence
    assert [one.fault_mode for one in ticket.cause_of] == ["insufficient_cooling"]
    events = [entry.event for entry in ticket.history]
    assert events == ["open", "triage", "relabelled", "symptom_joined"]
    assert ticket.history[2].data == {"from": "insufficient_cooling", "to": "refrigerant_leak"}
    assert decisions(desk) == {
        "refrigerant_leak": (Action.OPEN, "ticket_taken_over", ticket.id),
        "insufficient_cooling": (Action.NOTE, "symptom_of_open_ticket", ticket.id),
    }
    with desk.unit.engine.connect() as connection:
        types = connection.execute(select(outbox.c.type).order_by(outbox.c.n)).scalars().all()
    assert types == ["ticket.opened", "ticket.triage", "ticket.relabelled"]


def test_what_a_technician_has_found_is_not_renamed(desk: Desk) -> None:
    """A consequence whose ticket is repaired keeps it, and the cause has one of its own."""
    desk.findings.commit(step_of(1, WARM))
    for step in (TicketStep.START, TicketStep.FINISH):
        desk.tickets.step("1", step)
    desk.tickets.judge("1", VerdictRecord(Verdict.CONFIRMED))
    desk.findings.commit(step_of(2, LEAK))

    assert [ticket.fault_mode for ticket in desk.tickets.page().items] == ["refrigerant_leak", "insufficient_cooling"]


def test_the_end_of_a_consequence_is_not_taken_for_the_end_of_its_cause(desk: Desk) -> None:
    """The ticket's history tells the two apart."""
    desk.findings.commit(step_of(1, LEAK, WARM))
    desk.findings.commit(step_of(2, cleared(WARM, NOW_MS)))
    desk.findings.commit(step_of(3, cleared(LEAK, NOW_MS + 1)))

    ticket = desk.tickets.read("1")
    assert [entry.event for entry in ticket.history][2:] == ["symptom_cleared", "finding_cleared"]


@pytest.mark.parametrize(
    ("other", "tickets"),
    [(replace(WARM, appliance_id="RF-2"), 2), (replace(WARM, fault_mode="freezer_sensor_drift"), 2)],
)
def test_another_appliance_or_an_unrelated_fault_has_its_own_ticket(desk: Desk, other: object, tickets: int) -> None:
    """Only what the profile calls a consequence, at the same appliance, joins."""
    assert isinstance(other, type(WARM))
    desk.findings.commit(step_of(1, LEAK, other))

    assert len(desk.tickets.page().items) == tickets


@pytest.mark.parametrize("order", some_of(range(6), 1))
def test_one_ticket_in_whatever_order_cause_and_consequence_are_told(
    desk: Desk, clock: ManualClock, order: int
) -> None:
    """Told, told again and cleared in any order there is one open ticket, and it bears the cause's name once that is known."""
    chance = random.Random(order)
    has_leaked = False
    for position in range(1, 30):
        finding = chance.choice((LEAK, WARM))
        has_leaked = has_leaked or finding is LEAK
        desk.findings.commit(step_of(position, replace(finding, severity=round(chance.random(), 2))))
        clock.advance(DAY_MS // 48)
        desk.alerts.ask_again()

        [ticket] = desk.tickets.page().items
        assert ticket.fault_mode == ("refrigerant_leak" if has_leaked else "insufficient_cooling")


UNKNOWN_CAUSE = replace(LEAK, fault_mode="unknown", component="unknown", alternatives=())
FAN = replace(LEAK, fault_mode="evaporator_fan", component="evaporator_fan", raised_ms=NOW_MS + DAY_MS)


def names(desk: Desk) -> list[str | None]:
    """The fault mode of each ticket, the oldest first."""
    return [ticket.fault_mode for ticket in reversed(desk.tickets.page().items)]


def test_a_diagnosis_that_moves_stays_on_its_ticket(desk: Desk) -> None:
    """First unknown, then a leak, then the fan that the leak had named as another cause: one ticket, with its history."""
    told_leak = replace(LEAK, alternatives=(("evaporator_fan", 0.3),))
    desk.findings.commit(step_of(1, UNKNOWN_CAUSE))
    desk.findings.commit(step_of(2, cleared(UNKNOWN_CAUSE, NOW_MS), told_leak))
    second = desk.tickets.read("1")
    desk.findings.commit(step_of(3, cleared(told_leak, NOW_MS), FAN))

    ticket = desk.tickets.read("1")
    assert names(desk) == ["evaporator_fan"]
    assert (second.fault_mode, ticket.status) == ("refrigerant_leak", "open")
    moved = [dict(entry.data) for entry in ticket.history if entry.event == "relabelled"]
    assert moved == [
        {"from": "unknown", "to": "refrigerant_leak"},
        {"from": "refrigerant_leak", "to": "evaporator_fan"},
    ]
    assert ticket.recommended.parts != second.recommended.parts
    assert decisions(desk)["evaporator_fan"] == (Action.OPEN, "ticket_taken_over", ticket.id)


def test_another_cause_that_nobody_had_named_gets_its_own_ticket(desk: Desk) -> None:
    """Two faults of one appliance are two tickets: also while the first still stands, whatever it had named."""
    told_leak = replace(LEAK, alternatives=(("evaporator_fan", 0.3),))
    desk.findings.commit(step_of(1, told_leak, replace(LEAK, appliance_id="F-2")))
    desk.findings.commit(step_of(2, cleared(replace(LEAK, appliance_id="F-2"), NOW_MS)))

    desk.findings.commit(step_of(3, FAN, replace(FAN, appliance_id="F-2")))

    assert names(desk) == ["refrigerant_leak", "refrigerant_leak", "evaporator_fan", "evaporator_fan"]


@pytest.mark.parametrize("is_judged", [True, False])
def test_what_was_found_is_not_renamed_by_a_better_guess(desk: Desk, *, is_judged: bool) -> None:
    """A ticket with a verdict, or with a repair, stays as it was named."""
    desk.findings.commit(step_of(1, UNKNOWN_CAUSE))
    desk.tickets.step("1", TicketStep.START)
    if is_judged:
        desk.tickets.judge("1", VerdictRecord(Verdict.USAGE))
    else:
        desk.tickets.step("1", TicketStep.FINISH)

    desk.findings.commit(step_of(2, LEAK))

    assert names(desk) == ["unknown", "refrigerant_leak"]


def test_what_no_mode_explains_joins_the_fault_that_stands(desk: Desk) -> None:
    """Unknown beside a leak is taken for its consequence, and asked about again when the leak's ticket is over."""
    desk.findings.commit(step_of(1, LEAK))
    desk.findings.commit(step_of(2, UNKNOWN_CAUSE))
    joined = names(desk)
    desk.tickets.step("1", TicketStep.CLOSE)

    assert joined == ["refrigerant_leak"]
    assert names(desk) == ["refrigerant_leak", "unknown"]
