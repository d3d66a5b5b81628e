"""``/prices``, ``/coverages``, quotes, receipts and statements: what it costs, who pays and why, what was agreed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.requests import Request as HttpRequest

from alerts.billing.bill import Payer, PayReason, QuoteStatus, WantedLine
from alerts.billing.csv_rows import COVERAGES, PRICES, write_coverages, write_prices, write_statement
from alerts.csv_file import read_csv
from api.http.access import Manager, Technician
from api.http.context import Here
from api.http.documents import Document, show
from api.http.imports import TAKES_CSV, csv_file, csv_text, told_as_it_goes
from api.http.paging import Page
from api.http.problems import CONFLICT
from api.http.request import Request

router = APIRouter(tags=["money"])


class Price(Document):
    """What something costs in a region (null: everywhere) from a day on, until and including another."""

    external_id: str
    code: str
    region: str | None
    amount: str
    currency: str
    valid_from: date
    valid_to: date | None
    tax: str | None = Field(description="the tax rates that hold for it; null: the standard one")


class PayerDocument(Document):
    """Who pays, and why; ``covers_*`` says for what, where it isn't the customer."""

    payer: Payer
    reason: PayReason
    covers_parts: bool
    covers_labour: bool
    until: date | None


class BillLine(Document):
    """One line, and who pays it."""

    code: str
    label: str
    quantity: str
    amount: str
    total: str = Field(description="net and tax")
    payer: Payer
    net: str
    tax: str
    percent: str | None = Field(description="of the tax; null where no rate holds")


class QuoteDocument(Document):
    """What it will cost, and whether the customer agreed."""

    id: str
    ticket_id: str
    status: QuoteStatus
    lines: list[BillLine]
    currency: str
    net: str
    tax: str
    total: str = Field(description="net and tax")
    to_pay: str = Field(description="by the customer, of the total")
    payer: Payer
    reason: PayReason
    offered_at: datetime
    offered_by: str
    valid_until: datetime
    answered_at: datetime | None
    answered_by: str | None
    note: str | None


class ReceiptDocument(Document):
    """What was charged."""

    id: str
    ticket_id: str
    ticket_number: int
    quote_id: str | None
    lines: list[BillLine]
    currency: str
    net: str
    tax: str
    total: str
    to_pay: str
    payer: Payer
    reason: PayReason
    at: datetime
    recorded_by: str


class StatementLine(Document):
    """What a provider is owed for one visit."""

    visit_id: str
    ended_at: datetime
    tickets: list[int]
    technician: str
    fees: list[tuple[str, str]]
    amount: str


class StatementDocument(Document):
    """What a provider is owed for some days; the lines add up to the total."""

    provider_id: str
    provider: str
    start: date
    end: date
    currency: str
    lines: list[StatementLine]
    total: str


class LineRequest(Request):
    """What is charged: a code of the price list, or an amount by hand."""

    code: str = Field(min_length=1, max_length=64)
    quantity: str = Field(default="1", max_length=20)
    amount: str | None = Field(default=None, max_length=20)
    label: str | None = Field(default=None, max_length=300)
    tax: str | None = Field(default=None, max_length=64)


class ChargeRequest(Request):
    """Lines in one currency."""

    lines: list[LineRequest] = Field(min_length=1, max_length=50)
    currency: str = Field(min_length=3, max_length=3)


class QuoteRequest(ChargeRequest):
    """Lines in one currency, and how many days the offer stands."""

    days: int = 14
    note: str | None = Field(default=None, max_length=2000)


def _wanted(lines: Sequence[LineRequest]) -> list[WantedLine]:
    return [WantedLine(**line.model_dump()) for line in lines]


@router.get("/prices")
def list_prices(here: Here, account: Technician) -> Page[Price]:
    """The whole price list, by code."""
    return Page(items=[show(Price, one) for one in here.desk.by(account.name).billing.prices()])


@router.get("/prices.csv", response_class=StreamingResponse)
def export_prices(here: Here, account: Manager) -> StreamingResponse:
    """The price list as the CSV that can be imported."""
    return csv_file(write_prices(here.desk.by(account.name).billing.prices()), "prices.csv")


