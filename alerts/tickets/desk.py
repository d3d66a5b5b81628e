"""Tickets, as they are asked for and worked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.database import Transaction, UnitOfWork
from alerts.lifecycle import TicketState, TicketStep
from alerts.page import LIMIT_DEFAULT, Page
from alerts.tickets.changing import change_ticket
from alerts.tickets.closing import CLOSES_AFTER_DAYS, close_unanswered, has_unanswered
from alerts.tickets.filling import fill
from alerts.tickets.following_status import OutsideState, follow_status
from alerts.tickets.lessons import note_lessons, read_lessons
from alerts.tickets.open_rows import QUEUE_MAX, Queue, Row, read_queue, read_rows
from alerts.tickets.opening import open_by_hand
from alerts.tickets.proposing_again import has_due, propose_due
from alerts.tickets.reading import TicketFilter, check_filter, count_tickets, list_tickets, read_ticket
from alerts.tickets.steps import WhenOver, record_verdict, take_step
from alerts.tickets.ticket import NewTicket, StepBody, Ticket, TicketChange, VerdictRecord
from ingest.profiles.definition import Profile
from ingest.sample import Lesson

NO_BODY = StepBody()


@dataclass(frozen=True, slots=True)
class Tickets:
    """The work items; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]
    when_over: WhenOver
    closes_after_days: float = CLOSES_AFTER_DAYS
    """How long a repair waits for an answer before it closes by itself."""

    def page(
        self,
        wanted: TicketFilter | None = None,
        *,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Ticket]:
        """One page of tickets, newest first where no other order is wanted."""
        asked = wanted or TicketFilter()

        def work(t: Transaction) -> Page[Ticket]:
            check_filter(t, asked, self.profiles)
            return list_tickets(t, asked, cursor=cursor, limit=limit)

        return self.unit.look(work)

    def queue(self, *, limit: int = QUEUE_MAX) -> Queue:
        """Every open ticket, in the little that a list shows of it."""
        return self.unit.look(lambda t: read_queue(t, limit=limit))

    def queue_rows(self, ids: Collection[str]) -> Mapping[str, Row]:
        """What the queue shows of some tickets, by their ids."""
        return self.unit.look(lambda t: read_rows(t, ids))

    def read(self, ref: str) -> Ticket:
        """The ticket with this id or number."""
        return self.unit.look(lambda t: read_ticket(t, ref))

    def counts(self) -> Mapping[TicketState, int]:
        """How many tickets stand in each state."""
        return self.unit.look(count_tickets)

    def open(self, new: NewTicket) -> Ticket:
        """Open a ticket by hand; :class:`~alerts.errors.AlreadyOpenError` names the one that stands already."""
        return self.unit.write(lambda t: read_ticket(t, open_by_hand(t, new, self.profiles)))

    def step(
        self,
        ref: str,
        step: TicketStep,
        body: StepBody = NO_BODY,
        *,
        expected_version: int | None = None,
    ) -> Ticket:
        """Take one step of the life cycle and return the ticket behind it."""
        when_over = self.when_over
        return self.unit.write(
            lambda t: read_ticket(
                t, take_step(t, ref, step, body, expected_version=expected_version, when_over=when_over)
            ),
        )

    def change(self, ref: str, change: TicketChange, *, expected_version: int | None = None) -> Ticket:
        """Change title, priority, type, assignee or visit and return the ticket as it is then."""
        return self.unit.write(
            lambda t: read_ticket(t, change_ticket(t, ref, change, self.profiles, expected_version=expected_version)),
        )

    def fill(
        self,
        ref: str,
        *,
        steps: Mapping[str, bool] | None = None,
        form: Mapping[str, Any] | None = None,
        expected_version: int | None = None,
    ) -> Ticket:
        """Tick off and write down what the ticket's type asks for."""

        def work(t: Transaction) -> Ticket:
            ticket_id = fill(t, ref, steps=steps or {}, form=form or {}, expected_version=expected_version)
            return read_ticket(t, ticket_id)

        return self.unit.write(work)

    def close_unanswered(self) -> int:
        """Let time pass for repairs that nobody answers; returns how many have been closed by it."""
        if not self.unit.look(lambda t: has_unanswered(t, self.closes_after_days)):
            return 0
        return self.unit.write(lambda t: close_unanswered(t, self.when_over, self.closes_after_days))

    def test_again(self) -> int:
        """Propose the tests again whose day has come; returns how many."""
        return self.unit.write(propose_due) if self.unit.look(has_due) else 0

    def follow(self, ref: str, state: OutsideState, note: str | None) -> tuple[Ticket, bool]:
        """Bring a ticket to the state that its work order has elsewhere; the ticket, and whether it changed."""

        def work(t: Transaction) -> tuple[Ticket, bool]:
            ticket_id, changed = follow_status(t, ref, state, note, when_over=self.when_over)
            return read_ticket(t, ticket_id), changed

        return self.unit.write(work)

    def lessons(self, *, after: int, limit: int) -> Sequence[Lesson]:
        """Verdicts that are not known to stand in the journal, oldest first, behind number ``after``."""
        return self.unit.look(lambda t: read_lessons(t, after=after, limit=limit))

    def note_lessons(self, upto: int) -> None:
        """Write down that all verdicts up to a number stand in the journal."""
        self.unit.write(lambda t: note_lessons(t, upto))

    def judge(self, ref: str, verdict: VerdictRecord, *, expected_version: int | None = None) -> Ticket:
        """Write down what the technician found."""
        return self.unit.write(
            lambda t: read_ticket(t, record_verdict(t, ref, verdict, self.profiles, expected_version=expected_version)),
        )
