"""``/taxes``: which rate holds in which region from which day on, as managers enter it."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.requests import Request as HttpRequest

from alerts.billing.csv_rows import TAXES, write_taxes
from alerts.billing.taxes import STANDARD, TaxRate
from alerts.csv_file import read_csv
from api.http.access import Manager, Technician
from api.http.context import Here
from api.http.documents import Document, show
from api.http.imports import TAKES_CSV, csv_file, csv_text, told_as_it_goes
from api.http.paging import Page
from api.http.request import Request

router = APIRouter(tags=["money"])


class TaxDocument(Document):
    """A tax's percent in a region (null: everywhere) from a day on; ``is_included``: prices there hold it already."""

    external_id: str
    tax: str
    region: str | None
    percent: str
    is_included: bool
    valid_from: date
    valid_to: date | None


class TaxRequest(Request):
    """A rate, whole."""

    percent: str = Field(max_length=16)
    valid_from: date
    tax: str = Field(default=STANDARD, max_length=64)
    region: str | None = Field(default=None, max_length=200)
    is_included: bool = False
    valid_to: date | None = None


@router.get("/taxes")
def list_taxes(here: Here, account: Technician) -> Page[TaxDocument]:
    """Every rate, by tax; all on one page."""
    return Page(items=[show(TaxDocument, one) for one in here.desk.by(account.name).billing.taxes()])


@router.get("/taxes.csv", response_class=StreamingResponse)
def export_taxes(here: Here, account: Manager) -> StreamingResponse:
    """The same as the CSV that can be imported."""
    return csv_file(write_taxes(here.desk.by(account.name).billing.taxes()), "taxes.csv")


@router.post("/taxes/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_taxes(
    here: Here, account: Manager, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take tax rates over; answers one JSON object per row as it goes."""
    lines = list(read_csv(await csv_text(request), TAXES))
    return told_as_it_goes(here.desk.by(account.name).billing.take_taxes(lines, is_dry_run=dry_run))


@router.put("/taxes/{external_id}")
def put_tax(here: Here, account: Manager, external_id: str, body: TaxRequest) -> TaxDocument:
    """Write a rate down; the same one again changes nothing, and quotes and receipts keep theirs."""
    new = TaxRate(external_id=external_id, **body.model_dump())
    return show(TaxDocument, here.desk.by(account.name).billing.put_tax(new))
