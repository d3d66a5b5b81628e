"""``/letters``: mail that came in; what joined no ticket by itself waits here for a person."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from alerts.letters.letter import Letter, LetterReason, LetterState
from api.http.access import Dispatcher, Technician
from api.http.context import Here
from api.http.documents import Document
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT
from api.http.request import Request

router = APIRouter(tags=["letters"])


class AttachedFile(Document):
    """A file that hung at a letter; it is not kept."""

    name: str
    type: str
    bytes: int


class LetterDocument(Document):
    """One letter; who sent it is what the mail says of itself."""

    id: int
    at: datetime
    state: LetterState
    reason: LetterReason | None = Field(description="why it joined no ticket by itself; null where it did")
    ticket: int | None = Field(description="the number of the ticket that it joined")
    appliance_id: str | None
    customer_id: str | None = Field(description="the one customer with the sender's address in the customer file")
    sender: str
    subject: str
    text: str = Field(description="what was written, without the mail that it answers")
    attached: list[AttachedFile]


class JoinRequest(Request):
    """The ticket that a letter belongs to."""

    ticket: str = Field(min_length=1, max_length=64, description="its id or number")


@router.get("/letters")
def list_letters(
    here: Here, account: Dispatcher, page: PageQuery, state: LetterState | None = None
) -> Page[LetterDocument]:
    """Letters, newest first; ``state=waiting`` are those that a person must look at."""
    found = here.desk.by(account.name).letters.page(state=state, cursor=page.cursor, limit=page.limit)
    return Page(items=[_shown(one) for one in found.items], next=found.next)


@router.get("/tickets/{key}/letters")
def list_letters_of_ticket(here: Here, account: Technician, key: str, page: PageQuery) -> Page[LetterDocument]:
    """What came by mail for a ticket, newest first."""
    found = here.desk.by(account.name).letters.page(ticket_ref=key, cursor=page.cursor, limit=page.limit)
    return Page(items=[_shown(one) for one in found.items], next=found.next)


@router.post("/letters/{number}/join", responses=CONFLICT)
def join_letter(here: Here, account: Dispatcher, number: int, body: JoinRequest) -> LetterDocument:
    """Put a letter to a ticket; 409 where it has joined one."""
    return _shown(here.desk.by(account.name).letters.join(number, body.ticket))


@router.post("/letters/{number}/dismiss", responses=CONFLICT)
def dismiss_letter(here: Here, account: Dispatcher, number: int) -> LetterDocument:
    """Say that a letter belongs to no ticket; it stays in the list, out of sight."""
    return _shown(here.desk.by(account.name).letters.dismiss(number))


def _shown(letter: Letter) -> LetterDocument:
    content = letter.content
    return LetterDocument(
        id=letter.number,
        at=letter.at,
        state=letter.state,
        reason=letter.reason,
        ticket=letter.ticket_number,
        appliance_id=letter.appliance_id,
        customer_id=letter.customer_id,
        sender=content.sender,
        subject=content.subject,
        text=content.text,
        attached=[AttachedFile(name=one.name, type=one.type, bytes=one.bytes) for one in content.attached],
    )
