"""``/board``: technicians and their days as one picture; ``/visits/weigh``: what a change would cost, before it is made."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from alerts.people.technician import AbsenceReason
from alerts.visits.board import DAYS_MAX
from alerts.visits.capacity import WEEKS_MAX
from alerts.visits.crew import Hindrance
from alerts.visits.lifecycle import VisitState
from api.http.access import Dispatcher, Technician
from api.http.context import Here
from api.http.documents import Document, show
from api.http.moments import Moment
from api.http.paging import Page
from api.http.request import Request

router = APIRouter(tags=["visits"])


class CapacityWeek(Document):
    """One week from its Monday on, in minutes at doors."""

    start: date
    booked: float
    waiting: float = Field(description="open tickets without a visit")
    foreseen: float = Field(description="open tickets without a visit whose failure is foreseen for this week")
    by_chance: float = Field(description="what appliances in service ask for by the hazards of their profiles")
    season: float = Field(
        description="how much more than in a usual week, by the desk's own years; 1 until one is known"
    )
    asked: float
    likely_at_most: float = Field(description="nineteen of twenty such weeks ask for less")
    given: float = Field(description="shifts without absences, as far as they are spent at doors")
    is_peak: bool
    most_by: str | None = Field(description="the kind that asks for most of what comes by chance")


class BoardDay(Document):
    """A technician's day."""

    day: date
    spans: list[tuple[int, int]] = Field(description="when they work: minutes since midnight where they are")
    absence: AbsenceReason | None


class BoardRow(Document):
    """A technician with their days."""

    technician_id: str
    technician: str
    time_zone: str
    areas: list[str] = Field(description="regions; empty: all")
    days: list[BoardDay]


class BoardVisit(Document):
    """A visit on the board."""

    id: str
    technician_id: str
    day: date
    from_min: int = Field(description="minutes since midnight where the technician is")
    to_min: int
    start: datetime
    status: VisitState
    is_locked: bool
    is_promised: bool
    is_amiss: bool = Field(description="nobody is there then, or another visit is")
    travel_min: int
    numbers: list[int] = Field(description="its tickets")
    version: int


class WaitingTicket(Document):
    """A ticket that waits for a visit."""

    number: int
    title: str
    kind: str
    fault_mode: str | None
    appliance_id: str


class WaitingJob(Document):
    """What waits at one home."""

    tickets: list[WaitingTicket]
    region: str | None
    minutes: int
    priority: int
    due: datetime | None
    licences: list[str]


class BoardDocument(Document):
    """Days of a region, who is there, and what is planned and waits."""

    days: list[date]
    rows: list[BoardRow]
    visits: list[BoardVisit]
    waiting: list[WaitingJob] = Field(description="the most urgent first, at most 200 tickets")
    regions: list[str] = Field(description="all that somebody goes to")
    left_off: int = Field(description="technicians that were too many to show")


class WeighRequest(Request):
    """A visit that moves, or tickets of one home that wait; on a day where it costs least, or at exactly a time."""

    technician_id: str = Field(min_length=1, max_length=64)
    visit_id: str | None = Field(default=None, min_length=1, max_length=64)
    tickets: list[str] = Field(default_factory=list, max_length=10, description="ids or numbers")
    day: date | None = None
    start: Moment | None = None


class Weighed(Document):
    """What a change would come to."""

    technician_id: str
    technician: str
    start: datetime | None = Field(description="null: nothing of that length is free on the day")
    end: datetime | None
    travel_min: int | None
    added_travel_min: int | None = Field(description="on both ways; null where it does not fit")
    visits_that_day: int
    against: list[Hindrance] = Field(description="what an override must outweigh")
    is_never: bool = Field(description="no override outweighs it")
    is_promise_kept: bool | None
    is_before_due: bool | None


@router.get("/board")
def read_board(
    here: Here,
    account: Technician,
    *,
    start: Annotated[date, Query(description="the first day")],
    days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 7,
    region: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
) -> BoardDocument:
    """Who works when, which visits there are, and what waits; of everybody who goes to a region."""
    return show(BoardDocument, here.desk.by(account.name).visits.board(start, days, region))


@router.post("/visits/weigh")
def weigh_visit(here: Here, account: Dispatcher, body: WeighRequest) -> Weighed:
    """What it would cost to send somebody, and what speaks against it; nothing is changed."""
    visits = here.desk.by(account.name).visits
    found = visits.weigh(body.technician_id, visit_id=body.visit_id, refs=body.tickets, day=body.day, start=body.start)
    return show(Weighed, found)


@router.get("/capacity")
def read_capacity(
    here: Here,
    account: Dispatcher,
    *,
    weeks: Annotated[int, Query(ge=1, le=WEEKS_MAX)] = 8,
    region: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[CapacityWeek]:
    """What the weeks ahead will probably ask for, against what shifts give; this week first, all on one page."""
    found = here.desk.by(account.name).visits.capacity(weeks, region)
    return Page(items=[show(CapacityWeek, one) for one in found])
