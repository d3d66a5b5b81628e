"""``/parts``, ``/kpis``, ``/incidents``, ``/dead-letters``, ``/audit``: what managers and operators look at."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Manager, Viewer
from api.context import Here, Language
from api.documents import AuditEntry, Document, Text, show
from api.indicators import Indicators, compute, parse_period
from api.paging import Page, PageQuery
from api.parts import Part, list_parts

router = APIRouter(tags=["operations"])


class Incident(Document):
    """Alerts with one presumed cause, worked as one."""

    id: str
    title: Text
    state: str
    opened_at: datetime
    alert_ids: list[str]


@router.get("/parts")
def read_parts(here: Here, _account: Viewer, page: PageQuery, language: Language) -> Page[Part]:
    """The parts that the profiles name, with the fault modes that need them."""
    return list_parts(here.profiles, page, language)


@router.get("/kpis")
def read_indicators(
    here: Here,
    _account: Manager,
    period: Annotated[str, Query(max_length=20, description="day, week, month, quarter, year, or 30d")] = "month",
) -> Indicators:
    """Figures of the period that ends now."""
    return compute(here.desk, parse_period(period), now=here.clock.now())


@router.get("/incidents")
def list_incidents(_account: Viewer, page: PageQuery) -> Page[Incident]:
    """Incidents, newest first; alerts are not grouped yet, so there is none."""
    del page
    return Page(items=[])


@router.get("/audit")
def read_audit(here: Here, _account: Manager, page: PageQuery) -> Page[AuditEntry]:
    """Who did what, newest first."""
    found = here.desk.audit(cursor=page.cursor, limit=page.limit)
    return Page(items=[show(AuditEntry, item) for item in found.items], next=found.next)
