"""``/appliances/{id}/care``: use, advice and consumables of one appliance; ``/advice``: what was advised, and what came of it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from alerts.care.care import Care
from alerts.care.lifecycle import AdviceState
from alerts.care.reading import AdviceFilter
from api.http.access import Manager, Technician, Viewer
from api.http.care_documents import (
    AdviceDocument,
    CareDocument,
    EffectDocument,
    advice_document,
    care_document,
    effect_document,
)
from api.http.context import Context, Here, Language
from api.http.imports import csv_file
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT
from api.http.request import Request
from api.http.spreadsheet import csv_lines

router = APIRouter(tags=["care"])

Word = Annotated[str | None, Query(max_length=64)]
COLUMNS = (
    *("id", "appliance_id", "kind", "name", "goal", "title", "state", "given_at", "use", "unit", "before", "after"),
    *("change", "low", "high", "told_by", "told_at", "settles_at", "measured_at"),
)
"""Of the export."""


class TellRequest(Request):
    """What became of a piece of advice."""

    answer: Literal["followed", "declined"] = Field(description="declined: it is not said again for a year")


def _wanted(
    *, state: AdviceState | None = None, appliance_id: Word = None, kind: Word = None, name: Word = None
) -> AdviceFilter:
    return AdviceFilter(state, appliance_id, kind, name)


Wanted = Annotated[AdviceFilter, Depends(_wanted)]


@router.get("/appliances/{appliance_id}/care")
def read_care(here: Here, account: Viewer, language: Language, appliance_id: str) -> CareDocument:
    """How it is used, what is advised about that, what is soon used up. ``quiet`` says why nothing is advised now."""
    return _document(here, here.desk.by(account.name).care.of(appliance_id), language)


@router.post("/appliances/{appliance_id}/consumables/{name}/renew")
def renew_consumable(here: Here, account: Technician, language: Language, appliance_id: str, name: str) -> CareDocument:
    """It was renewed or cleaned today; advice that stands about it is followed by that."""
    return _document(here, here.desk.by(account.name).care.renew(appliance_id, name), language)


@router.get("/advice")
def list_advice(
    here: Here, account: Technician, language: Language, page: PageQuery, wanted: Wanted
) -> Page[AdviceDocument]:
    """One page of what was advised, the newest first."""
    found = here.desk.by(account.name).care.page(wanted, cursor=page.cursor, limit=page.limit)
    return Page(items=[advice_document(one, language) for one in found.items], next=found.next)


@router.get("/advice.csv", response_class=StreamingResponse)
def export_advice(here: Here, account: Technician, language: Language, wanted: Wanted) -> StreamingResponse:
    """All advice of a list for a spreadsheet; times in UTC."""
    found = here.desk.by(account.name).care.all(wanted)
    rows = (advice_document(one, language).model_dump(mode="json") for one in found)
    flat = ({**row, **_flat(row["change"])} for row in rows)
    return csv_file(csv_lines(COLUMNS, flat), "advice.csv")


@router.post("/advice/{advice_id}/answer", responses=CONFLICT)
def answer_advice(
    here: Here, account: Technician, language: Language, advice_id: str, body: TellRequest
) -> AdviceDocument:
    """It was followed, from when on its use is compared, or declined; 409 where nothing may be advised now."""
    told = here.desk.by(account.name).care.tell(advice_id, is_done=body.answer == "followed")
    return advice_document(told, language)


@router.get("/kpis/advice")
def read_effects(here: Here, account: Manager, language: Language) -> Page[EffectDocument]:
    """What each piece of advice has come to: those who followed beside those who did not; all on one page."""
    found = here.desk.by(account.name).care.effects()
    return Page(items=[effect_document(one, here.profiles, language) for one in found])


def _document(here: Context, care: Care, language: str) -> CareDocument:
    appliance = here.desk.appliances.read(care.appliance_id)
    profile = here.profiles.get(appliance.kind)
    units = {} if profile is None else {name: use.unit for name, use in profile.uses.items()}
    return care_document(care, units, language)


def _flat(change: dict[str, float] | None) -> dict[str, float | None]:
    found = change or {}
    return {"change": found.get("mean"), "low": found.get("low"), "high": found.get("high")}
