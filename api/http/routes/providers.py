"""``/providers``: companies whose people go to homes for us; ``/own/offers``: their own entrance, limited to their tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import Field

from alerts.people.provider import NewProvider, OfferStatus
from alerts.people.provider import OfferedWork as DeskWork
from alerts.people.provider import Provider as DeskProvider
from api.http.access import Dispatcher, Manager, Provider, Technician
from api.http.context import Here, Language
from api.http.documents import Document, OptionalText, show
from api.http.etag import expected_version
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT, STALE
from api.http.request import Request

router = APIRouter(tags=["providers"])


class ProviderDocument(Document):
    """A company whose people go to homes for us."""

    id: str
    external_id: str | None
    name: str
    account: str | None = Field(description="by which they come in; it has the role provider")
    areas: list[str] = Field(description="regions; empty: all")
    skills: dict[str, int]
    currency: str
    fees: dict[str, str] = Field(description="visit, an appliance kind or a fault mode: amount")
    answer_within_h: int
    is_active: bool
    version: int


class OfferDocument(Document):
    """A ticket that a provider was asked to take."""

    id: str
    ticket_id: str
    ticket_number: int
    provider_id: str
    status: OfferStatus
    offered_at: datetime
    offered_by: str
    answer_by: datetime
    answered_at: datetime | None
    note: str | None


class OwnOffer(Document):
    """What a provider reads of a ticket; who lives where only once they have taken it and the customer allows it."""

    id: str
    ticket_number: int
    status: OfferStatus
    answer_by: datetime
    kind: str
    model: str | None
    title: str
    region: str | None
    fault_mode: str | None
    first_check: OptionalText
    parts: list[str]
    visit_from: datetime | None
    visit_to: datetime | None
    contact: str | None
    phones: list[str]
    address: str | None


class ProviderRequest(Request):
    """A provider, whole."""

    name: str = Field(min_length=1, max_length=200)
    external_id: str | None = Field(default=None, min_length=1, max_length=200)
    account: str | None = Field(default=None, min_length=1, max_length=200)
    areas: list[str] = Field(default_factory=list, max_length=100)
    skills: dict[str, int] = Field(default_factory=dict)
    currency: str = "EUR"
    fees: dict[str, str] = Field(default_factory=dict)
    answer_within_h: int = 24
    is_active: bool = True


class OfferRequest(Request):
    """Whom to ask."""

    provider_id: str = Field(min_length=1, max_length=64)


class AnswerRequest(Request):
    """Why, in words."""

    note: str | None = Field(default=None, max_length=2000)


def _answer(one: DeskProvider, response: Response) -> ProviderDocument:
    response.headers["etag"] = f'"{one.version}"'
    return show(ProviderDocument, one)


def _new(body: ProviderRequest) -> NewProvider:
    return NewProvider(**{**body.model_dump(), "areas": tuple(body.areas)})


def _own(work: DeskWork, language: str) -> OwnOffer:
    of_offer = {name: getattr(work.offer, name) for name in ("id", "ticket_number", "status", "answer_by")}
    values = {name: getattr(work, name) for name in OwnOffer.model_fields if name not in of_offer}
    return OwnOffer.model_validate({**of_offer, **values}, context={"language": language})


@router.get("/providers")
def list_providers(here: Here, account: Technician, page: PageQuery) -> Page[ProviderDocument]:
    """One page of providers, newest first."""
    found = here.desk.by(account.name).providers.page(cursor=page.cursor, limit=page.limit)
    return Page(items=[show(ProviderDocument, one) for one in found.items], next=found.next)


@router.post("/providers", status_code=201, responses=CONFLICT)
def add_provider(here: Here, account: Manager, body: ProviderRequest, response: Response) -> ProviderDocument:
    """Enter a provider; 409 where external id or account is somebody else's."""
    made = here.desk.by(account.name).providers.add(_new(body))
    response.headers["location"] = f"/api/v1/providers/{made.id}"
    return _answer(made, response)


@router.get("/providers/{provider_id}")
def read_provider(here: Here, account: Technician, provider_id: str, response: Response) -> ProviderDocument:
    """One provider."""
    return _answer(here.desk.by(account.name).providers.read(provider_id), response)


@router.put("/providers/{provider_id}", responses=CONFLICT | STALE)
def change_provider(
    here: Here,
    account: Manager,
    provider_id: str,
    body: ProviderRequest,
    response: Response,
    if_match: Annotated[str | None, Header(description="ETag of the provider as you saw them")] = None,
) -> ProviderDocument:
    """Write a provider anew."""
    providers = here.desk.by(account.name).providers
    version = expected_version(if_match, lambda: providers.read(provider_id).version, noun="provider")
    return _answer(providers.change(provider_id, _new(body), expected_version=version), response)


@router.get("/tickets/{key}/offers")
def list_offers(here: Here, account: Technician, key: str) -> Page[OfferDocument]:
    """Who was asked to take a ticket, and what they said, newest first; all on one page."""
    return Page(items=[show(OfferDocument, one) for one in here.desk.by(account.name).providers.offers_of(key)])


@router.post("/tickets/{key}/offers", status_code=201, responses=CONFLICT)
def offer_ticket(here: Here, account: Dispatcher, key: str, body: OfferRequest) -> OfferDocument:
    """Ask a provider to take a ticket; 409 where an offer stands already."""
    return show(OfferDocument, here.desk.by(account.name).providers.offer(key, body.provider_id))


@router.post("/offers/{offer_id}/withdraw", responses=CONFLICT)
def withdraw_offer(here: Here, account: Dispatcher, offer_id: str, body: AnswerRequest | None = None) -> OfferDocument:
    """Take an offer back, accepted or not."""
    note = None if body is None else body.note
    return show(OfferDocument, here.desk.by(account.name).providers.withdraw(offer_id, note))


@router.get("/own/offers")
def list_own(here: Here, account: Provider, language: Language) -> Page[OwnOffer]:
    """What the provider who asks was offered, newest first; at most 500, all on one page."""
    return Page(items=[_own(one, language) for one in here.desk.by(account.name).providers.own()])


@router.get("/own/offers/{offer_id}")
def read_own(here: Here, account: Provider, language: Language, offer_id: str) -> OwnOffer:
    """One offer of the provider who asks."""
    return _own(here.desk.by(account.name).providers.own_one(offer_id), language)


@router.post("/own/offers/{offer_id}/accept", responses=CONFLICT)
def accept_own(
    here: Here, account: Provider, language: Language, offer_id: str, body: AnswerRequest | None = None
) -> OwnOffer:
    """Take it."""
    note = None if body is None else body.note
    return _own(here.desk.by(account.name).providers.answer(offer_id, is_taken=True, note=note), language)


@router.post("/own/offers/{offer_id}/decline", responses=CONFLICT)
def decline_own(
    here: Here, account: Provider, language: Language, offer_id: str, body: AnswerRequest | None = None
) -> OwnOffer:
    """Don't take it, or give it back."""
    note = None if body is None else body.note
    return _own(here.desk.by(account.name).providers.answer(offer_id, is_taken=False, note=note), language)
