"""``/kpis``: how the desk did over a period that ends now or at a past moment; what predictions are worth."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from types import SimpleNamespace
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from alerts.indicators.desk import parse_period
from alerts.indicators.figure import FigureUnit
from alerts.indicators.reliability import Cohort
from alerts.page import LIMIT_MAX, all_pages
from api.http.access import Manager
from api.http.context import Here, Language
from api.http.documents import Document, Text, show
from api.http.imports import csv_file
from api.http.paging import Page, PageQuery
from api.http.periods import At, Period, moment_of
from api.http.routes.papers import PDF, Lang
from api.http.spreadsheet import csv_lines
from api.papers.monthly import last_whole_month, month_of, monthly_report

router = APIRouter(tags=["indicators"])
Name = Annotated[str, Query(min_length=1, max_length=64)]
Month = Annotated[str | None, Query(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", description="YYYY-MM")]


class KeyFigure(Document):
    """One figure with what it was counted from."""

    title: Text
    value: float | None = Field(description="null where nothing was counted")
    n: int = Field(description="how many cases it was counted from; they are at /kpis/cases")
    unit: FigureUnit
    definition: Text
    target: float | None
    is_at_most: bool = Field(description="whether less is better; with a target, whether it is a ceiling")
    is_met: bool | None = Field(description="null without a target, or where nothing was counted")


class FigureCase(Document):
    """One case behind a figure."""

    at: datetime
    value: float = Field(description="what it adds: 1 or 0 of a share, hours, money")
    ticket_number: int | None = Field(description="null where it is no ticket's: a contract, a quality case")
    title: str | None
    appliance_id: str | None


class Reliability(Document):
    """One cohort: failures per 1,000 appliance-months in service, and hours between failures, with 95 % intervals."""

    cohort: str
    kind: str | None
    appliances: int = Field(description="in service in the period; for components and fault modes all of the kind")
    exposure_months: float
    failures: int = Field(description="episodes closed in the period as confirmed or another fault")
    rate: float | None = Field(description="per 1,000 appliance-months")
    low: float | None
    high: float | None
    mtbf_h: float | None
    mtbf_low_h: float | None
    mtbf_high_h: float | None


class ReliabilityTable(Document):
    """All cohorts of a period, the one with the highest lower end first."""

    start: datetime
    end: datetime
    by: Cohort
    cohorts: list[Reliability]


class DayCount(Document):
    """How much there was on one day (UTC)."""

    day: date
    alerts: int
    tickets: int = Field(description="opened")
    closed: int = Field(description="episodes that ended")
    incidents: int
    notices: int


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
    currency: str = Field(description="of all money in the families")
    families: dict[str, dict[str, KeyFigure]] = Field(
        description="quality, efficiency, product, cost, revenue: figures with definitions"
    )


class ModeFigures(Document):
    """How a fault mode was predicted, of the episodes closed in the period with a verdict."""

    kind: str
    fault_mode: str = Field(description="empty where the tickets name none")
    judged: int = Field(description="predictions with a verdict")
    confirmed: int
    precision: float | None
    low: float = Field(description="the 95 % interval of the precision: from")
    high: float
    visits: int = Field(description="predictions that somebody drove for")
    in_vain: int
    lead_days_median: float | None = Field(
        description="days from a confirmed prediction to the failure, or to the repair where it did not fail before"
    )
    failed_first: int = Field(description="confirmed predictions whose appliance failed before it was repaired")
    unforeseen: int = Field(description="real faults that came in without a prediction")


class Group(Document):
    """Appliances whose predictions are acted on, or are not."""

    appliances: int
    exposure_months: float
    breakdowns: int = Field(description="real faults that no prediction and no plan brought in")
    rate: float | None = Field(description="per 1,000 appliance-months")
    low: float | None
    high: float | None


class Interval(Document):
    """A figure with its 95 % interval; null where what was counted does not bound it."""

    value: float | None
    low: float | None
    high: float | None


class Worth(Document):
    """What acting on predictions was worth, against a hold-out group drawn by chance (`[hold_out]` of the rules)."""

    start: datetime
    end: datetime
    share: float = Field(description="of appliances that are held out today")
    acted_on: Group
    held_out: Group
    avoided: Interval | None = Field(description="breakdowns; null where nobody was held out")
    currency: str
    spent: float = Field(description="on predictions, at the prices of the gate")
    visits: int
    remote_sessions: int
    fix_first: int
    cost_per_avoided: Interval | None


@router.get("/kpis")
def read_indicators(
    here: Here,
    account: Manager,
    language: Language,
    period: Period = "month",
    at: At = None,
) -> Indicators:
    """Figures of the period that ends at a moment; for a past one the same answer whenever it is asked."""
    desk, span, moment = here.desk.by(account.name).indicators, parse_period(period), moment_of(at)
    figures = desk.over(span, at=moment)
    values = {field.name: getattr(figures, field.name) for field in fields(figures)}
    values["currency"] = desk.unit.rules.in_force.gate.currency
    return show(Indicators, SimpleNamespace(**values, families=desk.families(span, at=moment)), language=language)


@router.get("/kpis.csv", response_class=StreamingResponse)
def export_indicators(
    here: Here, account: Manager, language: Language, period: Period = "month", at: At = None
) -> StreamingResponse:
    """Every figure as a row, for spreadsheets."""
    families = here.desk.by(account.name).indicators.families(parse_period(period), at=moment_of(at))
    rows = (
        {"family": family, "figure": name, **show(KeyFigure, figure, language=language).model_dump(mode="json")}
        for family, figures in families.items()
        for name, figure in figures.items()
    )
    return csv_file(csv_lines(("family", "figure", *KeyFigure.model_fields), rows), "kpis.csv")


@router.get("/kpis/report.pdf", response_class=Response, responses=PDF)
def print_report(here: Here, account: Manager, language: Language, month: Month = None, lang: Lang = None) -> Response:
    """A calendar month (UTC) on paper, with the month before beside it; the last whole month where none is given."""
    from api.papers.pdf import pdf_of  # noqa: PLC0415  (what draws PDF is large, and only papers need it)

    desk, said = here.desk.by(account.name).indicators, lang or language
    first = month_of(month) if month else last_whole_month(here.clock.now())
    paper = monthly_report(desk, here.profiles, first, said)
    name = f"fettle-{first:%Y-%m}.pdf"
    headers = {"content-disposition": f'inline; filename="{name}"', "cache-control": "no-store"}
    return Response(pdf_of(paper), media_type="application/pdf", headers=headers)


@router.get("/kpis/cases")
def list_cases(
    here: Here, account: Manager, page: PageQuery, family: Name, figure: Name, period: Period = "month", at: At = None
) -> Page[FigureCase]:
    """The cases that a figure was counted from, newest first: as many as its ``n``."""
    found = here.desk.by(account.name).indicators.cases(
        family, figure, parse_period(period), at=moment_of(at), cursor=page.cursor, limit=page.limit
    )
    return Page(items=[show(FigureCase, one) for one in found.items], next=found.next)


@router.get("/kpis/cases.csv", response_class=StreamingResponse)
def export_cases(
    here: Here, account: Manager, family: Name, figure: Name, period: Period = "month", at: At = None
) -> StreamingResponse:
    """All of them, for spreadsheets."""
    desk, span, moment = here.desk.by(account.name).indicators, parse_period(period), moment_of(at)
    found = all_pages(lambda cursor: desk.cases(family, figure, span, at=moment, cursor=cursor, limit=LIMIT_MAX))
    rows = (show(FigureCase, one).model_dump(mode="json") for one in found)
    return csv_file(csv_lines(tuple(FigureCase.model_fields), rows), f"{family}-{figure}.csv")


@router.get("/kpis/reliability")
def read_reliability(
    here: Here, account: Manager, by: Cohort = Cohort.MODEL, period: Period = "year", at: At = None
) -> ReliabilityTable:
    """Failure rates and mean time between failures by cohort, with exposure and interval."""
    found = here.desk.by(account.name).indicators.reliability(by, parse_period(period), at=moment_of(at))
    return show(ReliabilityTable, found)


@router.get("/kpis/days")
def read_days(here: Here, account: Manager, period: Period = "month", at: At = None) -> Page[DayCount]:
    """Alerts, tickets, incidents and notices of each day of a period, oldest first."""
    found = here.desk.by(account.name).indicators.days(parse_period(period), at=moment_of(at))
    return Page(items=[show(DayCount, one) for one in found])


@router.get("/kpis/modes")
def read_modes(here: Here, account: Manager, period: Period = "year", at: At = None) -> Page[ModeFigures]:
    """Precision, lead time and visits in vain of each fault mode, the most often predicted first."""
    found = here.desk.by(account.name).indicators.modes(parse_period(period), at=moment_of(at))
    return Page(items=[show(ModeFigures, one) for one in found])


@router.get("/kpis/worth")
def read_worth(here: Here, account: Manager, period: Period = "year", at: At = None) -> Worth:
    """Breakdowns avoided, and what each cost, with 95 % intervals."""
    return show(Worth, here.desk.by(account.name).indicators.worth(parse_period(period), at=moment_of(at)))
