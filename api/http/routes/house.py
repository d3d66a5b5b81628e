"""``/operations``: how the service itself is: what keeps it from its work, its figures, what is missing in the ledger, what it is made of."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter
from pydantic import BaseModel

from api.http.access import Manager, Viewer
from api.http.context import Context, Here
from api.service.signs import figures_of
from api.settings.settings import Settings

router = APIRouter(tags=["operations"])

GAPS_MAX = 200


class Figure(BaseModel):
    """A figure as Prometheus reads it."""

    name: str
    labels: dict[str, str]
    value: float


class Gap(BaseModel):
    """What is missing of one boot of one appliance: sent, as its numbers say, and neither stored nor refused."""

    appliance_id: str
    boot: str
    gap: int
    stored: int
    dead_lettered: int


class About(BaseModel):
    """What runs here, and on what; nothing of it is secret."""

    version: str
    python: str
    licence: str
    broker: str
    journal: str
    store: str
    database: str
    data_dir: str
    data_bytes: int


class Operations(BaseModel):
    """How the service is."""

    ready: bool
    reasons: list[str]
    figures: list[Figure]
    gaps: list[Gap]
    about: About


class AuditVerdict(BaseModel):
    """Whether the record of who did what is whole; ``first_bad`` is the number of the first entry that does not fit."""

    is_whole: bool
    first_bad: int | None


@router.get("/operations")
def read_operations(here: Here, _account: Viewer) -> Operations:
    """How the service itself is: reasons, figures, gaps of the ledger with the largest first, and what it is made of."""
    reasons = list(here.not_ready())
    return Operations(
        ready=not reasons, reasons=reasons, figures=_figures(here), gaps=_gaps(here), about=_about(here.settings)
    )


@router.get("/audit/verdict")
def verify_audit(here: Here, account: Manager) -> AuditVerdict:
    """Whether no entry of the audit was changed, removed from the middle, or put in later."""
    bad = here.desk.by(account.name).audit.verify()
    return AuditVerdict(is_whole=bad is None, first_bad=bad)


def _figures(here: Context) -> list[Figure]:
    told = figures_of(here.metrics())
    return [Figure(name=name, labels=labels, value=value) for name, labels, value in told]


def _gaps(here: Context) -> list[Gap]:
    books = here.books()
    if books is None:
        return []
    rows = [row for row in books.ledger_rows() if row.gap]
    rows.sort(key=lambda row: -(row.gap or 0))
    return [
        Gap(
            appliance_id=row.id,
            boot=row.boot or "",
            gap=row.gap or 0,
            stored=row.stored,
            dead_lettered=row.dead_lettered,
        )
        for row in rows[:GAPS_MAX]
    ]


def _about(settings: Settings) -> About:
    return About(
        version=version("fettle"),
        python=platform.python_version(),
        licence="Apache-2.0",
        broker=_place(settings.mqtt_url),
        journal=_place(settings.journal_url) or "embedded",
        store=_place(settings.store_url) or "embedded",
        database=_place(settings.database_url) or "SQLite",
        data_dir=str(settings.data_dir.resolve()),
        data_bytes=_size(settings.data_dir),
    )


def _place(url: str | None) -> str:
    """An address without name and password."""
    if not url:
        return ""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _size(folder: Path) -> int:
    """Bytes of all files below a folder; one that goes meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
