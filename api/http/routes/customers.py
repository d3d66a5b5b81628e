"""``/customers``: who they are, where they live, what they own, what they allow."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.requests import Request as HttpRequest

from alerts.customers.access_hours import format_hours, parse_hours
from alerts.customers.csv_rows import read_lines, write_lines
from alerts.customers.customer import Address, Contact, ContactChannel, NewCustomer, NewOwnership, NewSite, Purpose
from alerts.customers.customer import Customer as DeskCustomer
from alerts.customers.customer import CustomerFile as DeskFile
from alerts.customers.customer import Site as DeskSite
from api.http.access import Dispatcher, Manager, Technician
from api.http.context import Here
from api.http.documents import Document, show
from api.http.etag import expected_version
from api.http.imports import TAKES_CSV, csv_file, csv_text, told_as_it_goes
from api.http.moments import Moment
from api.http.paging import Page, PageQuery
from api.http.points import Point, PointRequest, point_of
from api.http.problems import CONFLICT, STALE, not_found
from api.http.request import Request

router = APIRouter(tags=["customers"])

IfMatch = Annotated[str | None, Header(description="ETag of the customer as you saw them")]


class ContactDetails(Document):
    """Who it is, and how they are reached."""

    name: str
    phones: list[str]
    mails: list[str]
    chat: str | None
    note: str | None


class Customer(Document):
    """A customer; contact is null where the data were erased."""

    id: str
    external_id: str | None
    contact: ContactDetails | None
    language: str
    merged_into: str | None = Field(description="the customer that took this double over")
    created_at: datetime
    changed_at: datetime
    erased_at: datetime | None
    version: int = Field(description="counts the changes; the ETag")


class PlaceDetails(Document):
    """Where it is."""

    street: str
    city: str
    postcode: str | None
    country: str | None
    note: str | None


class Site(Document):
    """A home."""

    id: str
    customer_id: str
    external_id: str | None
    address: PlaceDetails
    region: str | None
    time_zone: str
    access_hours: str = Field(description="as mon-fri 08:00-18:00; empty: at any time")
    place: Point | None = Field(description="to a kilometre, for planning")


class Ownership(Document):
    """Who owned an appliance from when until when."""

    id: str
    appliance_id: str
    customer_id: str
    site_id: str | None
    since: datetime
    until: datetime | None
    serial: str | None
    batch: str | None
    purchased_on: date | None
    installed_on: date | None
    proof: str | None


class Consent(Document):
    """A yes or a no; channel null means every channel."""

    purpose: Purpose
    channel: ContactChannel | None
    is_given: bool
    at: datetime
    recorded_by: str
    source: str


class Allowed(Document):
    """Whether something may be done now."""

    is_allowed: bool


class CustomerFile(Document):
    """All that is written down of a customer."""

    customer: Customer
    sites: list[Site]
    ownerships: list[Ownership]
    consents: list[Consent]


class ContactRequest(Request):
    """Who it is."""

    name: str = Field(min_length=1, max_length=200)
    phones: list[str] = Field(default_factory=list, max_length=10)
    mails: list[str] = Field(default_factory=list, max_length=10)
    chat: str | None = Field(default=None, max_length=200)
    note: str | None = Field(default=None, max_length=2000)


class CustomerRequest(ContactRequest):
    """A customer to enter."""

    language: str = "en"
    external_id: str | None = Field(default=None, min_length=1, max_length=200)


class CustomerChange(Request):
    """What to change; what is left out stays."""

    contact: ContactRequest | None = None
    language: str | None = None


class AddressRequest(Request):
    """Where a home is; country is ISO 3166, two letters."""

    street: str = Field(min_length=1, max_length=300)
    city: str = Field(min_length=1, max_length=200)
    postcode: str | None = Field(default=None, max_length=20)
    country: str | None = Field(default=None, min_length=2, max_length=2)
    note: str | None = Field(default=None, max_length=1000)


class SiteRequest(Request):
    """A home; access hours as ``mon-fri 08:00-12:00, 13:00-18:00; sat 09:00-12:00``."""

    address: AddressRequest
    region: str | None = Field(default=None, max_length=200)
    time_zone: str = "UTC"
    access_hours: str = Field(default="", max_length=500)
    external_id: str | None = Field(default=None, min_length=1, max_length=200)
    place: PointRequest | None = Field(default=None, description="a kilometre of it is kept, for planning")


class OwnershipRequest(Request):
    """An appliance that comes to a customer; whoever had it owns it until then."""

    appliance_id: str = Field(min_length=1, max_length=64)
    site_id: str | None = Field(default=None, min_length=1, max_length=64)
    since: Moment | None = None
    serial: str | None = Field(default=None, max_length=200)
    batch: str | None = Field(default=None, max_length=200)
    purchased_on: date | None = None
    installed_on: date | None = None
    proof: str | None = Field(default=None, max_length=2000)


class ConsentRequest(Request):
    """A yes or a no to a purpose, and where it came from."""

    purpose: Purpose
    channel: ContactChannel | None = None
    is_given: bool
    source: str = Field(min_length=1, max_length=200, description="as: by phone, form of 2 May")


class MergeRequest(Request):
    """The double that goes into this customer."""

    double_id: str = Field(min_length=1, max_length=64)


def file_document(file: DeskFile) -> CustomerFile:
    """All that is written down of a customer, as a document."""
    return CustomerFile(
        customer=show(Customer, file.customer),
        sites=[_site(one) for one in file.sites],
        ownerships=[show(Ownership, one) for one in file.ownerships],
        consents=[show(Consent, one) for one in file.consents],
    )


def _answer(customer: DeskCustomer, response: Response) -> Customer:
    response.headers["etag"] = f'"{customer.version}"'
    return show(Customer, customer)


def _site(site: DeskSite) -> Site:
    values = {name: getattr(site, name) for name in Site.model_fields if name != "access_hours"}
    return Site.model_validate({**values, "access_hours": format_hours(site.access_hours)})


def _new_site(body: SiteRequest) -> NewSite:
    hours = parse_hours(body.access_hours)
    return NewSite(
        Address(**body.address.model_dump()), body.region, body.time_zone, hours, body.external_id, point_of(body.place)
    )


def _contact(body: ContactRequest) -> Contact:
    return Contact(body.name, tuple(body.phones), tuple(body.mails), body.chat, body.note)


@router.get("/customers")
def list_customers(
    here: Here,
    account: Technician,
    page: PageQuery,
    q: Annotated[
        str | None, Query(max_length=200, description="in name, phone, mail, ids, serial, address: all words")
    ] = None,
) -> Page[Customer]:
    """One page of customers, newest first."""
    found = here.desk.by(account.name).customers.page(q=q, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(Customer, item) for item in found.items], next=found.next)


@router.post("/customers", status_code=201, responses=CONFLICT)
def add_customer(here: Here, account: Dispatcher, body: CustomerRequest, response: Response) -> Customer:
    """Enter a customer; 409 where the external id is known."""
    new = NewCustomer(_contact(body), body.language, body.external_id)
    made = here.desk.by(account.name).customers.add(new)
    response.headers["location"] = f"/api/v1/customers/{made.id}"
    return _answer(made, response)


@router.get("/customers.csv", response_class=StreamingResponse)
def export_customers(here: Here, account: Manager) -> StreamingResponse:
    """Everybody as the CSV that can be imported, a row per appliance or home."""
    customers = here.desk.by(account.name).customers
    return csv_file(write_lines(customers.files()), "customers.csv")


@router.post("/customers/import", response_class=StreamingResponse, openapi_extra=TAKES_CSV)
async def import_customers(
    here: Here, account: Manager, request: HttpRequest, *, dry_run: bool = False
) -> StreamingResponse:
    """Take a CSV file over; answers one JSON object per row as it goes. With ``dry_run`` nothing is kept."""
    lines = list(read_lines(await csv_text(request)))
    return told_as_it_goes(here.desk.by(account.name).customers.take_over(lines, is_dry_run=dry_run))


@router.get("/customers/{customer_id}")
def read_customer(here: Here, account: Technician, customer_id: str, response: Response) -> Customer:
    """One customer."""
    return _answer(here.desk.by(account.name).customers.read(customer_id), response)


@router.patch("/customers/{customer_id}", responses=CONFLICT | STALE)
def change_customer(
    here: Here,
    account: Dispatcher,
    customer_id: str,
    body: CustomerChange,
    response: Response,
    if_match: IfMatch = None,
) -> Customer:
    """Change contact or language."""
    customers = here.desk.by(account.name).customers
    changed = customers.change(
        customer_id,
        contact=None if body.contact is None else _contact(body.contact),
        language=body.language,
        expected_version=expected_version(if_match, lambda: customers.read(customer_id).version, noun="customer"),
    )
    return _answer(changed, response)


@router.post("/customers/{customer_id}/merge", responses=CONFLICT)
def merge_customer(here: Here, account: Manager, customer_id: str, body: MergeRequest, response: Response) -> Customer:
    """Let this customer take over a double's homes, appliances and consents; the double says from then on where it went."""
    return _answer(here.desk.by(account.name).customers.merge(customer_id, double_id=body.double_id), response)


