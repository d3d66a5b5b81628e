"""``/appliances``: which there are, how each is, and what happened to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from alerts.alerting.unheard import CONNECTION_LOST, TITLE
from alerts.appliances.directory import ApplianceFilter, ApplianceSort, Availability
from api.http.access import Admin, Viewer
from api.http.context import Here, Language
from api.http.documents import Appliance, ApplianceDetail, ApplianceEvent, Document, Profile, show
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT
from api.http.request import Request
from api.service.retirement import assign, erase, open_registry, retire, revive
from detectors.finding import ConditionState
from detectors.pipeline import DATA_FAULTS
from ingest.profiles import profile_for
from ingest.store import StoreUnavailable

router = APIRouter(tags=["appliances"])


class AppliancePage(Page[Appliance]):
    """One page of appliances; the first one says how many there are on all pages."""

    total: int | None = None


@router.get("/appliances")
def list_appliances(
    here: Here,
    account: Viewer,
    page: PageQuery,
    *,
    kind: str | None = None,
    availability: Availability | None = None,
    condition: ConditionState | None = None,
    region: str | None = None,
    failing_30d_min: Annotated[
        float | None, Query(ge=0, le=1, description="in service, and failing within thirty days at least so probably")
    ] = None,
    q: Annotated[str | None, Query(max_length=200, description="in id, model, serial, region")] = None,
    sort: ApplianceSort = ApplianceSort.NEWEST,
) -> AppliancePage:
    """One page of appliances, in the wanted order; among equals the newest registration comes first."""
    wanted = ApplianceFilter(
        kind=kind,
        availability=availability,
        condition=condition,
        region=region,
        failing_30d_min=failing_30d_min,
        q=q,
        sort=sort,
    )
    desk = here.desk.by(account.name).appliances
    found = desk.page(wanted, cursor=page.cursor, limit=page.limit)
    total = desk.count(wanted) if page.cursor is None else None
    return AppliancePage(items=[show(Appliance, item) for item in found.items], next=found.next, total=total)


@router.get("/appliances/{appliance_id}")
def read_appliance(here: Here, account: Viewer, language: Language, appliance_id: str) -> ApplianceDetail:
    """One appliance with its newest readings, and what its profile knows of its metrics."""
    appliance = here.desk.by(account.name).appliances.read(appliance_id)
    try:
        newest = here.store.latest(appliance.kind, appliance_id)
    except StoreUnavailable:
        newest = {}  # the appliance is known without its readings
    profile = profile_for(appliance.kind, here.profiles)
    shown = show(Appliance, appliance).model_dump()
    latest = {name: {"ts": ts_ms, "value": value} for name, (ts_ms, value) in newest.items()}
    metrics = list(profile.metrics.values())
    return ApplianceDetail.model_validate(
        {**shown, "latest": latest, "metrics": metrics}, context={"language": language}
    )


@router.post("/appliances/{appliance_id}/retire")
def retire_appliance(here: Here, account: Admin, appliance_id: str) -> Appliance:
    """Take it out of service: its messages are refused, it gets neither tickets nor sessions; repeated, it stays so."""
    desk = here.desk.by(account.name)
    with open_registry(here.settings.data_dir) as registry:
        return show(Appliance, retire(registry, desk.appliances, appliance_id, now_ms=here.clock.now_ms()))


@router.post("/appliances/{appliance_id}/revive")
def revive_appliance(here: Here, account: Admin, appliance_id: str) -> Appliance:
    """Bring it back; `fettle appliances revive` gives it a new password for the broker."""
    desk = here.desk.by(account.name)
    with open_registry(here.settings.data_dir) as registry:
        return show(Appliance, revive(registry, desk.appliances, appliance_id))


class AssignRequest(Request):
    """Whose the id is."""

    kind: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")


@router.post("/appliances/{appliance_id}/assign")
def assign_appliance(here: Here, account: Admin, appliance_id: str, body: AssignRequest) -> Appliance:
    """Give an id that somebody else took to the kind that it is for; whoever had it is refused from now on."""
    desk = here.desk.by(account.name)
    with open_registry(here.settings.data_dir) as registry:
        return show(Appliance, assign(registry, desk.appliances, appliance_id, body.kind))


class Erased(Document):
    """What of an appliance went; the journal keeps what was received for so many days at most."""

    appliance_id: str
    events: int
    dead_letters: int
    journal_until_days: float


@router.post("/appliances/{appliance_id}/erase", responses=CONFLICT)
def erase_appliance(here: Here, account: Admin, appliance_id: str) -> Erased:
    """Drop a retired appliance's readings, events, learned state and dead letters; tickets and audit stay as history."""
    desk = here.desk.by(account.name)
    with open_registry(here.settings.data_dir) as registry:
        gone = erase(registry, desk.appliances, here.store, appliance_id, retention_days=here.settings.retention_days)
    return show(Erased, gone)


@router.get("/appliances/{appliance_id}/events")
def list_events(here: Here, account: Viewer, page: PageQuery, appliance_id: str) -> Page[ApplianceEvent]:
    """What happened at an appliance, newest first: parts, firmware, moves, error codes."""
    here.desk.by(account.name).appliances.read(appliance_id)
    found = here.desk.by(account.name).appliances.events(appliance_id, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(ApplianceEvent, item) for item in found.items], next=found.next)


@router.get("/profiles")
def list_profiles(here: Here, _account: Viewer, language: Language) -> Page[Profile]:
    """What each kind's metrics, features and fault modes are called; all of them on one page."""
    items = []
    faults_of_data = {**DATA_FAULTS, CONNECTION_LOST: TITLE}
    for profile in here.profiles.values():
        document = {
            "kind": profile.kind,
            "label": profile.label,
            "unit": profile.unit,
            "metrics": list(profile.metrics.values()),
            "features": list(profile.features),
            "fault_modes": list(profile.fault_modes.values()),
            "data_faults": [{"name": name, "title": title} for name, title in faults_of_data.items()],
            "tests": list(profile.tests.values()),
        }
        items.append(Profile.model_validate(document, context={"language": language}))
    return Page(items=items, next=None)
