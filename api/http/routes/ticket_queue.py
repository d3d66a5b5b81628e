"""``/queue``: every open ticket as columns, in the little that a list shows of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from alerts.lifecycle import TICKET, TicketState
from alerts.tickets.ticket import TicketSource
from api.http.access import Viewer
from api.http.context import Here
from api.http.documents import Document, show
from api.http.saved_view_documents import SavedViewDocument

router = APIRouter(tags=["tickets"])


class Columns(Document):
    """One value for each ticket; times in ms since 1970."""

    number: list[int]
    version: list[int]
    appliance_id: list[str]
    kind: list[str]
    model: list[str | None]
    region: list[str | None]
    fault_mode: list[str | None]
    title: list[str]
    status: list[TicketState]
    priority: list[int]
    severity: list[float | None]
    source: list[TicketSource]
    type: list[str]
    assignee: list[str | None]
    cleared_ms: list[int | None]
    respond_by_ms: list[int]
    resolve_by_ms: list[int]
    pause: list[str | None] = Field(
        description="what a held ticket waits for: customer, part, hold, or a word of the rules"
    )
    paused_reason: list[str | None]
    remote_first: list[bool] = Field(description="whether something is to be tried from afar before anybody goes")
    failure_window: list[dict[str, Any] | None] = Field(description="from, to (ms), coverage")


class Queue(Document):
    """Every open ticket, the most urgent first."""

    total: int = Field(description="how many are open; the columns hold 100,000 at most")
    columns: Columns
    legal_steps: dict[TicketState, list[str]] = Field(description="what the life cycle allows in each state")
    views: list[SavedViewDocument] = Field(description="what `GET /views` lists")


@router.get("/queue")
def read_queue(here: Here, account: Viewer) -> Queue:
    """The queue in one answer, however long it is."""
    desk = here.desk.by(account.name)
    found = desk.tickets.queue()
    steps = {state: [step.value for step in steps] for state, steps in TICKET.items()}
    views = [show(SavedViewDocument, one) for one in desk.saved_views.seen_by(account.role)]
    return Queue(total=found.total, columns=show(Columns, found.columns), legal_steps=steps, views=views)
