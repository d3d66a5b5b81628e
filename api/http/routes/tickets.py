"""``/tickets``: the work items, their life cycle step by step, and what was found."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from alerts.accounts.account import Role
from alerts.lifecycle import TicketStep
from alerts.page import LIMIT_MAX, all_pages
from alerts.rules.ticket_types import REPAIR
from alerts.tickets.ticket import (
    NewTicket,
    Resolution,
    StepBody,
    TicketChange,
    TicketSource,
    Verdict,
    VerdictRecord,
    Visit,
)
from alerts.tickets.ticket import Ticket as DeskTicket
from api.http.access import Dispatcher, Technician, Viewer, require
from api.http.assignees import account_of
from api.http.context import Context, Here, Language
from api.http.documents import Document, Text, Ticket, show
from api.http.etag import expected_version
from api.http.imports import csv_file
from api.http.moments import Moment
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT, STALE, Problem
from api.http.request import Request
from api.http.spreadsheet import csv_lines
from api.http.ticket_query import Wanted

router = APIRouter(tags=["tickets"])

IfMatch = Annotated[str | None, Header(description="ETag of the ticket as you saw it")]
DISPATCHER_STEPS = frozenset({TicketStep.SCHEDULE, TicketStep.CANCEL})
TEXT_MAX = 10_000
COLUMNS = (
    *("number", "id", "status", "priority", "appliance_id", "kind", "model", "component", "fault_mode", "title"),
    *("severity", "probability", "type", "source", "opened_at", "onset_at", "closed_at", "respond_by", "resolve_by"),
    *("paused_reason", "assignee", "visit_from", "visit_to", "verdict", "episode"),
)
"""Of the export."""


class TicketRequest(Request):
    """A ticket opened by hand."""

    appliance_id: str = Field(min_length=1, max_length=64)
    title: str = Field(min_length=1, max_length=200)
    description: str | None = Field(default=None, max_length=TEXT_MAX)
    fault_mode: str | None = Field(default=None, min_length=1, max_length=64)
    type: str = Field(default=REPAIR, min_length=1, max_length=60, description="`/ticket-types` names all")
    source: TicketSource | None = Field(default=None, description="one that the type allows; its first where left out")
    priority: int = Field(default=3, ge=1, le=4)
    contract: str | None = Field(default=None, min_length=1, max_length=200)


class StepRequest(Request):
    """What a step may carry; ``schedule`` takes assignee, from and to (null takes away), ``hold`` a reason, ``comment`` a text."""

    note: str | None = Field(default=None, max_length=TEXT_MAX)
    reason: str | None = Field(default=None, max_length=TEXT_MAX)
    text: str | None = Field(default=None, max_length=TEXT_MAX)
    assignee: str | None = Field(
        default=None, min_length=1, max_length=200, description="an account, or a technician's id"
    )
    pause: str | None = Field(
        default=None,
        max_length=60,
        description="with hold: what it waits for (customer, part, hold, or a word of the rules); it says which clocks stop",
    )
    resolution: Resolution | None = Field(
        default=None,
        description="with close or cancel: wont_fix keeps the fault from opening a ticket until it becomes more severe",
    )
    visit_from: Moment | None = Field(default=None, alias="from")
    visit_to: Moment | None = Field(default=None, alias="to")


class VisitRequest(Request):
    """The window of a visit."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")


class TicketChangeRequest(Request):
    """What to change; what is left out stays, null takes away: nobody's, no visit, the priority that we would give."""

    title: str | None = Field(default=None, max_length=200)
    priority: int | None = Field(default=None, ge=1, le=4)
    assignee: str | None = Field(
        default=None, min_length=1, max_length=200, description="an account, or a technician's id"
    )
    visit: VisitRequest | None = None
    contract: str | None = Field(default=None, min_length=1, max_length=200)
    type: str | None = Field(default=None, min_length=1, max_length=64, description="`/ticket-types` names all")


