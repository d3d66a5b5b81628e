"""``/appliances/{id}/evidence/{alert_id}``: all that speaks for an alert and against it, the bytes that the command prints."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.access import Viewer
from api.http.context import Here
from api.http.problems import Problem
from api.papers.evidence import gather_evidence
from ingest.store import StoreUnavailable

router = APIRouter(tags=["appliances"])


@router.get("/appliances/{appliance_id}/evidence/{alert_id}")
def read_evidence(here: Here, account: Viewer, appliance_id: str, alert_id: str) -> Response:
    """The evidence pack of one alert, as JSON."""
    desk = here.desk.by(account.name)
    try:
        pack = gather_evidence(desk, here.store, here.profiles, alert_id, appliance_id)
    except StoreUnavailable as error:
        raise Problem(503, f"The telemetry store can't answer now: {error}", headers={"retry-after": "5"}) from error
    return Response(pack, media_type="application/json")
