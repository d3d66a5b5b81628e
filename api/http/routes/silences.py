"""``/silences``: what is muted until when, by whom and why."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import Field

from alerts.silences.muting import Scope
from api.http.access import Dispatcher, Viewer
from api.http.context import Here
from api.http.documents import Document, show
from api.http.moments import Moment
from api.http.paging import Page
from api.http.problems import CONFLICT
from api.http.request import Request

router = APIRouter(tags=["silences"])


class Silence(Document):
    """What is muted; null stands for all."""

    id: str
    appliance_id: str | None
    fault_mode: str | None
    region: str | None
    model: str | None
    since: datetime
    until: datetime
    week: str | None = Field(description="it mutes only within these hours of the week")
    time_zone: str | None
    is_on: bool = Field(description="whether it mutes now")
    reason: str
    created_by: str
    created_at: datetime


class SilenceRequest(Request):
    """What to mute: what all the words together name."""

    appliance_id: str | None = Field(default=None, min_length=1, max_length=64)
    fault_mode: str | None = Field(default=None, min_length=1, max_length=64)
    region: str | None = Field(default=None, min_length=1, max_length=200)
    model: str | None = Field(default=None, min_length=1, max_length=200)
    since: Moment | None = Field(default=None, description="a maintenance window begins later; at once where left out")
    until: Moment
    week: str | None = Field(
        default=None, min_length=1, max_length=500, description="only within these hours, as `sat 22:00-04:00`"
    )
    time_zone: str = Field(default="UTC", min_length=1, max_length=64)
    reason: str = Field(min_length=1, max_length=1000)


@router.get("/silences")
def list_silences(here: Here, account: Viewer) -> Page[Silence]:
    """What is muted now, or will be, newest first; all of it on one page."""
    found = here.desk.by(account.name).silences.standing()
    return Page(items=[show(Silence, one) for one in found])


@router.post("/silences", status_code=201, responses=CONFLICT)
def add_silence(here: Here, account: Dispatcher, body: SilenceRequest) -> Silence:
    """Mute until a time; findings still become alerts, and open their tickets when the silence is over."""
    scope = Scope(body.appliance_id, body.fault_mode, body.region, body.model)
    made = here.desk.by(account.name).silences.add(
        scope, until=body.until, reason=body.reason, since=body.since, week=body.week, time_zone=body.time_zone
    )
    return show(Silence, made)


@router.delete("/silences/{silence_id}", status_code=204)
def lift_silence(here: Here, account: Dispatcher, silence_id: str) -> Response:
    """End a silence now."""
    here.desk.by(account.name).silences.lift(silence_id)
    return Response(status_code=204)
