"""Receipts, reports and transcripts of remote diagnoses, for those who work here; the receipt for the customer; the record of a visit."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from alerts.customers.view import CustomerView
from alerts.remote.session import DiagnosisSession
from api.http.access import Technician, Viewer
from api.http.context import Context, Here, Language
from api.http.documents import show
from api.http.session_documents import Session
from api.papers.page import html_of
from api.papers.paper import Paper
from api.papers.session_charts import charts_of
from api.papers.session_paper import Reader, receipt_of, report_of
from api.papers.visit_paper import visit_paper
from ingest.store import StoreUnavailable

router = APIRouter(tags=["sessions"])

PRIVATE = {"cache-control": "no-store", "x-robots-tag": "noindex"}
Lang = Annotated[Literal["en", "zh"] | None, Query(description="default: Accept-Language")]
PAPER: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}}}
PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}}}


@router.get("/sessions/{session_id}/receipt.html", response_class=HTMLResponse, responses=PAPER)
def read_receipt(
    here: Here, account: Viewer, language: Language, session_id: str, *, lang: Lang = None
) -> HTMLResponse:
    """Who did what, when, within which consent, and what came of it: what the customer has."""
    session = here.desk.by(account.name).sessions.read(session_id)
    reader = _reader(here, session, lang or language)
    links = (("receipt.pdf" + _said(lang), reader.words["pdf"]), ("report.html" + _said(lang), reader.words["report"]))
    return HTMLResponse(html_of(receipt_of(session, reader), links), headers=PRIVATE)


@router.get("/sessions/{session_id}/receipt.pdf", response_class=Response, responses=PDF)
def print_receipt(here: Here, account: Viewer, language: Language, session_id: str, *, lang: Lang = None) -> Response:
    """The receipt as PDF."""
    session = here.desk.by(account.name).sessions.read(session_id)
    return _printed(session, _reader(here, session, lang or language))


@router.get("/sessions/{session_id}/report.html", response_class=HTMLResponse, responses=PAPER)
def read_report(here: Here, account: Viewer, language: Language, session_id: str, *, lang: Lang = None) -> HTMLResponse:
    """The receipt with charts of what the appliance measured meanwhile, and every line of the transcript."""
    session = here.desk.by(account.name).sessions.read(session_id)
    reader = _reader(here, session, lang or language)
    try:
        charts = charts_of(session, reader, here.store, here.clock)
    except StoreUnavailable:
        charts = None
    links = (("receipt.pdf" + _said(lang), reader.words["pdf"]), ("transcript.json", reader.words["json"]))
    return HTMLResponse(html_of(report_of(session, reader, charts), links), headers=PRIVATE)


@router.get("/sessions/{session_id}/transcript.json")
def export_transcript(here: Here, account: Viewer, language: Language, session_id: str, response: Response) -> Session:
    """The whole session as a file: what ``GET /sessions/{id}`` answers."""
    session = here.desk.by(account.name).sessions.read(session_id)
    response.headers["content-disposition"] = f'attachment; filename="{session.id}.json"'
    return show(Session, session, language=language)


@router.get("/visits/{visit_id}/record.pdf", response_class=Response, responses=PDF)
def print_visit(here: Here, account: Technician, language: Language, visit_id: str, *, lang: Lang = None) -> Response:
    """The record of a visit as PDF."""
    visit = here.desk.by(account.name).visits.read(visit_id)
    return _as_pdf(visit_paper(visit, lang or language), visit.id)


def customer_receipt(
    here: Context, view: CustomerView, session: DiagnosisSession, language: str, *, is_printed: bool
) -> Response:
    """The customer's receipt; while the session lives it shows what the technician does, as it is done."""
    reader = _reader(here, session, language, zone=view.site.time_zone if view.site else "UTC")
    if is_printed:
        return _printed(session, reader)
    links = (
        (f"?lang={language}", reader.words["back"]),
        (f"?session={session.id}&form=pdf&lang={language}", reader.words["pdf"]),
    )
    return HTMLResponse(html_of(receipt_of(session, reader), links), headers=PRIVATE)


def _reader(here: Context, session: DiagnosisSession, language: str, *, zone: str = "UTC") -> Reader:
    return Reader(language, ZoneInfo(zone), here.profiles.get(session.kind))


def _said(lang: str | None) -> str:
    return "" if lang is None else f"?lang={lang}"


def _printed(session: DiagnosisSession, reader: Reader) -> Response:
    return _as_pdf(receipt_of(session, reader), session.id)


def _as_pdf(paper: Paper, name: str) -> Response:
    from api.papers.pdf import pdf_of  # noqa: PLC0415  (what draws PDF is large, and only these papers need it)

    named = {"content-disposition": f'attachment; filename="{name}-{paper.language}.pdf"'}
    return Response(pdf_of(paper), media_type="application/pdf", headers={**PRIVATE, **named})
