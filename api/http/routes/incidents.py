"""``/incidents``: many appliances with one presumed cause, worked as one."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import APIRouter
from pydantic import Field

from alerts.incidents.incident import Incident as DeskIncident
from alerts.incidents.incident import IncidentKind, IncidentState
from alerts.indicators.reliability import Cohort
from api.http.access import Viewer
from api.http.context import Here, Language
from api.http.documents import Document, Text, show
from api.http.paging import Page, PageQuery
from api.http.routes.indicators import Reliability

router = APIRouter(tags=["incidents"])

COHORTS = {IncidentKind.BATCH: Cohort.BATCH, IncidentKind.FIRMWARE: Cohort.FIRMWARE}


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
    exposure: Reliability | None = Field(
        default=None,
        description="of a quality case (batch) and a firmware, read by itself: failures found within a year, appliance-months"
        " in service, the rate with its interval",
    )


@router.get("/incidents")
def list_incidents(
    here: Here,
    account: Viewer,
    page: PageQuery,
    language: Language,
    state: IncidentState | None = None,
    kind: IncidentKind | None = None,
) -> Page[Incident]:
    """Incidents, newest first; ``kind=batch`` are the quality cases."""
    found = here.desk.by(account.name).incidents.page(state=state, kind=kind, cursor=page.cursor, limit=page.limit)
    return Page(items=[_shown(item, language) for item in found.items], next=found.next)


@router.get("/incidents/{key}")
def read_incident(here: Here, account: Viewer, key: str, language: Language) -> Incident:
    """One incident, by id or number; a cohort's with its exposure."""
    desk = here.desk.by(account.name)
    incident = desk.incidents.read(key)
    shown = _shown(incident, language)
    by = COHORTS.get(incident.kind)
    if by is None:
        return shown
    table = desk.indicators.reliability(by, timedelta(days=365))
    mine = next((one for one in table.cohorts if one.cohort == incident.scope), None)
    return shown.model_copy(update={"exposure": None if mine is None else show(Reliability, mine)})


def _shown(incident: DeskIncident, language: str) -> Incident:
    return show(Incident, incident, language=language)
