"""The demo's crew works what visitors leave to it."""

from __future__ import annotations

from datetime import timedelta

from alerts.accounts.account import Role
from alerts.lifecycle import TicketState, TicketStep
from alerts.tickets.ticket import StepBody, TicketChange
from api.demo.crew import PEOPLE, Crew
from tests.api.house import House


def test_the_crew_keeps_what_was_promised_and_leaves_a_visitors_ticket_alone(house: House) -> None:
    """Each ticket is accepted in time, visited in time, and then waits for its part with its clocks at rest; none is judged."""
    desk, clock = house.context.desk, house.clock
    crew = Crew(desk, clock.now)
    crew.arrive(house.context.accounts)
    house.context.accounts.add("visitor", Role.ADMIN)
    for number in range(6):
        house.find(f"fridge-{number}")
    mine = desk.tickets.read("6")
    desk.by("visitor").tickets.change("6", TicketChange(frozenset({"assignee"}), assignee="visitor"))

    assert crew.work() == 0
    clock.advance(int((mine.sla.respond_by - mine.opened_at) / timedelta(milliseconds=1)) - 1)
    assert crew.work() == 5
    for _ in range(60):
        clock.advance(3 * 3_600_000)
        crew.work()

    theirs = [desk.tickets.read(str(number)) for number in range(1, 6)]
    assert {ticket.status for ticket in theirs} == {TicketState.ON_HOLD}
    assert {ticket.assignee for ticket in theirs} <= set(PEOPLE)
    assert not any(clock.is_breached for ticket in theirs for clock in ticket.clocks if clock.name != "failure")
    assert all(ticket.verdict is None for ticket in theirs)
    assert desk.tickets.read("6").status is TicketState.OPEN


def test_a_step_that_a_visitor_took_first_is_not_taken_twice(house: House) -> None:
    """What has changed between look and step is left as the visitor made it."""
    desk, clock = house.context.desk, house.clock
    crew = Crew(desk, clock.now)
    crew.arrive(house.context.accounts)
    house.find()
    ticket = desk.tickets.read("1")
    desk.by("key-of-admin").tickets.step("1", TicketStep.COMMENT, StepBody(text="mine"))
    clock.advance(30 * 86_400_000)

    assert not crew.work_on(ticket, clock.now())
    assert desk.tickets.read("1").status is TicketState.OPEN
