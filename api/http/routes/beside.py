"""``/tickets/{key}/beside``: what stands beside a ticket on a page, in one answer: ways to mend it without a visit, sessions, other tickets and alerts of the appliance."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from alerts.desk import Desk
from alerts.tickets.reading import TicketFilter
from api.http.access import Viewer
from api.http.articles import Article
from api.http.context import Here, Language
from api.http.documents import Alert, Document, Ticket, show
from api.http.fix_first_documents import FixFirst
from api.http.routes.protection import Protected
from api.http.routes.remote_first import RemoteStage
from api.http.session_documents import Session
from api.http.task_documents import TaskDocument

router = APIRouter(tags=["tickets"])

TICKETS_MAX = 6
"""The ticket itself may be one of them."""
SESSIONS_MAX = 3
ALERTS_MAX = 50


class Beside(Document):
    """A ticket, and what the calls of the same names answer for it, each list with its newest only."""

    ticket: Ticket
    test_why_not: str | None = Field(
        description="why the recommended test is not offered: `unsupported` where the appliance does not know it"
    )
    fix_first: FixFirst
    remote_first: RemoteStage | None
    protection: Protected
    sessions: list[Session]
    tickets: list[Ticket] = Field(description="of the same appliance, the newest first, without the ticket itself")
    alerts: list[Alert] = Field(description="of the same appliance, the newest first")
    articles: list[Article] = Field(description="published on its fault, that of its model first")
    tasks: list[TaskDocument] = Field(description="of other departments, the newest first")


@router.get("/tickets/{key}/beside")
def read_beside(here: Here, account: Viewer, language: Language, key: str) -> Beside:
    """What stands beside a ticket, all of one moment."""
    return here.desk.by(account.name).together(lambda desk: _beside(desk, key, language))


def _beside(desk: Desk, key: str, language: str) -> Beside:
    ticket = desk.tickets.read(key)
    stage = desk.remote_first.read(key)
    tickets = desk.tickets.page(TicketFilter(appliance_id=ticket.appliance_id), limit=TICKETS_MAX).items
    alerts = desk.alerts.page(appliance_id=ticket.appliance_id, limit=ALERTS_MAX).items
    sessions = desk.sessions.page(ticket_ref=key, limit=SESSIONS_MAX).items
    return Beside(
        ticket=show(Ticket, ticket, language=language),
        test_why_not=desk.sessions.why_not_recommended(key),
        fix_first=show(FixFirst, desk.fix_first.read(key), language=language),
        remote_first=None if stage is None else show(RemoteStage, stage),
        protection=show(Protected, desk.protections.read(key), language=language),
        sessions=[show(Session, session, language=language) for session in sessions],
        tickets=[show(Ticket, one, language=language) for one in tickets if one.number != ticket.number],
        alerts=[show(Alert, one) for one in alerts],
        articles=[show(Article, one) for one in desk.knowledge.for_ticket(key)],
        tasks=[show(TaskDocument, one) for one in desk.tasks.of_ticket(key)],
    )