class FormRequest(Request):
    """What is ticked off and written down; what is left out stays, null empties a field."""

    steps: dict[str, bool] = Field(default_factory=dict, max_length=100)
    form: dict[str, str | float | bool | None] = Field(default_factory=dict, max_length=100)


class PauseDocument(Document):
    """Something that a held ticket may wait for."""

    name: str = Field(description="a word for `pause` of the step `hold`")
    stops: list[str] = Field(description="the clocks that rest meanwhile")


class TypeStepDocument(Document):
    """A step of a type."""

    name: str
    label: Text
    needed: bool


class FormFieldDocument(Document):
    """A field of a type."""

    name: str
    label: Text
    kind: str
    choices: list[str]
    words: dict[str, Text] = Field(description="the choices as people read them, where the type says it")
    needed: bool


class TicketTypeDocument(Document):
    """A type of tickets, as the desk's rules have it."""

    name: str
    label: Text
    sources: list[TicketSource]
    steps: list[TypeStepDocument]
    form: list[FormFieldDocument]
    respond_hours: float | None = Field(description="null: the policies say it")
    resolve_hours: float | None


class VerdictRequest(Request):
    """What the technician found."""

    verdict: Verdict
    fault_mode: str | None = Field(default=None, min_length=1, max_length=64)
    note: str | None = Field(default=None, max_length=TEXT_MAX)


def answer(ticket: DeskTicket, response: Response, language: str) -> Ticket:
    """The ticket, with its ETag: the version, which guards what people do, and the digest of all that is shown."""
    shown = show(Ticket, ticket, language=language)
    digest = hashlib.blake2b(shown.model_dump_json().encode(), digest_size=4).hexdigest()
    response.headers["etag"] = f'"{ticket.version}-{digest}"'
    return shown


def _version(here: Context, key: str, if_match: str | None) -> int | None:
    """The version that ``If-Match`` asks for."""
    return expected_version(if_match, lambda: here.desk.tickets.read(key).version, noun="ticket")


@router.get("/tickets")
def list_tickets(here: Here, account: Viewer, page: PageQuery, language: Language, wanted: Wanted) -> Page[Ticket]:
    """One page of tickets, newest first where no other order is asked for."""
    found = here.desk.by(account.name).tickets.page(wanted, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(Ticket, item, language=language) for item in found.items], next=found.next)


