"""``/technicians``: who goes to homes, when they are there, and whom customers want at the door."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.requests import Request as HttpRequest

from alerts.csv_file import read_csv
from alerts.customers.access_hours import format_hours, parse_hours
from alerts.people.csv_rows import COLUMNS, write_technicians
from alerts.people.reading import TechnicianFilter
from alerts.people.technician import AbsenceReason, NewTechnician, Wish
from alerts.people.technician import Licence as DeskLicence
from alerts.people.technician import Technician as DeskTechnician
from api.http.access import Dispatcher, Manager, Technician
from api.http.context import Here
from api.http.documents import Document, show
from api.http.etag import expected_version
from api.http.imports import TAKES_CSV, csv_file, csv_text, told_as_it_goes
from api.http.moments import Moment
from api.http.paging import Page, PageQuery
from api.http.points import Point, PointRequest, point_of
from api.http.problems import CONFLICT, STALE
from api.http.request import Request

router = APIRouter(tags=["technicians"])


class Licence(Document):
    """What somebody may do by law, until and including a day."""

    name: str
    expires_on: date | None


class TechnicianDocument(Document):
    """Somebody who goes to homes."""

    id: str
    external_id: str | None
    name: str
    account: str | None = Field(description="by which they come in")
    provider_id: str | None = Field(description="whom they work for; null: for us")
    home: Point | None
    areas: list[str] = Field(description="regions; empty: all")
    skills: dict[str, int] = Field(description="appliance kind or component: level 1 to 3")
    licences: list[Licence]
    shifts: str = Field(description="as mon-fri 08:00-17:00, in time_zone")
    time_zone: str
    visits_per_day: int
    is_active: bool
    version: int


class AbsenceDocument(Document):
    """When a technician is not there."""

    id: str
    technician_id: str
    start: datetime
    end: datetime
    reason: AbsenceReason
    note: str | None
    recorded_by: str


class WishDocument(Document):
    """Whether a customer wants a technician at the door."""

    customer_id: str
    technician_id: str
    wish: Wish
    note: str | None
    recorded_by: str
    at: datetime


class LicenceRequest(Request):
    """What somebody may do by law, until and including a day; without one it does not end."""

    name: str = Field(min_length=1, max_length=64)
    expires_on: date | None = None


class TechnicianRequest(Request):
    """A technician, whole."""

    name: str = Field(min_length=1, max_length=200)
    external_id: str | None = Field(default=None, min_length=1, max_length=200)
    account: str | None = Field(default=None, min_length=1, max_length=200)
    provider_id: str | None = Field(default=None, min_length=1, max_length=64)
    home: PointRequest | None = None
    areas: list[str] = Field(default_factory=list, max_length=100)
    skills: dict[str, int] = Field(default_factory=dict)
    licences: list[LicenceRequest] = Field(default_factory=list, max_length=100)
    shifts: str = Field(default="mon-fri 08:00-17:00", max_length=500)
    time_zone: str = "UTC"
    visits_per_day: int = 8
    is_active: bool = True


class AbsenceRequest(Request):
    """When a technician is not there."""

    start: Moment
    end: Moment
    reason: AbsenceReason
    note: str | None = Field(default=None, max_length=1000)


class WishRequest(Request):
    """Whether a customer wants a technician at the door."""

    wish: Wish
    note: str | None = Field(default=None, max_length=1000)


def technician_document(one: DeskTechnician) -> TechnicianDocument:
    """A technician as the API answers them."""
    values = {name: getattr(one, name) for name in TechnicianDocument.model_fields if name != "shifts"}
    return TechnicianDocument.model_validate({**values, "shifts": format_hours(one.shifts)})


def _answer(one: DeskTechnician, response: Response) -> TechnicianDocument:
    response.headers["etag"] = f'"{one.version}"'
    return technician_document(one)


def _new(body: TechnicianRequest) -> NewTechnician:
    values = body.model_dump()
    values["home"] = point_of(body.home)
    values["licences"] = tuple(DeskLicence(one.name, one.expires_on) for one in body.licences)
    values["areas"] = tuple(body.areas)
    return NewTechnician(**{**values, "shifts": parse_hours(body.shifts)})


@router.get("/technicians")
def list_technicians(
    here: Here,
    account: Technician,
    page: PageQuery,
    *,
    q: Annotated[str | None, Query(max_length=200, description="in name, ids, account: all words")] = None,
    area: Annotated[str | None, Query(max_length=200)] = None,
    skill: Annotated[str | None, Query(max_length=64)] = None,
    provider_id: Annotated[str | None, Query(max_length=64)] = None,
    is_active: bool | None = None,
) -> Page[TechnicianDocument]:
    """One page of technicians, newest first."""
    wanted = TechnicianFilter(q, area, skill, provider_id, is_active)
    found = here.desk.by(account.name).technicians.page(wanted, cursor=page.cursor, limit=page.limit)
    return Page(items=[technician_document(one) for one in found.items], next=found.next)


@router.post("/technicians", status_code=201, responses=CONFLICT)
def add_technician(here: Here, account: Manager, body: TechnicianRequest, response: Response) -> TechnicianDocument:
    """Enter a technician; 409 where external id or account is somebody else's."""
    made = here.desk.by(account.name).technicians.add(_new(body))
    response.headers["location"] = f"/api/v1/technicians/{made.id}"
    return _answer(made, response)


