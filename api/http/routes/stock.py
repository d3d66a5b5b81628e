"""``/stock``: which parts lie where, for which ticket, what must be ordered; the ledger behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.requests import Request as HttpRequest

from alerts.csv_file import read_csv
from alerts.stock.csv_rows import COUNTS, PARTS, write_levels, write_parts
from alerts.stock.ledger import NewMovement
from alerts.stock.stock import MovementKind, NewStockPlace, OrderStatus, PlaceKind, ReservationStatus, StockPart
from api.http.access import Dispatcher, Manager, Technician
from api.http.context import Here
from api.http.documents import Document, show
from api.http.imports import TAKES_CSV, csv_file, csv_text, told_as_it_goes
from api.http.paging import Page, PageQuery
from api.http.points import Point, PointRequest, point_of
from api.http.problems import CONFLICT
from api.http.request import Request

router = APIRouter(tags=["stock"])

Sku = Annotated[str | None, Query(max_length=64)]


class StockPlaceDocument(Document):
    """A depot, or a technician's van."""

    id: str
    external_id: str | None
    name: str
    kind: PlaceKind
    technician_id: str | None
    place: Point | None


class Level(Document):
    """How many of a part lie at a place; ``free`` are not reserved."""

    place_id: str
    place: str
    sku: str
    on_hand: int
    reserved: int
    free: int
    travel_min: int | None = Field(description="from the home that was asked for")


class StockPartDocument(Document):
    """A part as it is bought."""

    sku: str
    name: dict[str, str]
    cost: str | None
    currency: str | None
    supplier: str | None
    lead_days: int
    substitutes: list[str]


class MovementDocument(Document):
    """One line of the ledger."""

    id: str
    at: datetime
    place_id: str
    sku: str
    quantity: int
    kind: MovementKind
    ticket_id: str | None
    serial: str | None
    note: str | None
    recorded_by: str


class ReservationDocument(Document):
    """A part that is kept for a ticket."""

    id: str
    ticket_id: str
    sku: str
    place_id: str
    quantity: int
    probability: float | None
    is_by_hand: bool
    status: ReservationStatus
    at: datetime
    ended_at: datetime | None


class KeptDocument(Document):
    """A part that is kept for a ticket now."""

    id: str
    number: int = Field(description="of the ticket")
    appliance_id: str
    sku: str
    place_id: str
    place: str
    quantity: int
    probability: float | None = Field(description="by which it was kept; null where somebody did it by hand")
    is_by_hand: bool
    at: datetime


class NeedDocument(Document):
    """What a part will be needed for until an order would come, and what is missing."""

    sku: str
    abc: str
    lead_days: int
    expected: float
    reorder_point: int
    free: int
    on_order: int
    order: int


class OrderDocument(Document):
    """What was ordered from a supplier."""

    id: str
    sku: str
    place_id: str
    quantity: int
    supplier: str | None
    status: OrderStatus
    ordered_at: datetime
    ordered_by: str
    due_at: datetime
    ended_at: datetime | None


class StockPlaceRequest(Request):
    """A depot, or a technician's van."""

    name: str = Field(min_length=1, max_length=200)
    kind: PlaceKind = PlaceKind.DEPOT
    technician_id: str | None = Field(default=None, min_length=1, max_length=64)
    place: PointRequest | None = None
    external_id: str | None = Field(default=None, min_length=1, max_length=200)


class StockPartRequest(Request):
    """A part as it is bought."""

    name: dict[str, str] = Field(default_factory=dict, max_length=10)
    cost: str | None = None
    currency: str | None = None
    supplier: str | None = Field(default=None, max_length=200)
    lead_days: int = 7
    substitutes: list[str] = Field(default_factory=list, max_length=20)


class MovementRequest(Request):
    """A movement that somebody writes down: received, returned, used or scrapped."""

    place_id: str = Field(min_length=1, max_length=64)
    sku: str = Field(min_length=1, max_length=64)
    quantity: int = Field(ge=1, le=1_000_000)
    kind: MovementKind
    ticket_id: str | None = Field(default=None, min_length=1, max_length=64)
    serial: str | None = Field(default=None, max_length=200)
    note: str | None = Field(default=None, max_length=1000)
    external_id: str | None = Field(default=None, min_length=1, max_length=200)


