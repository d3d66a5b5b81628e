"""``/visits``: who is at which door when: proposed, booked, moved, worked; ``/plans``: whole days, looked at, then kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field

from alerts.errors import InvalidError
from alerts.visits.crew import Hindrance
from alerts.visits.lifecycle import VisitState, VisitStep
from alerts.visits.planning import Kept, Plan
from alerts.visits.reading import VisitFilter
from alerts.visits.visit import UsedPart, Visit, VisitRecord
from api.http.access import Dispatcher, Technician
from api.http.context import Here
from api.http.documents import Document, show
from api.http.etag import expected_version
from api.http.moments import Moment
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT, STALE
from api.http.request import Request
from ingest.clock import from_ms

router = APIRouter(tags=["visits"])

IfMatch = Annotated[str | None, Header(description="ETag of the visit as you saw it")]


class VisitedTicket(Document):
    """A ticket that a visit is for."""

    id: str
    number: int
    title: str
    appliance_id: str


class VisitDocument(Document):
    """Who is at which door when."""

    id: str
    technician_id: str
    technician: str
    customer_id: str | None
    site_id: str | None
    region: str | None
    time_zone: str
    tickets: list[VisitedTicket]
    status: VisitState
    start: datetime
    end: datetime
    promised_from: datetime | None = Field(description="what the customer was told")
    promised_to: datetime | None
    travel_min: int
    is_locked: bool
    override_reason: str | None = Field(description="why, where something spoke against it")
    record: dict[str, Any] | None
    departed_at: datetime | None
    arrived_at: datetime | None
    ended_at: datetime | None
    created_by: str
    version: int
    legal_steps: list[str]


class Proposal(Document):
    """Who could go when, and what speaks for it; the lower the score (minutes) the better."""

    technician_id: str
    technician: str
    start: datetime
    end: datetime
    score: float
    travel_min: int
    added_travel_min: int
    visits_that_day: int
    level: int
    is_preferred: bool
    is_before_due: bool
    is_before_failure: bool | None


class Proposals(Document):
    """The best first; ``left_out`` counts who can't, by the first reason why not."""

    minutes: int
    items: list[Proposal]
    left_out: dict[Hindrance, int]


class PlannedStop(Document):
    """One visit of a plan; ``visit_id`` null where it is new."""

    visit_id: str | None
    ticket_ids: list[str]
    technician_id: str
    technician: str
    start: datetime
    end: datetime
    travel_min: int
    is_moved: bool
    was_technician_id: str | None
    was_start: datetime | None


class PlanDocument(Document):
    """A day, and what the plan would change; ``booked`` and ``moved`` say what was kept, null where it is only shown."""

    region: str | None
    day: date
    solver: str
    stops: list[PlannedStop]
    left: list[list[str]] = Field(description="tickets of the jobs that found no place")
    travel_before_min: int
    travel_min: int
    visits_before: int
    booked: int | None
    moved: int | None
    refused: list[str]


class BookRequest(Request):
    """Who goes when; further tickets of the same home go along."""

    technician_id: str = Field(min_length=1, max_length=64)
    start: Moment
    with_tickets: list[str] = Field(default_factory=list, max_length=10, description="ids or numbers")
    override: str | None = Field(default=None, min_length=1, max_length=1000)


class MoveRequest(Request):
    """Who goes when instead."""

    technician_id: str = Field(min_length=1, max_length=64)
    start: Moment
    override: str | None = Field(default=None, min_length=1, max_length=1000)


class PartRequest(Request):
    """A part that was put in."""

    sku: str = Field(min_length=1, max_length=64)
    quantity: int = Field(default=1, ge=1, le=1000)
    serial: str | None = Field(default=None, max_length=200)


