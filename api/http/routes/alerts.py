"""``/alerts``: standing conditions, with the evidence and what was decided about them."""

from __future__ import annotations

from enum import StrEnum

from fastapi import APIRouter

from alerts.lifecycle import AlertState
from api.http.access import Viewer
from api.http.context import Here
from api.http.documents import Alert, show
from api.http.paging import Page, PageQuery
from detectors.finding import FindingChannel

router = APIRouter(tags=["alerts"])


class AlertsAbout(StrEnum):
    """What is at fault: the appliance, or its data (sensors and connections)."""

    APPLIANCE = "appliance"
    DATA = "data"


CHANNELS = {
    AlertsAbout.APPLIANCE: tuple(one for one in FindingChannel if one is not FindingChannel.DATA),
    AlertsAbout.DATA: (FindingChannel.DATA,),
}


@router.get("/alerts")
def list_alerts(
    here: Here,
    account: Viewer,
    page: PageQuery,
    *,
    state: AlertState | None = None,
    appliance_id: str | None = None,
    incident_id: str | None = None,
    about: AlertsAbout | None = None,
) -> Page[Alert]:
    """One page of alerts, newest first."""
    found = here.desk.by(account.name).alerts.page(
        state=state,
        appliance_id=appliance_id,
        incident_id=incident_id,
        channels=() if about is None else CHANNELS[about],
        cursor=page.cursor,
        limit=page.limit,
    )
    return Page(items=[show(Alert, item) for item in found.items], next=found.next)


@router.get("/alerts/{alert_id}")
def read_alert(here: Here, account: Viewer, alert_id: str) -> Alert:
    """One alert."""
    return show(Alert, here.desk.by(account.name).alerts.read(alert_id))
