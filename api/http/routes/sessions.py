"""``/sessions``: remote diagnosis with the customer's consent: request, consent, commands, end."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import Field

from alerts.remote.policy import Scope
from api.http.access import Technician, Viewer
from api.http.context import Here, Language
from api.http.documents import show
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT
from api.http.request import Request
from api.http.session_documents import Command, Session

router = APIRouter(tags=["sessions"])


class SessionRequest(Request):
    """What the customer is asked to consent to."""

    scope: Scope


class ConsentRequest(Request):
    """The code that the appliance shows to the customer."""

    code: str = Field(min_length=1, max_length=32)


class CommandRequest(Request):
    """One command for the appliance."""

    name: str = Field(min_length=1, max_length=64)
    args: dict[str, Any] = Field(default_factory=dict, max_length=32)


class ProcedureRequest(Request):
    """A test of the appliance's profile."""

    test: str = Field(min_length=1, max_length=64)


class ApprovalRequest(Request):
    """The command that somebody else has asked for."""

    command_id: str = Field(min_length=1, max_length=64)


@router.post("/tickets/{key}/sessions", status_code=201, responses=CONFLICT)
def request_session(here: Here, account: Technician, language: Language, key: str, body: SessionRequest) -> Session:
    """Ask for a session; the appliance shows the customer a code."""
    return show(Session, here.desk.by(account.name).sessions.request(key, body.scope), language=language)


@router.get("/tickets/{key}/sessions")
def list_sessions(here: Here, account: Viewer, page: PageQuery, key: str) -> Page[Session]:
    """A ticket's sessions, newest first, without commands and transcript."""
    found = here.desk.by(account.name).sessions.page(ticket_ref=key, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(Session, item) for item in found.items], next=found.next)


@router.get("/sessions/{session_id}")
def read_session(here: Here, account: Viewer, language: Language, session_id: str) -> Session:
    """One session with its commands and its transcript."""
    return show(Session, here.desk.by(account.name).sessions.read(session_id), language=language)


@router.post("/sessions/{session_id}/consent", responses=CONFLICT)
def give_consent(here: Here, account: Technician, language: Language, session_id: str, body: ConsentRequest) -> Session:
    """The customer's code makes the session active; a wrong one is 403, the fifth ends the session."""
    return show(Session, here.desk.by(account.name).sessions.consent(session_id, body.code), language=language)


@router.post("/sessions/{session_id}/commands", status_code=202, responses=CONFLICT)
def issue_command(
    here: Here,
    account: Technician,
    session_id: str,
    body: CommandRequest,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Command:
    """Send a command; its state tells how far it has come. The same ``Idempotency-Key`` gives the same command."""
    command = here.desk.by(account.name).sessions.issue(
        session_id, body.name, body.args, idempotency_key=idempotency_key
    )
    return show(Command, command)


@router.post("/sessions/{session_id}/procedures", status_code=202, responses=CONFLICT)
def begin_procedure(
    here: Here, account: Technician, language: Language, session_id: str, body: ProcedureRequest
) -> Session:
    """Begin a test; it reads what it needs, waits for people where it must, and its verdict moves the ticket's causes."""
    return show(Session, here.desk.by(account.name).sessions.begin(session_id, body.test), language=language)


@router.post("/sessions/{session_id}/approvals", responses=CONFLICT)
def approve_command(here: Here, account: Technician, session_id: str, body: ApprovalRequest) -> Command:
    """Four eyes: somebody else than who asked stands for a command of class R3, for five minutes."""
    return show(Command, here.desk.by(account.name).sessions.approve(session_id, body.command_id))


@router.post("/sessions/{session_id}/end", responses=CONFLICT)
def end_session(here: Here, account: Technician, language: Language, session_id: str) -> Session:
    """End the session; the appliance takes no further command of it."""
    return show(Session, here.desk.by(account.name).sessions.end(session_id), language=language)