@router.post("/customers/{customer_id}/erase")
def erase_customer(here: Here, account: Manager, customer_id: str, response: Response) -> Customer:
    """Erase who it was, for good: contact, addresses, proofs. That somebody owned the appliance then stays."""
    return _answer(here.desk.by(account.name).customers.erase(customer_id), response)


@router.get("/customers/{customer_id}/export")
def hand_out_customer(here: Here, account: Manager, customer_id: str) -> CustomerFile:
    """All that is written down of a customer, to be handed to them; it is audited."""
    return file_document(here.desk.by(account.name).customers.hand_out(customer_id))


@router.post("/customers/{customer_id}/consents", status_code=201, responses=CONFLICT)
def record_consent(here: Here, account: Dispatcher, customer_id: str, body: ConsentRequest) -> Page[Consent]:
    """Write down a yes or a no; answers every word of this customer, the newest first."""
    customers = here.desk.by(account.name).customers
    found = customers.consent(customer_id, body.purpose, body.channel, is_given=body.is_given, source=body.source)
    return Page(items=[show(Consent, one) for one in found.consents])


@router.get("/customers/{customer_id}/consents/{purpose}")
def read_consent(
    here: Here, account: Technician, customer_id: str, purpose: Purpose, channel: ContactChannel | None = None
) -> Allowed:
    """Whether a purpose is allowed now, by a channel or as a whole; who was never asked has not agreed."""
    customers = here.desk.by(account.name).customers
    customers.read(customer_id)
    return Allowed(is_allowed=customers.allows(customer_id, purpose, channel))


