"""``/credit-notes``, ``/claims`` and ``/outcomes``: given back, asked of makers, taken in return; each put by its own id."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.requests import Request as HttpRequest

from alerts.billing.amends_rows import CLAIMS, CREDITS, OUTCOMES, write_claims, write_credits, write_outcomes
from alerts.billing.bill import Payer
from alerts.billing.claiming import ClaimState, NewClaim
from alerts.billing.crediting import CreditReason, NewCredit
from alerts.billing.outcomes import NewOutcome, OutcomeKind
from alerts.csv_file import read_csv
from alerts.page import LIMIT_MAX, all_pages
from api.http.access import Manager, Technician
from api.http.context import Here
from api.http.documents import Document, show
from api.http.imports import TAKES_CSV, csv_file, csv_text, told_as_it_goes
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT
from api.http.request import Request

router = APIRouter(tags=["money"])

Ticket = Annotated[str | None, Query(max_length=64, description="its id or number")]
Note = Annotated[str | None, Field(max_length=2000)]
Name = Annotated[str | None, Field(max_length=200)]


class CreditDocument(Document):
    """What was given back of a receipt: net, tax, and both together."""

    external_id: str
    receipt_id: str
    ticket_number: int
    payer: Payer
    reason: CreditReason
    currency: str
    net: str
    tax: str
    total: str
    at: datetime
    recorded_by: str
    paid_on: date | None
    note: str | None


class CreditRequest(Request):
    """What is given back of a receipt, tax included; once written, only ``paid_on`` and ``note`` change."""

    receipt_id: str = Field(max_length=64)
    total: str = Field(max_length=20)
    reason: CreditReason
    payer: Payer = Payer.CUSTOMER
    paid_on: date | None = None
    note: Note = None


class ClaimDocument(Document):
    """What a maker is asked to pay for a part, and what came of it."""

    external_id: str
    ticket_number: int
    maker: str
    sku: str
    serial: str | None
    status: ClaimState
    currency: str
    claimed: str
    accepted: str | None
    paid_on: date | None
    note: str | None
    at: datetime
    recorded_by: str


class ClaimRequest(Request):
    """A claim as it stands, whole."""

    ticket: str = Field(max_length=64)
    maker: str = Field(max_length=200)
    sku: str = Field(max_length=64)
    claimed: str = Field(max_length=20)
    currency: str = Field(min_length=3, max_length=3)
    status: ClaimState = ClaimState.OPENED
    serial: Name = None
    accepted: str | None = Field(default=None, max_length=20)
    paid_on: date | None = None
    note: Note = None


class OutcomeDocument(Document):
    """What became of an appliance that was not repaired."""

    external_id: str
    ticket_number: int
    kind: OutcomeKind
    currency: str
    value: str
    fee: str
    record: str | None
    carrier: str | None
    done_on: date
    note: str | None
    at: datetime
    recorded_by: str


class OutcomeRequest(Request):
    """What became of the appliance of a ticket, whole."""

    ticket: str = Field(max_length=64)
    kind: OutcomeKind
    currency: str = Field(min_length=3, max_length=3)
    done_on: date
    value: str = Field(default="0", max_length=20, description="what the customer gets for it")
    fee: str = Field(default="0", max_length=20, description="what the customer pays for taking it away")
    record: str | None = Field(default=None, max_length=200, description="the paper that proves it; recycling has one")
    carrier: Name = None
    note: Note = None


@router.get("/credit-notes")
def list_credit_notes(here: Here, account: Manager, page: PageQuery, ticket: Ticket = None) -> Page[CreditDocument]:
    """One page of credit notes, the newest first."""
    found = here.desk.by(account.name).amends.credit_notes(ref=ticket, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(CreditDocument, one) for one in found.items], next=found.next)


@router.get("/credit-notes.csv", response_class=StreamingResponse)
def export_credit_notes(here: Here, account: Manager) -> StreamingResponse:
    """All of them as the CSV that can be imported."""
    read = partial(here.desk.by(account.name).amends.credit_notes, limit=LIMIT_MAX)
    return csv_file(write_credits(all_pages(lambda cursor: read(cursor=cursor))), "credit-notes.csv")


@router.post("/credit-notes/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_credit_notes(
    here: Here, account: Manager, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take credit notes over; answers one JSON object per row as it goes."""
    lines = list(read_csv(await csv_text(request), CREDITS))
    return told_as_it_goes(here.desk.by(account.name).amends.take_credits(lines, is_dry_run=dry_run))


