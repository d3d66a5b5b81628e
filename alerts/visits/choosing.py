"""A customer chooses when somebody comes, on their page: among real times, each with somebody who can come then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select

from alerts.customers.links import open_link
from alerts.customers.sealed import Sealed
from alerts.customers.sealed_unit import SealedUnit
from alerts.database import CUSTOMER, Transaction
from alerts.errors import ConflictError
from alerts.lifecycle import TicketState, TicketStep
from alerts.tickets.reading import find_row
from alerts.tickets.steps import WhenOver
from alerts.tickets.tables import ticket_history
from alerts.visits.booking import Booking, book, move, step
from alerts.visits.hours import day_of
from alerts.visits.job import Job
from alerts.visits.jobs import TO_BE_VISITED, job_of
from alerts.visits.lifecycle import VISIT_MOVABLE, VisitState, VisitStep
from alerts.visits.proposing import best_for_slot, parts_of, slots
from alerts.visits.reading import standing_visit, tickets_of, visit_row
from alerts.visits.visit import Slot
from ingest.clock import to_ms
from ingest.profiles.definition import Profile

MOVE_UNTIL_MS = 12 * 3_600_000
"""Later than this before somebody comes, a call is better than a page."""
CHOICES_MAX = 8
"""How often one ticket's time may be chosen on a page; who needs more has a question."""
TAKEN = "This time is no longer free. Please choose another one."


@dataclass(frozen=True, slots=True)
class Appointments:
    """Times that the holder of a link can choose; one method, one transaction."""

    sealed: SealedUnit
    profiles: Mapping[str, Profile]
    when_over: WhenOver

    def slots(self, secret: str) -> Sequence[Slot]:
        """The times that can be chosen now; none where nobody is to come, or it is too late to move."""

        def work(s: Sealed) -> Sequence[Slot]:
            job = _job(s, secret, self.profiles)
            return () if job is None else slots(s.t, job)

        return self.sealed.look(work)

    def choose(self, secret: str, start: datetime, end: datetime) -> None:
        """Let somebody come in a time that was offered; :class:`ConflictError` where it is no longer free."""

        def work(s: Sealed) -> None:
            job = _job(s, secret, self.profiles)
            if job is None:
                raise ConflictError("There is no visit to choose a time for now. Please call us, or write to us.")
            _choose(s.t.by(CUSTOMER), job, (to_ms(start), to_ms(end)), self.when_over)

        self.sealed.write(work)


def _choose(t: Transaction, job: Job, span: tuple[int, int], when_over: WhenOver) -> None:
    if span not in parts_of(day_of(span[0], job.home.time_zone), job):
        raise ConflictError(TAKEN)
    found = best_for_slot(t, job, span)
    if found is None:
        raise ConflictError(TAKEN)
    technician, fit = found
    booking = Booking(technician.id, fit.start_ms, promised=span)
    visit_id = job.visit_id
    if visit_id is None:
        visit_id = book(t, job, booking, when_over)
    else:
        move(t, visit_id, job, booking, when_over, expected_version=None)
    step(t, visit_id, VisitStep.CONFIRM, when_over)


def _job(s: Sealed, secret: str, profiles: Mapping[str, Profile]) -> Job | None:
    """What the holder of a link may choose a time for; None where there is nothing to choose."""
    ticket = find_row(s.t, open_link(s, secret).ticket_id)
    if TicketState(ticket.status) not in TO_BE_VISITED or _chosen(s.t, ticket.id) >= CHOICES_MAX:
        return None
    visit_id = standing_visit(s.t, ticket.id)
    if visit_id is None:
        return job_of(s.t, [ticket.id], profiles)
    row = visit_row(s.t, visit_id)
    if VisitState(row.status) not in VISIT_MOVABLE or row.starts_ms < s.t.now_ms + MOVE_UNTIL_MS:
        return None
    return replace(job_of(s.t, tickets_of(s.t, visit_id), profiles), visit_id=visit_id)


def _chosen(t: Transaction, ticket_id: str) -> int:
    line = ticket_history.c
    theirs = (line.ticket_id == ticket_id, line.actor == CUSTOMER, line.event == TicketStep.SCHEDULE.value)
    return t.connection.execute(select(func.count()).where(*theirs)).scalar_one()
