"""``/own/visits``: the visits of whoever asks on a day, with all that is needed at the door."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter

from alerts.visits.own import OwnVisit as DeskVisit
from api.http.access import Technician
from api.http.context import Here, Language
from api.http.documents import Document, OptionalText, show
from api.http.routes.visits import VisitDocument

router = APIRouter(tags=["visits"])


class OwnPart(Document):
    """A part to bring, and how often it is the one."""

    sku: str
    name: OptionalText
    probability: float


class OwnWork(Document):
    """A ticket of a visit."""

    number: int
    title: str
    kind: str
    model: str | None
    fault_mode: str | None
    appliance_id: str
    first_check: OptionalText
    parts: list[OwnPart]


class OwnVisit(Document):
    """A visit with its work; who lives where only until it is over."""

    visit: VisitDocument
    works: list[OwnWork]
    contact: str | None
    phones: list[str]
    address: str | None


class OwnDayDocument(Document):
    """A technician's day."""

    day: date
    time_zone: str
    technician: str | None
    visits: list[OwnVisit]


def _shown(one: DeskVisit, language: str) -> OwnVisit:
    return OwnVisit(
        visit=show(VisitDocument, one.visit),
        works=[show(OwnWork, work, language=language) for work in one.works],
        contact=one.contact,
        phones=list(one.phones),
        address=one.address,
    )


@router.get("/own/visits")
def read_own_day(here: Here, account: Technician, language: Language, *, day: date | None = None) -> OwnDayDocument:
    """The visits of whoever asks, in order; today where they are without a day."""
    found = here.desk.by(account.name).own_visits.day(day)
    visits = [_shown(one, language) for one in found.visits]
    return OwnDayDocument(day=found.day, time_zone=found.time_zone, technician=found.technician, visits=visits)