@router.get("/technicians.csv", response_class=StreamingResponse)
def export_technicians(here: Here, account: Manager) -> StreamingResponse:
    """Everybody as the CSV that can be imported."""
    return csv_file(write_technicians(here.desk.by(account.name).technicians.all()), "technicians.csv")


@router.post("/technicians/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_technicians(
    here: Here, account: Manager, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take a CSV file over; answers one JSON object per row as it goes. With ``dry_run`` nothing is kept."""
    lines = list(read_csv(await csv_text(request), COLUMNS))
    return told_as_it_goes(here.desk.by(account.name).technicians.take_over(lines, is_dry_run=dry_run))


@router.get("/technicians/{technician_id}")
def read_technician(here: Here, account: Technician, technician_id: str, response: Response) -> TechnicianDocument:
    """One technician."""
    return _answer(here.desk.by(account.name).technicians.read(technician_id), response)


@router.put("/technicians/{technician_id}", responses=CONFLICT | STALE)
def change_technician(
    here: Here,
    account: Manager,
    technician_id: str,
    body: TechnicianRequest,
    response: Response,
    if_match: Annotated[str | None, Header(description="ETag of the technician as you saw them")] = None,
) -> TechnicianDocument:
    """Write a technician anew."""
    technicians = here.desk.by(account.name).technicians
    version = expected_version(if_match, lambda: technicians.read(technician_id).version, noun="technician")
    return _answer(technicians.change(technician_id, _new(body), expected_version=version), response)


@router.get("/technicians/{technician_id}/absences")
def list_absences(here: Here, account: Technician, technician_id: str) -> Page[AbsenceDocument]:
    """When a technician is or was not there, the newest first; all on one page."""
    found = here.desk.by(account.name).technicians.absences(technician_id)
    return Page(items=[show(AbsenceDocument, one) for one in found])


@router.post("/technicians/{technician_id}/absences", status_code=201)
def add_absence(here: Here, account: Dispatcher, technician_id: str, body: AbsenceRequest) -> AbsenceDocument:
    """Write down when a technician is not there."""
    technicians = here.desk.by(account.name).technicians
    return show(AbsenceDocument, technicians.be_absent(technician_id, body.start, body.end, body.reason, body.note))


@router.delete("/technicians/{technician_id}/absences/{absence_id}", status_code=204, responses=CONFLICT)
def end_absence(here: Here, account: Dispatcher, technician_id: str, absence_id: str) -> Response:
    """Take an absence away; one that runs ends now, one that is over stays."""
    here.desk.by(account.name).technicians.be_back(technician_id, absence_id)
    return Response(status_code=204)


@router.get("/customers/{customer_id}/technicians")
def list_wishes(here: Here, account: Technician, customer_id: str) -> Page[WishDocument]:
    """Whom a customer wants at the door, and whom not; all on one page."""
    return Page(items=[show(WishDocument, one) for one in here.desk.by(account.name).technicians.wishes(customer_id)])


@router.put("/customers/{customer_id}/technicians/{technician_id}")
def set_wish(
    here: Here, account: Dispatcher, customer_id: str, technician_id: str, body: WishRequest
) -> Page[WishDocument]:
    """Write down whether a customer wants a technician at the door."""
    technicians = here.desk.by(account.name).technicians
    technicians.wish(customer_id, technician_id, body.wish, body.note)
    return Page(items=[show(WishDocument, one) for one in technicians.wishes(customer_id)])


@router.delete("/customers/{customer_id}/technicians/{technician_id}", status_code=204)
def take_wish_back(here: Here, account: Dispatcher, customer_id: str, technician_id: str) -> Response:
    """Take it back: the customer does not mind."""
    here.desk.by(account.name).technicians.wish(customer_id, technician_id, None)
    return Response(status_code=204)
