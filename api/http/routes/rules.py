"""``/rules``: what the desk goes by, as it stands in its file; ``/calendars``: when work is done, and the days ahead."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from alerts.calendars.days_ahead import days_ahead, is_open
from alerts.rules.calendars import CalendarRules, Policy
from api.http.access import Manager, Viewer
from api.http.context import Here
from api.http.paging import Page

router = APIRouter(tags=["rules"])

Days = Annotated[int, Query(ge=1, le=92, description="so many days from today on")]


class DayAhead(BaseModel):
    """One local day of a calendar."""

    day: date
    hours: list[tuple[str, str]] = Field(
        description="from and to, local times; an end before its beginning is in the next day"
    )
    holiday: str | None = Field(
        description="the public holiday; empty for a day that the rules close, null for any other"
    )


class BusinessCalendar(BaseModel):
    """When work is done, where, and what goes by it."""

    name: str
    timezone: str
    week: str
    holidays: str | None = Field(description="the country, or its part, whose public holidays are closed")
    is_open: bool
    policies: list[str]
    regions: list[str] = Field(description="regions of the policies that use it; empty where one fits every region")
    days: list[DayAhead]


@router.get("/rules")
def read_rules(here: Here, account: Manager) -> dict[str, Any]:
    """All rules in force, by part and key, defaults filled in; ``docs/rules.md`` has their units. Addresses are left out."""
    del account
    return here.desk.unit.rules.in_force.model_dump(mode="json", exclude={"people": {"__all__": {"address"}}})


@router.get("/calendars")
def list_calendars(here: Here, account: Viewer, days: Days = 14) -> Page[BusinessCalendar]:
    """The business calendars of the rules, by name, with the days ahead."""
    del account
    rules, now_ms = here.desk.unit.rules.in_force, here.desk.unit.clock.now_ms()
    return Page(
        items=[_shown(name, one, rules.policies, now_ms, days) for name, one in sorted(rules.calendars.items())]
    )


def _shown(name: str, rules: CalendarRules, policies: tuple[Policy, ...], now_ms: int, days: int) -> BusinessCalendar:
    calendar, using = rules.calendar, [policy for policy in policies if policy.calendar == name]
    fits_all = any(not policy.regions for policy in using)
    return BusinessCalendar(
        name=name,
        timezone=rules.timezone,
        week=rules.week,
        holidays=rules.holidays,
        is_open=is_open(calendar, now_ms),
        policies=[policy.name for policy in using],
        regions=[] if fits_all else sorted({region for policy in using for region in policy.regions}),
        days=[
            DayAhead(day=one.day, hours=list(one.hours), holiday=one.holiday)
            for one in days_ahead(calendar, now_ms, count=days)
        ],
    )