class VisitStepRequest(Request):
    """What a step carries; ``is_repaired`` and ``work`` are needed by finish."""

    note: str | None = Field(default=None, max_length=2000)
    at: Moment | None = Field(default=None, description="when it was, where it is told later; within a week")
    is_repaired: bool | None = None
    work: str | None = Field(default=None, min_length=1, max_length=10_000)
    checks: dict[str, bool] | None = Field(default=None, max_length=100)
    measured: dict[str, float] | None = Field(default=None, max_length=100)
    parts: list[PartRequest] = Field(default_factory=list, max_length=50)
    minutes: int | None = Field(default=None, ge=0, le=1440)
    photos: list[str] = Field(default_factory=list, max_length=50, description="references")
    signed_by: str | None = Field(default=None, max_length=200)


class PlanRequest(Request):
    """A day of a region; without one of everywhere. ``keep``: not only shown."""

    day: date
    region: str | None = Field(default=None, min_length=1, max_length=200)
    keep: bool = False


class ReplanRequest(Request):
    """Who drops out on which day."""

    technician_id: str = Field(min_length=1, max_length=64)
    day: date
    keep: bool = False


def _answer(visit: Visit, response: Response) -> VisitDocument:
    response.headers["etag"] = f'"{visit.version}"'
    return show(VisitDocument, visit)


def _record(body: VisitStepRequest) -> VisitRecord | None:
    if body.is_repaired is None and body.work is None:
        return None
    if body.is_repaired is None or body.work is None:
        raise InvalidError("is_repaired and work stand together.")
    return VisitRecord(
        is_repaired=body.is_repaired,
        work=body.work,
        checks=body.checks,
        measured=body.measured,
        parts=tuple(UsedPart(**part.model_dump()) for part in body.parts),
        minutes=body.minutes,
        photos=tuple(body.photos),
        signed_by=body.signed_by,
    )


def _plan(plan: Plan, kept: Kept | None) -> PlanDocument:
    return PlanDocument(
        region=plan.region,
        day=plan.day,
        solver=plan.solver,
        stops=[
            PlannedStop(
                visit_id=stop.visit_id,
                ticket_ids=list(stop.ticket_ids),
                technician_id=stop.technician_id,
                technician=stop.technician,
                start=from_ms(stop.start_ms),
                end=from_ms(stop.end_ms),
                travel_min=round(stop.travel_min),
                is_moved=stop.is_moved,
                was_technician_id=stop.was_technician_id,
                was_start=None if stop.was_start_ms is None else from_ms(stop.was_start_ms),
            )
            for stop in plan.stops
        ],
        left=[list(job.ticket_ids) for job in plan.left],
        travel_before_min=round(plan.travel_before_min),
        travel_min=round(plan.travel_min),
        visits_before=plan.visits_before,
        booked=None if kept is None else kept.booked,
        moved=None if kept is None else kept.moved,
        refused=[] if kept is None else list(kept.refused),
    )


@router.get("/tickets/{key}/proposals")
def list_proposals(
    here: Here,
    account: Dispatcher,
    key: str,
    *,
    with_ticket: Annotated[list[str] | None, Query(max_length=10, description="further tickets of the home")] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 5,
) -> Proposals:
    """Who could go to a ticket within a week, the best first, and how many can't, by the reason."""
    found = here.desk.by(account.name).visits.propose([key, *(with_ticket or ())], limit=limit)
    return Proposals(
        minutes=found.minutes, items=[show(Proposal, one) for one in found.items], left_out=dict(found.left_out)
    )


@router.get("/tickets/{key}/visits")
def list_visits_of(here: Here, account: Technician, key: str) -> Page[VisitDocument]:
    """The visits of a ticket, the last made first; all on one page."""
    return Page(items=[show(VisitDocument, one) for one in here.desk.by(account.name).visits.of_ticket(key).items])


@router.post("/tickets/{key}/visits", status_code=201, responses=CONFLICT)
def book_visit(here: Here, account: Dispatcher, key: str, body: BookRequest, response: Response) -> VisitDocument:
    """Send somebody; 409 with the reasons where they can't be sent, which an ``override`` may outweigh."""
    visits = here.desk.by(account.name).visits
    made = visits.book([key, *body.with_tickets], body.technician_id, body.start, override=body.override)
    response.headers["location"] = f"/api/v1/visits/{made.id}"
    return _answer(made, response)