@router.post("/prices/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_prices(
    here: Here, account: Manager, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take a price list over; answers one JSON object per row as it goes."""
    lines = list(read_csv(await csv_text(request), PRICES))
    return told_as_it_goes(here.desk.by(account.name).billing.take_prices(lines, is_dry_run=dry_run))


@router.get("/coverages.csv", response_class=StreamingResponse)
def export_coverages(here: Here, account: Manager) -> StreamingResponse:
    """Warranties, contracts and recalls as the CSV that can be imported."""
    return csv_file(write_coverages(here.desk.by(account.name).billing.coverages()), "coverages.csv")


@router.post("/coverages/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_coverages(
    here: Here, account: Manager, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take warranties, contracts and recalls over; answers one JSON object per row as it goes."""
    lines = list(read_csv(await csv_text(request), COVERAGES))
    return told_as_it_goes(here.desk.by(account.name).billing.take_coverages(lines, is_dry_run=dry_run))


@router.get("/tickets/{key}/payer")
def read_payer(here: Here, account: Technician, key: str) -> PayerDocument:
    """Who pays for the work of a ticket if it is done today, and why."""
    return show(PayerDocument, here.desk.by(account.name).billing.payer(key))


@router.get("/tickets/{key}/quotes")
def list_quotes(here: Here, account: Technician, key: str) -> Page[QuoteDocument]:
    """The quotes of a ticket, the newest first; all on one page."""
    return Page(items=[show(QuoteDocument, one) for one in here.desk.by(account.name).billing.quotes(key)])


@router.post("/tickets/{key}/quotes", status_code=201, responses=CONFLICT)
def offer_quote(here: Here, account: Technician, key: str, body: QuoteRequest) -> QuoteDocument:
    """Say what it will cost; one that stood before is replaced."""
    billing = here.desk.by(account.name).billing
    made = billing.offer(key, _wanted(body.lines), currency=body.currency, days=body.days, note=body.note)
    return show(QuoteDocument, made)


@router.post("/tickets/{key}/quotes/{quote_id}/approve", responses=CONFLICT)
def approve_quote(here: Here, account: Technician, key: str, quote_id: str) -> QuoteDocument:
    """The customer's yes, as somebody heard it; on their page they say it themselves."""
    return show(QuoteDocument, here.desk.by(account.name).billing.answer(key, quote_id, is_approved=True))


@router.post("/tickets/{key}/quotes/{quote_id}/decline", responses=CONFLICT)
def decline_quote(here: Here, account: Technician, key: str, quote_id: str) -> QuoteDocument:
    """The customer's no, as somebody heard it."""
    return show(QuoteDocument, here.desk.by(account.name).billing.answer(key, quote_id, is_approved=False))


@router.get("/tickets/{key}/receipts")
def list_receipts(here: Here, account: Technician, key: str) -> Page[ReceiptDocument]:
    """What was charged for a ticket, the newest first; all on one page."""
    return Page(items=[show(ReceiptDocument, one) for one in here.desk.by(account.name).billing.receipts(key)])


@router.post("/tickets/{key}/receipts", status_code=201, responses=CONFLICT)
def charge(here: Here, account: Technician, key: str, body: ChargeRequest) -> ReceiptDocument:
    """Write the receipt; 409 where it goes beyond what the customer agreed to."""
    billing = here.desk.by(account.name).billing
    return show(ReceiptDocument, billing.charge(key, _wanted(body.lines), currency=body.currency))


@router.get("/providers/{provider_id}/statement")
def read_statement(
    here: Here,
    account: Manager,
    provider_id: str,
    start: Annotated[date, Query()],
    end: Annotated[date, Query()],
    time_zone: Annotated[str, Query(max_length=64)] = "UTC",
) -> StatementDocument:
    """What a provider is owed for the days from start to end, both included."""
    return show(StatementDocument, here.desk.by(account.name).billing.settle(provider_id, start, end, time_zone))


@router.get("/providers/{provider_id}/statement.csv", response_class=StreamingResponse)
def export_statement(
    here: Here,
    account: Manager,
    provider_id: str,
    start: Annotated[date, Query()],
    end: Annotated[date, Query()],
    time_zone: Annotated[str, Query(max_length=64)] = "UTC",
) -> StreamingResponse:
    """The same as CSV, its total in the last line."""
    statement = here.desk.by(account.name).billing.settle(provider_id, start, end, time_zone)
    return csv_file(write_statement(statement), "statement.csv")
