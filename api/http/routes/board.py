"""``/board``: technicians and their days as one picture; ``/visits/weigh``: what a change would cost, before it is made."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from alerts.people.technician import AbsenceReason
from alerts.visits.board import DAYS_MAX
from alerts.visits.crew import Hindrance
from alerts.visits.lifecycle import VisitState
from api.http.access import Dispatcher, Technician
from api.http.context import Here
from api.http.documents import Document, show
from api.http.moments import Moment
from api.http.request import Request

router = APIRouter(tags=["visits"])


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
