"""``/tickets``: the work items, their life cycle step by step, and what was found."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field

from alerts.accounts.account import Role
from alerts.lifecycle import TicketState, TicketStep
from alerts.tickets.reading import TicketFilter
from alerts.tickets.ticket import NewTicket, StepBody, TicketSource, Verdict, VerdictRecord
from alerts.tickets.ticket import Ticket as DeskTicket
from api.http.access import Dispatcher, Technician, Viewer, require
from api.http.context import Context, Here, Language
from api.http.documents import Ticket, show
from api.http.moments import Moment
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT, STALE, Problem
from api.http.request import Request
from api.http.times import parse_time

router = APIRouter(tags=["tickets"])

IfMatch = Annotated[str | None, Header(description="ETag of the ticket as you saw it")]
DISPATCHER_STEPS = frozenset({TicketStep.SCHEDULE, TicketStep.CANCEL})
TEXT_MAX = 10_000


class TicketRequest(Request):
    """A ticket opened by hand."""

    appliance_id: str = Field(min_length=1, max_length=64)
    title: str = Field(min_length=1, max_length=200)
    description: str | None = Field(default=None, max_length=TEXT_MAX)
    fault_mode: str | None = Field(default=None, min_length=1, max_length=64)
    source: TicketSource = TicketSource.TECHNICIAN
    priority: int = Field(default=3, ge=1, le=4)


class StepRequest(Request):
    """What a step may carry; ``schedule`` takes assignee, from and to, ``hold`` a reason, ``comment`` a text."""

    note: str | None = Field(default=None, max_length=TEXT_MAX)
    reason: str | None = Field(default=None, max_length=TEXT_MAX)
    text: str | None = Field(default=None, max_length=TEXT_MAX)
    assignee: str | None = Field(default=None, max_length=200)
    visit_from: Moment | None = Field(default=None, alias="from")
    visit_to: Moment | None = Field(default=None, alias="to")


class VerdictRequest(Request):
    """What the technician found."""

    verdict: Verdict
    fault_mode: str | None = Field(default=None, min_length=1, max_length=64)
    note: str | None = Field(default=None, max_length=TEXT_MAX)


def answer(ticket: DeskTicket, response: Response, language: str) -> Ticket:
    """The ticket, with its ETag."""
    response.headers["etag"] = f'"{ticket.version}"'
    return show(Ticket, ticket, language=language)


def expected_version(here: Context, key: str, if_match: str | None) -> int | None:
    """The version that ``If-Match`` asks for, None where it asks for none; 412 where it can't be."""
    if if_match is None or if_match.strip() == "*":
        return None
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")}
    versions = {int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 10}
    if len(versions) == 1:
        return versions.pop()
    current = here.desk.tickets.read(key).version
    if current in versions:
        return current
    raise Problem(412, f"The ticket has changed: it is at version {current}. Read it again.")


@router.get("/tickets")
def list_tickets(
    here: Here,
    account: Viewer,
    page: PageQuery,
    language: Language,
    *,
    status: Annotated[list[TicketState] | None, Query(description="any of them")] = None,
    appliance_id: str | None = None,
    assignee: str | None = None,
    q: Annotated[str | None, Query(max_length=200, description="in number, title, appliance")] = None,
    priority: Annotated[int | None, Query(ge=1, le=4)] = None,
    kind: str | None = None,
    fault_mode: str | None = None,
    source: TicketSource | None = None,
    region: str | None = None,
    opened_from: Annotated[str | None, Query(description="RFC 3339 or ms")] = None,
    opened_to: Annotated[str | None, Query(description="RFC 3339 or ms; not included")] = None,
    due_before: Annotated[str | None, Query(description="open tickets that are to be solved before then")] = None,
) -> Page[Ticket]:
    """One page of tickets, newest first."""
    times = {"opened_from": opened_from, "opened_to": opened_to, "due_before": due_before}
    ms = {f"{name}_ms": parse_time(text, name=name) for name, text in times.items() if text is not None}
    wanted = TicketFilter(
        tuple(status or ()), appliance_id, assignee, q, priority, kind, fault_mode, source, region, **ms
    )
    found = here.desk.by(account.name).tickets.page(wanted, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(Ticket, item, language=language) for item in found.items], next=found.next)


@router.post("/tickets", status_code=201, responses=CONFLICT)
def open_ticket(here: Here, account: Dispatcher, body: TicketRequest, response: Response, language: Language) -> Ticket:
    """Open a ticket by hand; 409 with ``ticket_id`` where one is open for the appliance and fault mode."""
    ticket = here.desk.by(account.name).tickets.open(NewTicket(**body.model_dump()))
    response.headers["location"] = f"/api/v1/tickets/{ticket.id}"
    return answer(ticket, response, language)


@router.get("/tickets/{key}")
def read_ticket(here: Here, account: Viewer, key: str, response: Response, language: Language) -> Ticket:
    """One ticket, by id or number."""
    return answer(here.desk.by(account.name).tickets.read(key), response, language)


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
    version = expected_version(here, key, if_match)
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
    version = expected_version(here, key, if_match)
    values = StepBody(**(body or StepRequest()).model_dump())
    ticket = here.desk.by(account.name).tickets.step(key, TicketStep(step), values, expected_version=version)
    return answer(ticket, response, language)