class TransferRequest(Request):
    """From one place to another."""

    place_id: str = Field(min_length=1, max_length=64)
    to_place_id: str = Field(min_length=1, max_length=64)
    sku: str = Field(min_length=1, max_length=64)
    quantity: int = Field(ge=1, le=1_000_000)
    note: str | None = Field(default=None, max_length=1000)


class ReservationRequest(Request):
    """What to keep; without a place from the nearest that has it free."""

    sku: str = Field(min_length=1, max_length=64)
    quantity: int = Field(default=1, ge=1, le=1000)
    place_id: str | None = Field(default=None, min_length=1, max_length=64)


class OrderRequest(Request):
    """What to order where to."""

    sku: str = Field(min_length=1, max_length=64)
    place_id: str = Field(min_length=1, max_length=64)
    quantity: int = Field(ge=1, le=1_000_000)


@router.get("/stock/places")
def list_stock_places(here: Here, account: Technician) -> Page[StockPlaceDocument]:
    """Every depot and van; all on one page."""
    return Page(items=[show(StockPlaceDocument, one) for one in here.desk.by(account.name).stock.places()])


@router.post("/stock/places", status_code=201, responses=CONFLICT)
def add_stock_place(here: Here, account: Manager, body: StockPlaceRequest) -> StockPlaceDocument:
    """Enter a depot or a van."""
    new = NewStockPlace(body.name, body.kind, body.technician_id, point_of(body.place), body.external_id)
    return show(StockPlaceDocument, here.desk.by(account.name).stock.add_place(new))


@router.get("/stock")
def list_levels(
    here: Here, account: Technician, *, sku: Sku = None, place_id: Annotated[str | None, Query(max_length=64)] = None
) -> Page[Level]:
    """What lies where; all on one page."""
    levels = here.desk.by(account.name).stock.levels(sku=sku, place_id=place_id)
    return Page(items=[show(Level, one) for one in levels])


@router.get("/stock.csv", response_class=StreamingResponse)
def export_levels(here: Here, account: Technician) -> StreamingResponse:
    """What lies where, as a sheet to count by: it can be imported with what was counted."""
    return csv_file(write_levels(here.desk.by(account.name).stock.levels()), "stock.csv")


@router.post("/stock/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_counts(
    here: Here, account: Dispatcher, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take over what was counted (place, sku, counted): each difference is a line of the ledger."""
    lines = list(read_csv(await csv_text(request), COUNTS))
    return told_as_it_goes(here.desk.by(account.name).stock.take_counts(lines, is_dry_run=dry_run))


@router.get("/stock/parts")
def list_stock_parts(here: Here, account: Technician) -> Page[StockPartDocument]:
    """Every part as it is bought; all on one page."""
    return Page(items=[show(StockPartDocument, one) for one in here.desk.by(account.name).stock.parts()])


@router.put("/stock/parts/{sku}")
def put_stock_part(here: Here, account: Manager, sku: str, body: StockPartRequest) -> StockPartDocument:
    """Write down how a part is bought."""
    part = StockPart(sku=sku, **{**body.model_dump(), "substitutes": tuple(body.substitutes)})
    return show(StockPartDocument, here.desk.by(account.name).stock.put_part(part))


@router.get("/parts.csv", response_class=StreamingResponse)
def export_parts(here: Here, account: Manager) -> StreamingResponse:
    """Every part as it is bought, as the CSV that can be imported."""
    return csv_file(write_parts(here.desk.by(account.name).stock.parts()), "parts.csv")


@router.post("/parts/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_parts(
    here: Here, account: Manager, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take a file of parts over; answers one JSON object per row as it goes."""
    lines = list(read_csv(await csv_text(request), PARTS))
    return told_as_it_goes(here.desk.by(account.name).stock.take_parts(lines, is_dry_run=dry_run))


@router.get("/stock/movements")
def list_movements(
    here: Here,
    account: Technician,
    page: PageQuery,
    *,
    sku: Sku = None,
    place_id: Annotated[str | None, Query(max_length=64)] = None,
) -> Page[MovementDocument]:
    """One page of the ledger, newest first."""
    stock = here.desk.by(account.name).stock
    found = stock.movements(sku=sku, place_id=place_id, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(MovementDocument, one) for one in found.items], next=found.next)


