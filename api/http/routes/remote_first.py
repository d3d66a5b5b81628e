"""``/tickets/{key}/remote-first``: what is tried from afar before anybody drives, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from alerts.remote_first.stage import RemoteExit
from api.http.access import Technician, Viewer
from api.http.context import Here
from api.http.documents import Document, show
from api.http.problems import CONFLICT
from api.http.request import Request

router = APIRouter(tags=["tickets"])


class RemoteStage(Document):
    """The stage of a ticket's present episode."""

    ticket_id: str
    can_try: list[str] = Field(description="fix_first, test")
    begun_at: datetime
    due_at: datetime
    is_late: bool
    ended_at: datetime | None
    exit: RemoteExit | None
    ended_by: str | None
    note: str | None
    kit: dict[str, Any] | None = Field(description="with needs_visit: component, parts, what was tested")
    relapsed_at: datetime | None


class ExitRequest(Request):
    """How it ended."""

    exit: RemoteExit
    note: str | None = Field(default=None, max_length=2000)


@router.get("/tickets/{key}/remote-first")
def read_remote_first(here: Here, account: Viewer, key: str) -> RemoteStage | None:
    """The stage; null where there is nothing to try from afar."""
    stage = here.desk.by(account.name).remote_first.read(key)
    return None if stage is None else show(RemoteStage, stage)


@router.post("/tickets/{key}/remote-first", responses=CONFLICT)
def end_remote_first(here: Here, account: Technician, key: str, body: ExitRequest) -> RemoteStage | None:
    """Say how it ended; what nobody says follows from what happened."""
    stage = here.desk.by(account.name).remote_first.end(key, body.exit, note=body.note)
    return None if stage is None else show(RemoteStage, stage)
