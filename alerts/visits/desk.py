"""Visits, as they are asked for: proposed, booked, moved, worked, planned by the day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from alerts.database import Transaction, UnitOfWork
from alerts.errors import InvalidError, UnknownError
from alerts.page import LIMIT_DEFAULT, LIMIT_MAX, Page, all_pages
from alerts.tickets.reading import find_row, read_ticket
from alerts.tickets.steps import WhenOver
from alerts.visits.board import Board, read_board
from alerts.visits.booking import Booking, book, check_version, lock, move, step
from alerts.visits.capacity import CapacityWeek, capacity
from alerts.visits.job import Job
from alerts.visits.jobs import job_of
from alerts.visits.lifecycle import VisitStep
from alerts.visits.planning import Kept, Plan, keep, plan_day, replan
from alerts.visits.proposing import propose
from alerts.visits.reading import VisitFilter, list_visits, read_visit, tickets_of, visit_row
from alerts.visits.visit import Proposals, Visit, VisitRecord
from alerts.visits.weighing import Weighed, weigh
from ingest.clock import to_ms
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class Visits:
    """Who is at which door when; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]
    when_over: WhenOver

    def page(
        self, wanted: VisitFilter | None = None, *, cursor: str | None = None, limit: int = LIMIT_DEFAULT
    ) -> Page[Visit]:
        """One page of visits, the last made first."""
        return self.unit.look(lambda t: list_visits(t, wanted or VisitFilter(), cursor=cursor, limit=limit))

    def all(self, wanted: VisitFilter) -> Iterator[Visit]:
        """All visits that are wanted, page by page."""
        return all_pages(lambda cursor: self.page(wanted, cursor=cursor, limit=LIMIT_MAX))

    def of_ticket(self, ref: str) -> Page[Visit]:
        """The visits of a ticket, the last made first; at most 500."""

        def work(t: Transaction) -> Page[Visit]:
            return list_visits(t, VisitFilter(ticket_id=find_row(t, ref).id), cursor=None, limit=LIMIT_MAX)

        return self.unit.look(work)

    def read(self, visit_id: str) -> Visit:
        """One visit."""
        return self.unit.look(lambda t: read_visit(t, visit_id))

    def propose(self, refs: Sequence[str], *, limit: int = 5) -> Proposals:
        """Who could go to the tickets of one home when, the best first."""

        def work(t: Transaction) -> Proposals:
            job = job_of(t, refs, self.profiles)
            window = read_ticket(t, refs[0]).failure_window
            return propose(t, job, fails_from_ms=None if window is None else to_ms(window.start), limit=limit)

        return self.unit.look(work)

    def board(self, start: date, days: int, region: str | None) -> Board:
        """Who works when from a day on, the visits there are, and what waits."""
        return self.unit.look(lambda t: read_board(t, start, days, region, self.profiles))

    def capacity(self, weeks: int, region: str | None) -> Sequence[CapacityWeek]:
        """What the weeks ahead will probably ask for, against what shifts give."""
        return self.unit.look(lambda t: capacity(t, weeks, region, self.profiles))

    def weigh(
        self, technician_id: str, *, visit_id: str | None, refs: Sequence[str], day: date | None, start: datetime | None
    ) -> Weighed:
        """What it would cost to move a visit, or to send somebody to the tickets of one home; changes nothing."""
        if (visit_id is None) is not bool(refs):
            raise InvalidError("visit_id or tickets is needed, and not both.")

        def work(t: Transaction) -> Weighed:
            job = job_of(t, refs, self.profiles) if visit_id is None else self._job(t, visit_id)
            return weigh(t, job, technician_id, day=day, starts_ms=None if start is None else to_ms(start))

        return self.unit.look(work)

    def book(self, refs: Sequence[str], technician_id: str, start: datetime, *, override: str | None = None) -> Visit:
        """Send somebody to the tickets of one home."""

        def work(t: Transaction) -> Visit:
            booking = Booking(technician_id, to_ms(start), override)
            return read_visit(t, book(t, job_of(t, refs, self.profiles), booking, self.when_over))

        return self.unit.write(work)

    def move(
        self,
        visit_id: str,
        technician_id: str,
        start: datetime,
        *,
        override: str | None = None,
        expected_version: int | None = None,
    ) -> Visit:
        """Let somebody go at another time, or somebody else."""

        def work(t: Transaction) -> None:
            booking = Booking(technician_id, to_ms(start), override)
            job = self._job(t, visit_id)
            move(t, visit_id, job, booking, self.when_over, expected_version=expected_version)

        return self._changed(visit_id, work)

    def lock(self, visit_id: str, *, is_locked: bool) -> Visit:
        """Hold a visit where it is, or let it go again."""
        return self._changed(visit_id, lambda t: lock(t, visit_id, is_locked=is_locked))

    def step(
        self,
        visit_id: str,
        taken: VisitStep,
        *,
        note: str | None = None,
        record: VisitRecord | None = None,
        at: datetime | None = None,
        expected_version: int | None = None,
    ) -> Visit:
        """Take a step of a visit; one that was taken already is no error. ``at`` is when it was, told later."""

        def work(t: Transaction) -> None:
            check_version(visit_row(t, visit_id), expected_version)
            at_ms = None if at is None else to_ms(at)
            step(t, visit_id, taken, self.when_over, note=note, record=record, at_ms=at_ms)

        return self._changed(visit_id, work)

    def plan(self, region: str | None, day: date) -> Plan:
        """The plan of a day, only to look at."""
        return self.unit.look(lambda t: plan_day(t, region, day, self.profiles))

    def replan(self, technician_id: str, day: date) -> Plan:
        """Where the visits of somebody who drops out may go, only to look at."""
        return self.unit.look(lambda t: replan(t, technician_id, day, self.profiles))

    def keep(self, plan: Plan) -> Kept:
        """Book and move as a plan says; what changed meanwhile is left alone and named."""
        return self.unit.write(lambda t: keep(t, plan, self.profiles, self.when_over))

    def _job(self, t: Transaction, visit_id: str) -> Job:
        refs = tickets_of(t, visit_id)
        if not refs:
            raise UnknownError(f"There is no visit {visit_id!r}.")
        return replace(job_of(t, refs, self.profiles), visit_id=visit_id)

    def _changed(self, visit_id: str, work: Callable[[Transaction], None]) -> Visit:
        def both(t: Transaction) -> Visit:
            work(t)
            return read_visit(t, visit_id)

        return self.unit.write(both)
