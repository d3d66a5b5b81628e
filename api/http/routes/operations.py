"""``/parts``, ``/kpis``, ``/dead-letters``, ``/audit``: what managers and operators look at."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from alerts.indicators.desk import parse_period
from api.http.access import Manager, Viewer
from api.http.context import Here, Language
from api.http.documents import AuditEntry, Document, show
from api.http.paging import Page, PageQuery
from api.http.parts import Part, list_parts
from api.http.problems import Problem
from ingest.wire.dead_letter import RefusalReason

router = APIRouter(tags=["operations"])


class RemoteFigures(Document):
    """How the stage *remote first* ended, by exit; ``solved_share`` of those that somebody tried."""

    exits: dict[str, int]
    solved_share: float | None
    relapsed: int = Field(description="solved from afar, and the fault came back within 90 days")
    fix_first_helped: int
    fix_first_failed: int


class Indicators(Document):
    """Figures of one period. ``precision`` = predictions found confirmed, of those with a verdict."""

    start: datetime
    end: datetime
    opened: int
    opened_by_source: dict[str, int]
    closed: int
    cancelled: int
    open_now: int
    verdicts: dict[str, int]
    precision: float | None
    solved_within_sla: float | None
    median_hours_to_close: float | None
    remote: RemoteFigures


@router.get("/parts")
def read_parts(here: Here, _account: Viewer, page: PageQuery, language: Language) -> Page[Part]:
    """The parts that the profiles name, with the fault modes that need them."""
    return list_parts(here.profiles, page, language)


@router.get("/kpis")
def read_indicators(
    here: Here,
    account: Manager,
    period: Annotated[str, Query(max_length=20, description="day, week, month, quarter, year, or 30d")] = "month",
) -> Indicators:
    """Figures of the period that ends now."""
    return show(Indicators, here.desk.by(account.name).indicators.over(parse_period(period)))


class DeadLetter(BaseModel):
    """A message that could not be accepted; ``payload`` is text, or null beside ``payload_base64``."""

    number: int
    received_at: datetime
    topic: str
    reason: RefusalReason
    detail: str
    payload: str | None
    payload_base64: str | None = None


@router.get("/dead-letters")
def list_dead_letters(
    here: Here, _account: Viewer, page: PageQuery, reason: RefusalReason | None = None
) -> Page[DeadLetter]:
    """Messages that could not be accepted, newest first."""
    before = page.cursor
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise Problem(422, "cursor: it is none that a list has answered; start without one.")
    books = here.books()
    if books is None:
        return Page(items=[])
    found = books.newest_dead_letters(
        before=None if before is None else int(before), limit=page.limit + 1, reason=reason
    )
    items = [DeadLetter(number=letter.number, **letter.as_json()) for letter in found[: page.limit]]
    return Page(items=items, next=str(items[-1].number) if len(found) > page.limit else None)


@router.get("/audit")
def read_audit(here: Here, account: Manager, page: PageQuery) -> Page[AuditEntry]:
    """Who did what, newest first."""
    found = here.desk.by(account.name).audit.page(cursor=page.cursor, limit=page.limit)
    return Page(items=[show(AuditEntry, item) for item in found.items], next=found.next)