@router.put("/credit-notes/{external_id}", responses=CONFLICT)
def put_credit_note(here: Here, account: Manager, external_id: str, body: CreditRequest) -> CreditDocument:
    """Give back of a receipt; 409 above what is left of it. The same one again changes nothing."""
    made = here.desk.by(account.name).amends.put_credit(NewCredit(external_id=external_id, **body.model_dump()))
    return show(CreditDocument, made)


@router.get("/claims")
def list_claims(
    here: Here, account: Technician, page: PageQuery, ticket: Ticket = None, status: ClaimState | None = None
) -> Page[ClaimDocument]:
    """One page of claims to makers, the newest first."""
    amends = here.desk.by(account.name).amends
    found = amends.claims(ref=ticket, status=status, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(ClaimDocument, one) for one in found.items], next=found.next)


@router.get("/claims.csv", response_class=StreamingResponse)
def export_claims(here: Here, account: Manager, status: ClaimState | None = None) -> StreamingResponse:
    """The same as the CSV that can be imported."""
    read = partial(here.desk.by(account.name).amends.claims, status=status, limit=LIMIT_MAX)
    return csv_file(write_claims(all_pages(lambda cursor: read(cursor=cursor))), "claims.csv")


@router.post("/claims/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_claims(
    here: Here, account: Manager, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take claims over as they stand; answers one JSON object per row as it goes."""
    lines = list(read_csv(await csv_text(request), CLAIMS))
    return told_as_it_goes(here.desk.by(account.name).amends.take_claims(lines, is_dry_run=dry_run))


@router.put("/claims/{external_id}", responses=CONFLICT)
def put_claim(here: Here, account: Manager, external_id: str, body: ClaimRequest) -> ClaimDocument:
    """Open a claim when the repair is done, or write down what came of it; 409 for a step that its state does not have."""
    made = here.desk.by(account.name).amends.put_claim(NewClaim(external_id=external_id, **body.model_dump()))
    return show(ClaimDocument, made)


@router.get("/outcomes")
def list_outcomes(here: Here, account: Technician, page: PageQuery, ticket: Ticket = None) -> Page[OutcomeDocument]:
    """One page of trade-ins and recycled appliances, the newest first."""
    found = here.desk.by(account.name).amends.outcomes(ref=ticket, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(OutcomeDocument, one) for one in found.items], next=found.next)


@router.get("/outcomes.csv", response_class=StreamingResponse)
def export_outcomes(here: Here, account: Manager) -> StreamingResponse:
    """All of them as the CSV that can be imported."""
    read = partial(here.desk.by(account.name).amends.outcomes, limit=LIMIT_MAX)
    return csv_file(write_outcomes(all_pages(lambda cursor: read(cursor=cursor))), "outcomes.csv")


@router.post("/outcomes/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_outcomes(
    here: Here, account: Manager, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take outcomes over; answers one JSON object per row as it goes."""
    lines = list(read_csv(await csv_text(request), OUTCOMES))
    return told_as_it_goes(here.desk.by(account.name).amends.take_outcomes(lines, is_dry_run=dry_run))


@router.put("/outcomes/{external_id}", responses=CONFLICT)
def put_outcome(here: Here, account: Technician, external_id: str, body: OutcomeRequest) -> OutcomeDocument:
    """Write down what became of the appliance; one per episode of a ticket."""
    made = here.desk.by(account.name).amends.put_outcome(NewOutcome(external_id=external_id, **body.model_dump()))
    return show(OutcomeDocument, made)