@router.get("/tickets.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def export_tickets(here: Here, account: Viewer, language: Language, wanted: Wanted) -> StreamingResponse:
    """All tickets of a list for a spreadsheet, in the same order; times in UTC."""
    desk = here.desk.by(account.name).tickets
    found = all_pages(lambda cursor: desk.page(wanted, cursor=cursor, limit=LIMIT_MAX))
    rows = (_row(show(Ticket, ticket, language=language)) for ticket in found)
    return csv_file(csv_lines(COLUMNS, rows), "tickets.csv")


def _row(ticket: Ticket) -> dict[str, Any]:
    """A ticket as cells."""
    cells = ticket.model_dump(mode="json", by_alias=True)
    visit = cells["visit"] or {}
    return {**cells, **cells["sla"], "visit_from": visit.get("from"), "visit_to": visit.get("to")}


@router.post("/tickets", status_code=201, responses=CONFLICT)
def open_ticket(here: Here, account: Dispatcher, body: TicketRequest, response: Response, language: Language) -> Ticket:
    """Open a ticket by hand; 409 with ``ticket_id`` where one is open for the appliance and fault mode."""
    ticket = here.desk.by(account.name).tickets.open(NewTicket(**body.model_dump()))
    response.headers["location"] = f"/api/v1/tickets/{ticket.id}"
    return answer(ticket, response, language)


@router.get("/pauses")
def list_pauses(here: Here, _account: Viewer) -> Page[PauseDocument]:
    """What a held ticket may wait for, by the rules, with the clocks that it stops; all on one page."""
    found = here.desk.unit.rules.in_force.pauses.items()
    return Page(items=[PauseDocument(name=name, stops=list(clocks)) for name, clocks in found])


@router.get("/ticket-types")
def list_ticket_types(here: Here, _account: Viewer, language: Language) -> Page[TicketTypeDocument]:
    """The types of tickets, with their steps and forms; all on one page."""
    found = here.desk.unit.rules.in_force.ticket_types.items()
    rows = [SimpleNamespace(**{**dict(one), "name": name}) for name, one in found]
    return Page(items=[show(TicketTypeDocument, row, language=language) for row in rows])


@router.patch("/tickets/{key}/form", responses=CONFLICT | STALE)
def fill_in(
    here: Here,
    account: Technician,
    key: str,
    body: FormRequest,
    *,
    response: Response,
    language: Language,
    if_match: IfMatch = None,
) -> Ticket:
    """Tick off and write down what the ticket's type asks for; 422 where it asks for no such thing."""
    desk, version = here.desk.by(account.name).tickets, _version(here, key, if_match)
    return answer(desk.fill(key, steps=body.steps, form=body.form, expected_version=version), response, language)


@router.get("/tickets/{key}")
def read_ticket(here: Here, account: Viewer, key: str, response: Response, language: Language) -> Ticket:
    """One ticket, by id or number."""
    return answer(here.desk.by(account.name).tickets.read(key), response, language)


@router.patch("/tickets/{key}", responses=CONFLICT | STALE)
def change_ticket(
    here: Here,
    account: Technician,
    key: str,
    body: TicketChangeRequest,
    *,
    response: Response,
    language: Language,
    if_match: IfMatch = None,
) -> Ticket:
    """Change title, priority, type, assignee or visit; null takes away. A technician takes a ticket, or gives back the own one."""
    given = body.model_fields_set
    desk = here.desk.by(account.name).tickets
    before = desk.read(key)
    assignee = account_of(here, body.assignee)
    is_own = given == {"assignee"} and {before.assignee, assignee} <= {None, account.name}
    if not is_own:
        require(account, Role.DISPATCHER)
    visit = None if body.visit is None else Visit(body.visit.start, body.visit.end)
    change = TicketChange(frozenset(given), body.title, body.priority, assignee, visit, body.contract, body.type)
    version = _version(here, key, if_match)
    return answer(desk.change(key, change, expected_version=version), response, language)


@router.post("/tickets/{key}/verdict", responses=CONFLICT | STALE)
def give_verdict(
    here: Here,
    account: Technician,
    key: str,
    body: VerdictRequest,
    *,
    response: Response,
    language: Language,
    if_match: IfMatch = None,
) -> Ticket:
    """Record what the technician found; it teaches the detectors."""
    version = _version(here, key, if_match)
    record = VerdictRecord(body.verdict, fault_mode=body.fault_mode, note=body.note)
    ticket = here.desk.by(account.name).tickets.judge(key, record, expected_version=version)
    return answer(ticket, response, language)


@router.post("/tickets/{key}/{step}", responses=CONFLICT | STALE)
def take_step(
    here: Here,
    account: Technician,
    key: str,
    step: str,
    *,
    response: Response,
    language: Language,
    body: StepRequest | None = None,
    if_match: IfMatch = None,
) -> Ticket:
    """One step of the life cycle; 409 where the ticket's state does not allow it, and nothing is changed."""
    if step not in set(TicketStep) - {TicketStep.VERDICT}:
        raise Problem(404, f"There is no step {step!r}.")
    if step in DISPATCHER_STEPS:
        require(account, Role.DISPATCHER)
    version = _version(here, key, if_match)
    given = body or StepRequest()
    said = given.model_dump()
    clears = {name for name in ("assignee", "visit_from", "visit_to") if said[name] is None} & given.model_fields_set
    said["assignee"] = account_of(here, given.assignee)
    values = StepBody(**said, clears=frozenset(clears))
    ticket = here.desk.by(account.name).tickets.step(key, TicketStep(step), values, expected_version=version)
    return answer(ticket, response, language)
