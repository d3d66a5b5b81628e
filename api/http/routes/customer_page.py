"""``/c/{secret}``: a customer's page, for whoever holds its link; and the links, for those who hand them out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest

from alerts.customers.answering import AnswerKind, NewAnswer, RatingReason
from alerts.customers.customer import Purpose
from alerts.customers.links import DAYS_MAX, LinkState
from alerts.customers.page_desk import DAYS_DEFAULT
from alerts.customers.view import CustomerView
from alerts.errors import ConflictError, DeskError, InvalidError, UnknownError
from api.http.access import Technician
from api.http.context import Context, Here, Language
from api.http.customer_page import no_page, page_of
from api.http.documents import Document, show
from api.http.paging import Page
from api.http.problems import CONFLICT
from api.http.request import Request
from api.http.routes.customers import file_document
from api.http.routes.papers import customer_receipt
from ingest.clock import from_ms

router = APIRouter(tags=["customers"])
page = APIRouter(include_in_schema=False)

Lang = Annotated[Literal["en", "zh"] | None, Query()]
FORM = "application/x-www-form-urlencoded"
FIELDS = frozenset({"do", "slot", "quote", "purpose", "stars", "text", "reasons", "advice"})
"""What the forms of the page send."""
PRIVATE = {"cache-control": "no-store", "x-robots-tag": "noindex"}


class LinkRequest(Request):
    """How long the link stands."""

    days: int = Field(default=DAYS_DEFAULT, ge=1, le=DAYS_MAX)


class CustomerLink(Document):
    """A link, without its secret."""

    id: str
    customer_id: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    opened_at: datetime | None = Field(description="when its page was opened first")
    state: LinkState


class NewLink(CustomerLink):
    """A link that was just made; ``path`` is shown this once."""

    path: str = Field(description="the page, under this service's own address")


class CustomerAnswer(Document):
    """What a customer answered."""

    at: datetime
    kind: AnswerKind
    text: str | None
    stars: int | None
    reasons: list[RatingReason]


@router.post("/tickets/{key}/links", status_code=201, responses=CONFLICT)
def make_link(here: Here, account: Technician, key: str, body: LinkRequest | None = None) -> NewLink:
    """Make a link to the page of the appliance's owner; 409 where nobody is written down as such."""
    link, secret = here.desk.by(account.name).customer_pages.make(key, days=(body or LinkRequest()).days)
    return NewLink(**show(CustomerLink, link).model_dump(), path=f"/c/{secret}")


@router.get("/tickets/{key}/links")
def list_links(here: Here, account: Technician, key: str) -> Page[CustomerLink]:
    """The links of a ticket, newest first; all on one page."""
    return Page(items=[show(CustomerLink, one) for one in here.desk.by(account.name).customer_pages.links(key)])


@router.delete("/links/{link_id}", status_code=204)
def revoke_link(here: Here, account: Technician, link_id: str) -> Response:
    """End a link now."""
    here.desk.by(account.name).customer_pages.revoke(link_id)
    return Response(status_code=204)


@router.get("/tickets/{key}/answers")
def list_answers(here: Here, account: Technician, key: str) -> Page[CustomerAnswer]:
    """What the customer answered on their page, newest first; all on one page."""
    return Page(items=[show(CustomerAnswer, one) for one in here.desk.by(account.name).customer_pages.answers(key)])


@page.get("/c/{secret}")
def open_page(
    here: Here,
    language: Language,
    secret: str,
    *,
    lang: Lang = None,
    what: Annotated[Literal["page", "stored"], Query()] = "page",
    told: Annotated[Literal["sent"] | None, Query()] = None,
    session: Annotated[str | None, Query(max_length=64)] = None,
    form: Annotated[Literal["html", "pdf"], Query()] = "html",
) -> Response:
    """The page, all that is stored as JSON, or the receipt of one remote diagnosis."""
    try:
        if session is not None:
            view, found_session = here.desk.customer_pages.session(secret, session)
            return customer_receipt(here, view, found_session, lang or _language_of(view), is_printed=form == "pdf")
        if what == "stored":
            found = file_document(here.desk.customer_pages.stored(secret))
            names = {**PRIVATE, "content-disposition": 'attachment; filename="what-is-stored.json"'}
            return JSONResponse(found.model_dump(mode="json"), headers=names)
        view = here.desk.customer_pages.open(secret)
    except UnknownError:
        return HTMLResponse(no_page(lang or language), 404, headers=PRIVATE)
    return _shown(here, secret, view, lang or _language_of(view), notice=told)


