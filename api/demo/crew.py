"""The crew of the demo: people who work the tickets, so that the queue of a visitor looks as one does at work.

They leave each ticket alone for a good part of its time to respond, and for good once a visitor has it. Then one of them
accepts it, plans a visit, goes there, and waits for the part. Nobody repairs anything and nobody judges: the faults of the
fleet run their course, and the detectors are told nothing that is not so.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.accounts.account import Role
from alerts.accounts.desk import Accounts
from alerts.desk import Desk
from alerts.errors import DeskError
from alerts.lifecycle import TicketState, TicketStep
from alerts.page import LIMIT_MAX
from alerts.tickets.reading import TicketFilter
from alerts.tickets.ticket import StepBody, Ticket

PEOPLE = ("Ida", "Jon", "Mei")
WORKED = (TicketState.OPEN, TicketState.TRIAGED, TicketState.SCHEDULED, TicketState.IN_PROGRESS)
VISIT = timedelta(hours=2)
WAITS_FOR_PART = "waiting for the part"


@dataclass(frozen=True, slots=True)
class Plan:
    """When one of the crew does what with a ticket."""

    who: str
    accepts_at: datetime
    visit_from: datetime
    visit_to: datetime


def plan_of(ticket: Ticket) -> Plan:
    """What the crew means to do with a ticket; the same each time, and within what was promised."""
    chance = random.Random(ticket.number)
    who = chance.choice(PEOPLE)
    accepts_at = ticket.opened_at + chance.uniform(0.4, 0.8) * (ticket.sla.respond_by - ticket.opened_at)
    visit_from = accepts_at + chance.uniform(0.2, 0.7) * (ticket.sla.resolve_by - accepts_at)
    return Plan(who, accepts_at, visit_from, min(visit_from + VISIT, ticket.sla.resolve_by))


@dataclass(frozen=True, slots=True)
class Crew:
    """The people; :meth:`work` is called now and then."""

    desk: Desk
    now: Callable[[], datetime]

    def arrive(self, accounts: Accounts) -> None:
        """Give each of them an account."""
        for name in PEOPLE:
            accounts.add(name, Role.DISPATCHER)

    def work(self) -> int:
        """Take the steps that are due; returns how many."""
        now = self.now()
        found = self.desk.tickets.page(TicketFilter(statuses=WORKED), limit=LIMIT_MAX)
        return sum(self.work_on(ticket, now) for ticket in found.items)

    def work_on(self, ticket: Ticket, now: datetime) -> bool:
        """Take the next step with a ticket of ours, if it is due; a visitor who is faster has it."""
        if ticket.assignee not in {None, *PEOPLE}:
            return False
        plan = plan_of(ticket)
        due = _next_step(ticket, plan, now)
        if due is None:
            return False
        step, body = due
        try:
            self.desk.by(plan.who).tickets.step(str(ticket.number), step, body, expected_version=ticket.version)
        except DeskError:
            return False
        return True


def _next_step(ticket: Ticket, plan: Plan, now: datetime) -> tuple[TicketStep, StepBody] | None:
    if ticket.status is TicketState.OPEN and now >= plan.accepts_at:
        return TicketStep.TRIAGE, StepBody()
    if ticket.status is TicketState.TRIAGED:
        return TicketStep.SCHEDULE, StepBody(assignee=plan.who, visit_from=plan.visit_from, visit_to=plan.visit_to)
    if ticket.status is TicketState.SCHEDULED and now >= plan.visit_from:
        return TicketStep.START, StepBody()
    if ticket.status is TicketState.IN_PROGRESS and now >= plan.visit_to:
        return TicketStep.HOLD, StepBody(reason=WAITS_FOR_PART)
    return None
