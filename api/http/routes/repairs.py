"""``/repairs``: what was closed as done, and whether it held; ``/kpis/repairs``: how often it did not, and whose it was."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from alerts.indicators.desk import parse_period
from alerts.repairs.lifecycle import RepairState
from alerts.repairs.reading import RepairFilter
from alerts.repairs.repair import CallAnswer, RepairGroup
from api.http.access import Manager, Technician
from api.http.context import Here
from api.http.documents import Document, show
from api.http.imports import csv_file
from api.http.paging import Page, PageQuery
from api.http.periods import At, Period, moment_of
from api.http.problems import CONFLICT
from api.http.request import Request
from api.http.spreadsheet import csv_lines

router = APIRouter(tags=["repairs"])

Id = Annotated[str | None, Query(max_length=64)]
COLUMNS = (
    *("id", "number", "episode", "appliance_id", "kind", "model", "fault_mode", "state", "closed_at", "watched_until"),
    *("decided_at", "technician_id", "technician", "provider_id", "parts", "is_call_owed", "call_answer"),
)
"""Of the export."""


class RepairDocument(Document):
    """An episode of a ticket that was closed as done."""

    id: str
    ticket_id: str
    number: int
    episode: int
    appliance_id: str
    kind: str
    model: str | None
    fault_mode: str
    state: RepairState
    closed_at: datetime
    watched_until: datetime
    decided_at: datetime | None
    proof: dict[str, Any] | None = Field(
        description="what decided: by readings, reopened, ticket, alert, customer; not_heard, cannot_say, no_signature, alert_held"
    )
    technician_id: str | None
    technician: str | None
    provider_id: str | None
    parts: list[str]
    is_call_owed: bool = Field(description="somebody is to call the customer")
    called_at: datetime | None
    called_by: str | None
    call_answer: CallAnswer | None
    call_note: str | None


class RepairRateDocument(Document):
    """How the repairs of a group held; ``share`` of those decided, with its 95 % interval."""

    key: str
    name: str
    repairs: int
    held: int
    came_back: int
    undecided: int
    share: float | None = Field(description="of those that held or came back; null where none is decided")
    low: float
    high: float


class CallRequest(Request):
    """What the customer said."""

    answer: CallAnswer
    note: str | None = Field(default=None, max_length=2000)


async def _wanted(
    *,
    state: RepairState | None = None,
    call_owed: Annotated[bool | None, Query(description="where somebody is to call the customer")] = None,
    ticket_id: Id = None,
    technician_id: Id = None,
    provider_id: Id = None,
    sku: Id = None,
    fault_mode: Id = None,
) -> RepairFilter:
    return RepairFilter(state, call_owed, ticket_id, technician_id, provider_id, sku, fault_mode)


Wanted = Annotated[RepairFilter, Depends(_wanted)]


class TrainingNeedDocument(Document):
    """What came back of a person's repairs of a fault mode in a year, beside everybody else's."""

    technician_id: str
    technician: str
    kind: str
    fault_mode: str
    decided: int
    came_back: int
    low: float = Field(
        description="lower end of the 95 % interval of the person's share; it is above that of the others"
    )
    others_decided: int
    others_came_back: int


@router.get("/own/training")
def read_own_training(here: Here, account: Technician) -> Page[TrainingNeedDocument]:
    """What you may learn, from your own repairs, as it is known now."""
    found = here.desk.by(account.name).repairs.own_training()
    return Page(items=[show(TrainingNeedDocument, one) for one in found])


@router.get("/training")
def read_training(here: Here, account: Manager) -> Page[TrainingNeedDocument]:
    """What people may learn, as it was known two weeks ago: each of them could see it first."""
    return Page(items=[show(TrainingNeedDocument, one) for one in here.desk.by(account.name).repairs.training()])


@router.get("/repairs")
def list_repairs(here: Here, account: Technician, page: PageQuery, wanted: Wanted) -> Page[RepairDocument]:
    """One page of repairs, the last closed first."""
    found = here.desk.by(account.name).repairs.page(wanted, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(RepairDocument, one) for one in found.items], next=found.next)


@router.get("/repairs.csv", response_class=StreamingResponse)
def export_repairs(here: Here, account: Technician, wanted: Wanted) -> StreamingResponse:
    """All repairs of a list for a spreadsheet; times in UTC."""
    found = here.desk.by(account.name).repairs.all(wanted)
    shown = (show(RepairDocument, one).model_dump(mode="json") for one in found)
    lines = csv_lines(COLUMNS, ({**one, "parts": " ".join(one["parts"])} for one in shown))
    return csv_file(lines, "repairs.csv")


@router.post("/repairs/{repair_id}/call", responses=CONFLICT)
def answer_call(here: Here, account: Technician, repair_id: str, body: CallRequest) -> RepairDocument:
    """The customer was called back; 409 where no call is owed. *came_back* opens the ticket again."""
    return show(RepairDocument, here.desk.by(account.name).repairs.call(repair_id, body.answer, body.note))


@router.get("/kpis/repairs")
def read_repair_rates(
    here: Here, account: Manager, by: RepairGroup = RepairGroup.TECHNICIAN, period: Period = "quarter", at: At = None
) -> Page[RepairRateDocument]:
    """How often repairs of a period came back, by technician, part, provider, fault mode or model; all on one page."""
    found = here.desk.by(account.name).indicators.repairs(by, parse_period(period), at=moment_of(at))
    return Page(items=[show(RepairRateDocument, one) for one in found])
