"""``/parts``, ``/audit``: what may have to be brought, and who did what."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.access import Manager, Viewer
from api.http.context import Here, Language
from api.http.documents import AuditEntry, show
from api.http.paging import Page, PageQuery
from api.http.parts import Part, list_parts

router = APIRouter(tags=["operations"])


@router.get("/parts")
def read_parts(here: Here, _account: Viewer, page: PageQuery, language: Language) -> Page[Part]:
    """The parts that the profiles name, with the fault modes that need them."""
    return list_parts(here.profiles, page, language)


@router.get("/audit")
def read_audit(here: Here, account: Manager, page: PageQuery) -> Page[AuditEntry]:
    """Who did what, newest first."""
    found = here.desk.by(account.name).audit.page(cursor=page.cursor, limit=page.limit)
    return Page(items=[show(AuditEntry, item) for item in found.items], next=found.next)
