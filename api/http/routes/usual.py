"""``/appliances/{id}/usual``: what is normal for one appliance, as its detectors have learned it."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from api.http.access import Viewer
from api.http.context import Here
from api.http.documents import Document, show
from api.http.paging import Page
from detectors.usual import usual_of

router = APIRouter(tags=["appliances"])


class Usual(Document):
    """One feature of its days or cycles: the band in which nineteen of twenty lie while it is sound, in the context of the newest one."""

    feature: str
    low: float
    high: float
    unit: str
    rows: int = Field(description="days or cycles that it is known from")
    newest: float | None = Field(description="of the newest day or cycle that was judged")


@router.get("/appliances/{appliance_id}/usual")
def read_usual(here: Here, account: Viewer, appliance_id: str) -> Page[Usual]:
    """Each feature that is learned; all on one page, and none while the appliance still learns."""
    desk = here.desk.by(account.name)
    desk.appliances.read(appliance_id)
    found = usual_of(desk.findings.load_of(appliance_id), here.profiles).get(appliance_id, ())
    return Page(items=[show(Usual, one) for one in found])