@page.post("/c/{secret}", openapi_extra={"requestBody": {"content": {FORM: {"schema": {"type": "object"}}}}})
async def act(here: Here, language: Language, secret: str, request: HttpRequest, lang: Lang = None) -> Response:
    """A button of the page; back to the page by 303, so that loading it again sends nothing again."""
    given = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=20)
    fields = {name: values[0] for name, values in given.items()}
    return await run_in_threadpool(_act, here, language, secret, fields, given.get("reasons", []), lang)


def _act(
    here: Context, language: str, secret: str, fields: dict[str, str], reasons: list[str], lang: str | None
) -> Response:
    try:
        _do(here, secret, fields, reasons)
    except UnknownError:
        return HTMLResponse(no_page(lang or language), 404, headers=PRIVATE)
    except (ConflictError, InvalidError) as error:
        view = here.desk.customer_pages.open(secret)
        status = 409 if isinstance(error, ConflictError) else 422
        return _shown(here, secret, view, lang or _language_of(view), why=error, status=status)
    back = f"?told=sent&lang={lang}" if lang else "?told=sent"
    return RedirectResponse(back, status_code=303, headers=PRIVATE)


def _do(here: Context, secret: str, fields: dict[str, str], reasons: list[str]) -> None:
    """What a button asks for; :class:`InvalidError` where no button asks so."""
    unknown = sorted(fields.keys() - FIELDS)
    if unknown:
        raise InvalidError(f"{unknown[0]}: this page has no such field.")
    pages = here.desk.customer_pages
    deed = fields.get("do", "")
    try:
        if deed in {"allow", "forbid"}:
            pages.consent(secret, Purpose(fields.get("purpose", "")), is_given=deed == "allow")
        elif deed in {"fix_done", "fix_declined"}:
            pages.tell_fix_first(secret, is_done=deed == "fix_done")
        elif deed in {"advice_done", "advice_no"}:
            here.desk.care_pages.tell_on_page(secret, fields.get("advice", ""), is_done=deed == "advice_done")
        elif deed == "end_protection":
            pages.end_protection(secret)
        elif deed == "stop":
            pages.stop(secret)
        elif deed in {"approve", "decline"}:
            here.desk.billing.answer_on_page(secret, fields.get("quote", ""), is_approved=deed == "approve")
        elif deed == "choose":
            start, end = (from_ms(int(one)) for one in fields.get("slot", "")[:40].split("-"))
            here.desk.appointments.choose(secret, start, end)
        else:
            stars = fields.get("stars", "")
            about = tuple(RatingReason(one) for one in reasons)
            number = int(stars) if stars.isascii() and stars.isdigit() else None
            pages.answer(secret, NewAnswer(AnswerKind(deed), fields.get("text") or None, number, about))
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidError("This page has no such button.") from error


def _language_of(view: CustomerView) -> str:
    """The customer's own language where we speak it, else English."""
    return "zh" if view.customer.language.startswith("zh") else "en"


def _shown(
    here: Context,
    secret: str,
    view: CustomerView,
    language: str,
    *,
    notice: str | None = None,
    why: DeskError | None = None,
    status: int = 200,
) -> Response:
    profile = here.profiles.get(view.ticket.kind)
    label = {} if profile is None else profile.label
    kind = label.get(language) or label.get("en") or view.ticket.kind
    slots = here.desk.appointments.slots(secret)
    quote = here.desk.billing.on_page(secret)
    known = here.desk.knowledge.for_ticket(view.ticket.id)
    article = next((one for one in known if one.text.customer), None)
    said = None if why is None else str(why)
    care = here.desk.care_pages.on_page(secret)
    text = page_of(
        view, language, kind=kind, slots=slots, quote=quote, article=article, care=care, notice=notice, why=said
    )
    return HTMLResponse(text, status, headers=PRIVATE)
