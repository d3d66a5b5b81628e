"""``/incidents``: many appliances with one presumed cause, worked as one."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from alerts.incidents.incident import Incident as DeskIncident
from alerts.incidents.incident import IncidentKind, IncidentState
from api.http.access import Viewer
from api.http.context import Here, Language
from api.http.documents import Document, Text, show
from api.http.paging import Page, PageQuery

router = APIRouter(tags=["incidents"])


class Incident(Document):
    """Many appliances with one presumed cause; ``affected`` of ``exposed``, and how often it is so elsewhere."""

    id: str
    number: int
    kind: IncidentKind
    scope: str = Field(description="what the appliances have in common: a region, a home, model · firmware")
    cause: Text = Field(description="what is presumed")
    state: IncidentState
    since: datetime
    opened_at: datetime
    closed_at: datetime | None
    affected: int
    peak: int
    exposed: int
    low: float = Field(description="the 95 % interval of the share that is affected: from")
    high: float = Field(description="... to")
    elsewhere: float | None = Field(description="the share among all other appliances")
    appliances: list[str] = Field(description="who has been part of it, the first ones")
    alerts: list[str] = Field(description="their alerts")


@router.get("/incidents")
def list_incidents(
    here: Here, account: Viewer, page: PageQuery, language: Language, state: IncidentState | None = None
) -> Page[Incident]:
    """Incidents, newest first."""
    found = here.desk.by(account.name).incidents.page(state=state, cursor=page.cursor, limit=page.limit)
    return Page(items=[_shown(item, language) for item in found.items], next=found.next)


@router.get("/incidents/{key}")
def read_incident(here: Here, account: Viewer, key: str, language: Language) -> Incident:
    """One incident, by id or number."""
    return _shown(here.desk.by(account.name).incidents.read(key), language)


def _shown(incident: DeskIncident, language: str) -> Incident:
    return show(Incident, incident, language=language)
