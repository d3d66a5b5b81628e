"""``/coverages``, ``/receipts`` and ``/invoices``: what other systems write down about money, and what they fetch to do so."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.requests import Request as HttpRequest

from alerts.billing.bill import Coverage as DeskCoverage
from alerts.billing.bill import Payer
from alerts.billing.csv_rows import INVOICES, write_invoices, write_receipts
from alerts.billing.invoice import Invoice as DeskInvoice
from alerts.billing.invoice import NewInvoice
from alerts.coverages.basis import Basis
from alerts.csv_file import read_csv
from alerts.page import LIMIT_MAX, all_pages
from api.http.access import Manager
from api.http.context import Here
from api.http.documents import Document, show
from api.http.imports import TAKES_CSV, csv_file, csv_text, told_as_it_goes
from api.http.paging import Page, PageQuery
from api.http.request import Request
from api.http.routes.billing import ReceiptDocument

router = APIRouter(tags=["money"])

Day = Annotated[date | None, Query()]


class CoverageDocument(Document):
    """Who pays for what until when: a recall, a warranty, or a contract by its plan."""

    external_id: str
    basis: Basis
    valid_from: date
    valid_to: date | None
    months: int | None
    kind: str | None
    component: str | None
    appliance_id: str | None
    covers_parts: bool
    covers_labour: bool
    plan: str | None


class CoverageRequest(Request):
    """A coverage, whole."""

    basis: Basis
    valid_from: date
    valid_to: date | None = None
    months: int | None = None
    kind: str | None = Field(default=None, max_length=64)
    component: str | None = Field(default=None, max_length=64)
    appliance_id: str | None = Field(default=None, max_length=64)
    covers_parts: bool = True
    covers_labour: bool = True
    plan: str | None = Field(default=None, max_length=200)


class BookedReceipt(ReceiptDocument):
    """What was charged, and the numbers of the invoices that were written for it."""

    invoices: list[str]


class InvoiceRequest(Request):
    """An invoice of another system, whole: for a receipt, or of a provider for some days."""

    number: str = Field(max_length=200)
    issued_on: date
    currency: str = Field(min_length=3, max_length=3)
    amount: str = Field(max_length=20, description="before tax")
    receipt_id: str | None = Field(default=None, max_length=64)
    payer: Payer = Payer.CUSTOMER
    provider_id: str | None = Field(default=None, max_length=64)
    start: date | None = None
    end: date | None = None
    due_on: date | None = None
    paid_on: date | None = None
    tax: str | None = Field(default=None, max_length=20, description="beside the amount")


class InvoiceDocument(Document):
    """An invoice, what we counted for the same, and by how much it is above that; null where currencies differ."""

    external_id: str
    number: str
    issued_on: date
    currency: str
    amount: str
    receipt_id: str | None
    payer: Payer
    provider_id: str | None
    start: date | None
    end: date | None
    due_on: date | None
    paid_on: date | None
    tax: str | None
    expected: str | None
    difference: str | None
    expected_tax: str | None
    tax_difference: str | None


def _shown(one: DeskInvoice) -> InvoiceDocument:
    said = {name: getattr(one.written, name) for name in NewInvoice.__dataclass_fields__}
    counted = {name: getattr(one, name) for name in ("expected", "difference", "expected_tax", "tax_difference")}
    return InvoiceDocument(**said, **counted)


@router.get("/coverages")
def list_coverages(
    here: Here,
    account: Manager,
    basis: Basis | None = None,
    appliance_id: Annotated[str | None, Query(max_length=64)] = None,
) -> Page[CoverageDocument]:
    """Recalls, warranties and contracts, first entered first; all on one page."""
    found = here.desk.by(account.name).billing.coverages()
    wanted = [
        one
        for one in found
        if basis in {None, one.basis} and (appliance_id is None or one.appliance_id == appliance_id)
    ]
    return Page(items=[show(CoverageDocument, one) for one in wanted])


@router.get("/coverages/{external_id}")
def read_coverage(here: Here, account: Manager, external_id: str) -> CoverageDocument:
    """One, by its id in another system."""
    return show(CoverageDocument, here.desk.by(account.name).billing.coverage(external_id))


@router.put("/coverages/{external_id}")
def put_coverage(here: Here, account: Manager, external_id: str, body: CoverageRequest) -> CoverageDocument:
    """Write a recall, a warranty or a contract down; the same one again changes nothing."""
    new = DeskCoverage(external_id=external_id, **body.model_dump())
    return show(CoverageDocument, here.desk.by(account.name).billing.put_coverage(new))


@router.get("/receipts")
def page_receipts(
    here: Here, account: Manager, page: PageQuery, start: Day = None, end: Day = None
) -> Page[BookedReceipt]:
    """One page of the receipts of all tickets, the newest first, of the days (UTC) from start to end, both included."""
    billing = here.desk.by(account.name).billing
    found = billing.all_receipts(start=start, end=end, cursor=page.cursor, limit=page.limit)
    items = [BookedReceipt(**show(ReceiptDocument, one).model_dump(), invoices=numbers) for one, numbers in found.items]
    return Page(items=items, next=found.next)


@router.get("/receipts.csv", response_class=StreamingResponse)
def export_receipts(here: Here, account: Manager, start: Day = None, end: Day = None) -> StreamingResponse:
    """The same as CSV, all of them."""
    billing = here.desk.by(account.name).billing
    read = partial(billing.all_receipts, start=start, end=end, limit=LIMIT_MAX)
    return csv_file(write_receipts(all_pages(lambda cursor: read(cursor=cursor))), "receipts.csv")


@router.get("/invoices")
def list_invoices(here: Here, account: Manager, page: PageQuery, *, paid: bool | None = None) -> Page[InvoiceDocument]:
    """One page of invoices, the last one taken over first, each held against what we counted."""
    found = here.desk.by(account.name).billing.invoices(is_paid=paid, cursor=page.cursor, limit=page.limit)
    return Page(items=[_shown(one) for one in found.items], next=found.next)


@router.get("/invoices.csv", response_class=StreamingResponse)
def export_invoices(here: Here, account: Manager, *, paid: bool | None = None) -> StreamingResponse:
    """All invoices as the CSV that can be imported, with what we counted beside each."""
    read = partial(here.desk.by(account.name).billing.invoices, is_paid=paid, limit=LIMIT_MAX)
    return csv_file(write_invoices(all_pages(lambda cursor: read(cursor=cursor))), "invoices.csv")


@router.post("/invoices/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_invoices(
    here: Here, account: Manager, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take invoices of another system over; answers one JSON object per row as it goes."""
    lines = list(read_csv(await csv_text(request), INVOICES))
    return told_as_it_goes(here.desk.by(account.name).billing.take_invoices(lines, is_dry_run=dry_run))


@router.get("/invoices/{external_id}")
def read_invoice(here: Here, account: Manager, external_id: str) -> InvoiceDocument:
    """One invoice, by its id in the other system."""
    return _shown(here.desk.by(account.name).billing.invoice(external_id))


@router.put("/invoices/{external_id}")
def put_invoice(here: Here, account: Manager, external_id: str, body: InvoiceRequest) -> InvoiceDocument:
    """Write one invoice of another system down; the same one again changes nothing."""
    return _shown(
        here.desk.by(account.name).billing.put_invoice(NewInvoice(external_id=external_id, **body.model_dump()))
    )