@router.get("/customers/{customer_id}/sites")
def list_sites(here: Here, account: Technician, customer_id: str) -> Page[Site]:
    """The homes of a customer, all on one page."""
    return Page(items=[_site(one) for one in here.desk.by(account.name).customers.sites(customer_id)])


@router.post("/customers/{customer_id}/sites", status_code=201, responses=CONFLICT)
def add_site(here: Here, account: Dispatcher, customer_id: str, body: SiteRequest) -> Site:
    """Enter a home."""
    return _site(here.desk.by(account.name).customers.add_site(customer_id, _new_site(body)))


@router.put("/customers/{customer_id}/sites/{site_id}", responses=CONFLICT)
def change_site(here: Here, account: Dispatcher, customer_id: str, site_id: str, body: SiteRequest) -> Site:
    """Write a home anew."""
    return _site(here.desk.by(account.name).customers.change_site(customer_id, site_id, _new_site(body)))


@router.get("/customers/{customer_id}/appliances")
def list_owned(here: Here, account: Technician, customer_id: str) -> Page[Ownership]:
    """What a customer owns and owned, the newest first."""
    customers = here.desk.by(account.name).customers
    customers.read(customer_id)
    return Page(items=[show(Ownership, one) for one in customers.ownerships(customer_id=customer_id)])


@router.post("/customers/{customer_id}/appliances", status_code=201, responses=CONFLICT)
def give_appliance(here: Here, account: Dispatcher, customer_id: str, body: OwnershipRequest) -> Ownership:
    """Let an appliance belong to this customer; 409 where it does already, or came elsewhere later."""
    return show(Ownership, here.desk.by(account.name).customers.give(customer_id, NewOwnership(**body.model_dump())))


@router.get("/appliances/{appliance_id}/owner")
def read_owner(here: Here, account: Technician, appliance_id: str) -> Ownership:
    """Whose an appliance is now; 404 where nobody is written down."""
    here.desk.by(account.name).appliances.read(appliance_id)
    found = here.desk.by(account.name).customers.owner_of(appliance_id)
    if found is None:
        raise not_found("owner of", appliance_id)
    return show(Ownership, found)


@router.delete("/appliances/{appliance_id}/owner", status_code=204, responses=CONFLICT)
def end_ownership(here: Here, account: Dispatcher, appliance_id: str) -> Response:
    """End the present ownership now."""
    here.desk.by(account.name).customers.end_ownership(appliance_id)
    return Response(status_code=204)