@router.post("/stock/movements", status_code=201, responses=CONFLICT)
def write_movement(here: Here, account: Technician, body: MovementRequest) -> Page[Level]:
    """Write a movement down; answers the level behind it. 409 where not so many are free."""
    levels = here.desk.by(account.name).stock.move(NewMovement(**body.model_dump()))
    return Page(items=[show(Level, one) for one in levels])


@router.post("/stock/transfers", status_code=201, responses=CONFLICT)
def transfer(here: Here, account: Technician, body: TransferRequest) -> Page[Level]:
    """Bring parts to another place; answers both levels."""
    stock = here.desk.by(account.name).stock
    levels = stock.transfer(body.place_id, body.to_place_id, body.sku, body.quantity, body.note)
    return Page(items=[show(Level, one) for one in levels])


@router.get("/stock/needs")
def list_needs(here: Here, account: Dispatcher) -> Page[NeedDocument]:
    """What must be ordered, what is missing most first; all on one page."""
    return Page(items=[show(NeedDocument, one) for one in here.desk.by(account.name).stock.needs()])


@router.get("/tickets/{key}/holders/{sku}")
def list_holders(here: Here, account: Technician, key: str, sku: str) -> Page[Level]:
    """Who has a part free, the nearest to the ticket's home first."""
    return Page(items=[show(Level, one) for one in here.desk.by(account.name).stock.holders(sku, key)])


@router.get("/tickets/{key}/reservations")
def list_reservations(here: Here, account: Technician, key: str) -> Page[ReservationDocument]:
    """What is and was kept for a ticket, the newest first."""
    found = here.desk.by(account.name).stock.reservations(key)
    return Page(items=[show(ReservationDocument, one) for one in found])


@router.post("/tickets/{key}/reservations", status_code=201, responses=CONFLICT)
def reserve(here: Here, account: Technician, key: str, body: ReservationRequest) -> Page[ReservationDocument]:
    """Keep a part for a ticket; 409 where nobody has it free."""
    stock = here.desk.by(account.name).stock
    found = stock.reserve(key, body.sku, quantity=body.quantity, place_id=body.place_id)
    return Page(items=[show(ReservationDocument, one) for one in found])


@router.get("/reservations")
def list_kept(
    here: Here,
    account: Technician,
    page: PageQuery,
    *,
    sku: Annotated[str | None, Query(max_length=64)] = None,
    place_id: Annotated[str | None, Query(max_length=64)] = None,
) -> Page[KeptDocument]:
    """One page of what is kept for tickets now, over all of them, the last kept first."""
    stock = here.desk.by(account.name).stock
    found = stock.kept(sku=sku, place_id=place_id, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(KeptDocument, one) for one in found.items], next=found.next)


@router.delete("/reservations/{reservation_id}", status_code=204, responses=CONFLICT)
def release(here: Here, account: Technician, reservation_id: str) -> Response:
    """Free what was kept."""
    here.desk.by(account.name).stock.release(reservation_id)
    return Response(status_code=204)


@router.get("/stock/orders")
def list_orders(here: Here, account: Technician) -> Page[OrderDocument]:
    """Orders, newest first; at most 500, all on one page."""
    return Page(items=[show(OrderDocument, one) for one in here.desk.by(account.name).stock.orders()])


@router.post("/stock/orders", status_code=201)
def order(here: Here, account: Manager, body: OrderRequest) -> OrderDocument:
    """Order a part to a place."""
    made = here.desk.by(account.name).stock.order(body.sku, body.place_id, body.quantity)
    return show(OrderDocument, made)


@router.post("/stock/orders/{order_id}/receive", responses=CONFLICT)
def receive_order(here: Here, account: Technician, order_id: str) -> OrderDocument:
    """An order has come and lies in stock."""
    return show(OrderDocument, here.desk.by(account.name).stock.end_order(order_id, OrderStatus.RECEIVED))


@router.post("/stock/orders/{order_id}/cancel", responses=CONFLICT)
def cancel_order(here: Here, account: Manager, order_id: str) -> OrderDocument:
    """An order was called off."""
    return show(OrderDocument, here.desk.by(account.name).stock.end_order(order_id, OrderStatus.CANCELLED))
