"""``/modes`` and ``/what-if``: how fault modes stand with their budget, and what another gate would have done."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import APIRouter
from pydantic import Field

from alerts.gate.standing import StandingState
from alerts.supposing.desk import Supposed
from api.http.access import Manager, Viewer
from api.http.context import Here, Language
from api.http.documents import Document, Text, show
from api.http.paging import Page
from api.http.request import Request

router = APIRouter(tags=["gate"])


class ModeStanding(Document):
    """How a fault mode of a model stands with its budget of visits in vain."""

    kind: str
    model: str = Field(description="empty where the appliances say none")
    fault_mode: str
    state: StandingState = Field(description="watch: its findings are shown, and nobody is sent")
    since: datetime | None = Field(description="since when it stands so; null where it never changed")
    visits: int = Field(description="judged visits over the budget's days")
    in_vain: int
    low: float = Field(description="the 95 % interval of the share in vain: from")
    high: float = Field(description="... to")
    budget: float = Field(description="the share in vain that is borne")
    remote_tried: int
    remote_solved: int
    rule: Text = Field(description="the rule in words, with its numbers: when it falls, when it comes back")
    back_at_earliest: datetime | None


class WhatIfRequest(Request):
    """Under what the cases are decided anew; what is left out is as the rules have it."""

    days: int = Field(default=365, ge=1, le=3650, description="the cases that began within so many days")
    probability_at_least: float = Field(default=0.0, ge=0, le=1, description="a finding less probable is only shown")
    severity_at_least: float = Field(default=0.0, ge=0, le=1, description="a finding less severe is only shown")
    visit_price: float | None = Field(default=None, ge=0, le=1e9)
    consequence_times: float = Field(
        default=1.0, gt=0, le=1000, description="what failures cost, times this: the other slider"
    )
    false_share: float | None = Field(default=None, ge=0, le=1, description="the budget: share of visits in vain")


class Figure(Document):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


class CourseOfThings(Document):
    """What came of the cases, or would have."""

    visits: Figure = Field(description="expected number of visits")
    in_vain: Figure = Field(description="... in vain")
    misses: Figure = Field(description="real faults that nobody acted on")
    cost: Figure


class WhatIf(Document):
    """The same cases twice: as it happened, and as it would have been."""

    cases: int
    judged: int = Field(description="how many of them a person has judged; the others count with their probability")
    currency: str
    happened: CourseOfThings
    would: CourseOfThings
    saved: Figure = Field(description="money; an interval that holds 0 is no difference")


@router.get("/modes")
def list_modes(here: Here, account: Viewer, language: Language) -> Page[ModeStanding]:
    """How each fault mode of each model stands, the watched ones first."""
    found = here.desk.by(account.name).gate.modes()
    return Page(items=[show(ModeStanding, one, language=language) for one in found])


@router.post("/what-if")
def what_if(here: Here, account: Manager, body: WhatIfRequest) -> WhatIf:
    """Decide what was under another threshold, gate or budget; nothing is changed by it."""
    supposed = Supposed(**body.model_dump(exclude={"days"}))
    found = here.desk.by(account.name).supposing.what_if(supposed, over=timedelta(days=body.days))
    return show(WhatIf, found)