@router.get("/visits")
def list_visits(
    here: Here,
    account: Technician,
    page: PageQuery,
    *,
    day: Annotated[date | None, Query(description="in time_zone")] = None,
    time_zone: Annotated[str, Query(max_length=64)] = "UTC",
    region: Annotated[str | None, Query(max_length=200)] = None,
    technician_id: Annotated[str | None, Query(max_length=64)] = None,
    status: VisitState | None = None,
) -> Page[VisitDocument]:
    """One page of visits, the last made first."""
    wanted = VisitFilter(day, time_zone, region, technician_id, None, status)
    found = here.desk.by(account.name).visits.page(wanted, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(VisitDocument, one) for one in found.items], next=found.next)


@router.get("/visits/{visit_id}")
def read_visit(here: Here, account: Technician, visit_id: str, response: Response) -> VisitDocument:
    """One visit."""
    return _answer(here.desk.by(account.name).visits.read(visit_id), response)


@router.post("/visits/{visit_id}/move", responses=CONFLICT | STALE)
def move_visit(
    here: Here, account: Dispatcher, visit_id: str, body: MoveRequest, response: Response, if_match: IfMatch = None
) -> VisitDocument:
    """Let somebody go at another time, or somebody else."""
    visits = here.desk.by(account.name).visits
    version = expected_version(if_match, lambda: visits.read(visit_id).version, noun="visit")
    moved = visits.move(visit_id, body.technician_id, body.start, override=body.override, expected_version=version)
    return _answer(moved, response)


@router.post("/visits/{visit_id}/lock", responses=CONFLICT)
def lock_visit(here: Here, account: Dispatcher, visit_id: str, response: Response) -> VisitDocument:
    """Hold a visit where it is, whatever is planned around it."""
    return _answer(here.desk.by(account.name).visits.lock(visit_id, is_locked=True), response)


@router.post("/visits/{visit_id}/unlock", responses=CONFLICT)
def unlock_visit(here: Here, account: Dispatcher, visit_id: str, response: Response) -> VisitDocument:
    """Let a visit go again."""
    return _answer(here.desk.by(account.name).visits.lock(visit_id, is_locked=False), response)


@router.post("/visits/{visit_id}/{step}", responses=CONFLICT | STALE)
def step_visit(
    here: Here,
    account: Technician,
    visit_id: str,
    step: VisitStep,
    response: Response,
    body: VisitStepRequest | None = None,
    if_match: IfMatch = None,
) -> VisitDocument:
    """Take a step (confirm, depart, arrive, finish, miss, cancel); one that was taken already is no error."""
    visits = here.desk.by(account.name).visits
    version = expected_version(if_match, lambda: visits.read(visit_id).version, noun="visit")
    given = body or VisitStepRequest()
    taken = visits.step(visit_id, step, note=given.note, record=_record(given), at=given.at, expected_version=version)
    return _answer(taken, response)


@router.post("/plans")
def plan_day(here: Here, account: Dispatcher, body: PlanRequest) -> PlanDocument:
    """The ways of a day with the least travel: what it moves and saves is shown, and kept where ``keep`` says so."""
    visits = here.desk.by(account.name).visits
    plan = visits.plan(body.region, body.day)
    return _plan(plan, visits.keep(plan) if body.keep else None)


@router.post("/plans/without")
def plan_without(here: Here, account: Dispatcher, body: ReplanRequest) -> PlanDocument:
    """Where the visits of somebody who drops out may go; nobody else's visit moves."""
    visits = here.desk.by(account.name).visits
    plan = visits.replan(body.technician_id, body.day)
    return _plan(plan, visits.keep(plan) if body.keep else None)
