"""Technicians, their absences and customers' wishes, read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, Text, cast, select

from alerts.customers.access_hours import hours_of
from alerts.database import Transaction
from alerts.errors import UnknownError
from alerts.page import Page, select_page
from alerts.people.tables import absences, preferences, technicians
from alerts.people.technician import Absence, AbsenceReason, Licence, Preference, Technician, Wish
from alerts.place import place_of
from alerts.words import fold, looked_for
from ingest.clock import from_ms

TECHNICIANS_MAX = 20_000
_JSON = ("areas", "skills", "licences", "shifts")
_ROWS = select(*[cast(one, Text).label(one.name) if one.name in _JSON else one for one in technicians.c])
"""Technicians with what is JSON as its text: most read as they did the last time, and need not be read again."""


@dataclass(frozen=True, slots=True)
class TechnicianFilter:
    """Which technicians are wanted; what is not given is not asked."""

    q: str | None = None
    area: str | None = None
    skill: str | None = None
    provider_id: str | None = None
    is_active: bool | None = None


def list_technicians(t: Transaction, wanted: TechnicianFilter, *, cursor: str | None, limit: int) -> Page[Technician]:
    """One page of technicians, newest first."""
    query = _filtered(wanted)
    if wanted.q is None and wanted.area is None and wanted.skill is None:
        rows, after = select_page(t.connection, query, technicians.c.n, cursor=cursor, limit=limit)
        return Page(tuple(_technician(row) for row in rows), after)
    words = looked_for(wanted.q or "")
    fitting = [row.n for row in t.connection.execute(query.limit(TECHNICIANS_MAX)) if _fits(row, wanted, words)]
    chosen = _ROWS.where(technicians.c.n.in_(fitting))
    rows, after = select_page(t.connection, chosen, technicians.c.n, cursor=cursor, limit=limit)
    return Page(tuple(_technician(row) for row in rows), after)


def all_active(t: Transaction) -> Sequence[Technician]:
    """Everybody who can be sent, first entered first."""
    query = _ROWS.where(technicians.c.is_active.is_(True)).order_by(technicians.c.n)
    return [_technician(row) for row in t.connection.execute(query.limit(TECHNICIANS_MAX))]


def read_technician(t: Transaction, technician_id: str) -> Technician:
    """One technician."""
    row = t.connection.execute(_ROWS.where(technicians.c.id == technician_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no technician {technician_id!r}.")
    return _technician(row)


def technician_of(t: Transaction, account: str) -> Technician | None:
    """The technician who comes in by an account."""
    row = t.connection.execute(_ROWS.where(technicians.c.account == account)).one_or_none()
    return None if row is None else _technician(row)


def find_external(t: Transaction, external_id: str) -> str | None:
    """The technician with another system's id."""
    query = select(technicians.c.id).where(technicians.c.external_id == external_id)
    return t.connection.execute(query).scalar_one_or_none()


def list_absences(t: Transaction, technician_id: str) -> Sequence[Absence]:
    """When a technician is or was not there, the newest first."""
    query = select(absences).where(absences.c.technician_id == technician_id).order_by(absences.c.from_ms.desc())
    return [_absence(row) for row in t.connection.execute(query)]


def absences_between(t: Transaction, start_ms: int, end_ms: int) -> Sequence[Absence]:
    """Every absence that touches a time."""
    query = select(absences).where(absences.c.until_ms > start_ms, absences.c.from_ms < end_ms)
    return [_absence(row) for row in t.connection.execute(query.order_by(absences.c.n))]


def list_preferences(t: Transaction, customer_id: str) -> Sequence[Preference]:
    """Whom a customer wants at the door, and whom not."""
    query = select(preferences).where(preferences.c.customer_id == customer_id).order_by(preferences.c.technician_id)
    return [
        Preference(row.customer_id, row.technician_id, Wish(row.wish), row.note, row.recorded_by, from_ms(row.at_ms))
        for row in t.connection.execute(query)
    ]


def _filtered(wanted: TechnicianFilter) -> Select[Any]:
    query = _ROWS
    if wanted.provider_id is not None:
        query = query.where(technicians.c.provider_id == wanted.provider_id)
    if wanted.is_active is not None:
        query = query.where(technicians.c.is_active.is_(wanted.is_active))
    return query


def _fits(row: Any, wanted: TechnicianFilter, words: Sequence[str]) -> bool:
    technician = _technician(row)
    if wanted.area is not None and technician.areas and wanted.area not in technician.areas:
        return False
    if wanted.skill is not None and wanted.skill not in technician.skills:
        return False
    text = fold(row.name, row.external_id, row.account, row.id)
    return all(word in text for word in words)


@lru_cache(maxsize=TECHNICIANS_MAX)
def _technician(row: Row[Any]) -> Technician:
    """A function of the row alone: equal rows are the same technician."""
    areas, skills, licences, shifts = (
        json.loads(text) if text else None for text in (row.areas, row.skills, row.licences, row.shifts)
    )
    return Technician(
        id=row.id,
        name=row.name,
        external_id=row.external_id,
        account=row.account,
        provider_id=row.provider_id,
        home=place_of(row.latitude, row.longitude),
        areas=tuple(areas or ()),
        skills=skills or {},
        licences=tuple(Licence(name, date.fromisoformat(day) if day else None) for name, day in licences or ()),
        shifts=hours_of(shifts),
        time_zone=row.time_zone,
        visits_per_day=row.visits_per_day,
        is_active=row.is_active,
        version=row.version,
    )


def _absence(row: Any) -> Absence:
    span = {"start": from_ms(row.from_ms), "end": from_ms(row.until_ms)}
    reason = AbsenceReason(row.reason)
    return Absence(row.id, row.technician_id, **span, reason=reason, note=row.note, recorded_by=row.recorded_by)
