"""Incidents, read: one with its members, and lists."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from alerts.database import Transaction
from alerts.errors import UnknownError
from alerts.incidents.incident import CAUSES, Incident, IncidentKind, IncidentState, Member
from alerts.incidents.tables import incident_members, incidents
from alerts.page import Page, moment, select_page
from ingest.clock import from_ms

MEMBERS_SHOWN = 500
MEMBERS_LISTED = 20


def read_incident(t: Transaction, ref: str) -> Incident:
    """The incident with this id or number, with its first members, or :class:`UnknownError`."""
    is_number = ref.isascii() and ref.isdecimal() and len(ref) <= 18
    which = incidents.c.number == int(ref) if is_number else incidents.c.id == ref
    row = t.connection.execute(select(incidents).where(which)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no incident {ref!r}.")
    return _incident(row, _members(t, row.id, MEMBERS_SHOWN))


def list_incidents(
    t: Transaction, *, state: IncidentState | None, kind: IncidentKind | None = None, cursor: str | None, limit: int
) -> Page[Incident]:
    """One page of incidents, newest first."""
    query = select(incidents)
    if state is not None:
        query = query.where(incidents.c.state == state.value)
    if kind is not None:
        query = query.where(incidents.c.kind == kind.value)
    rows, after = select_page(t.connection, query, incidents.c.number, cursor=cursor, limit=limit)
    return Page(tuple(_incident(row, _members(t, row.id, MEMBERS_LISTED)) for row in rows), after)


def _members(t: Transaction, incident_id: str, limit: int) -> tuple[Member, ...]:
    columns = incident_members.c
    query = select(incident_members).where(columns.incident_id == incident_id).order_by(columns.n).limit(limit)
    return tuple(Member(row.appliance_id, row.alert_id, from_ms(row.joined_ms)) for row in t.connection.execute(query))


def _incident(row: Row[Any], members: tuple[Member, ...]) -> Incident:
    kind = IncidentKind(row.kind)
    return Incident(
        id=row.id,
        number=row.number,
        kind=kind,
        scope=row.scope,
        cause=row.said or {language: text.format(scope=row.scope) for language, text in CAUSES[kind].items()},
        state=IncidentState(row.state),
        since=from_ms(row.since_ms),
        opened_at=from_ms(row.opened_ms),
        closed_at=moment(row.closed_ms),
        affected=row.affected,
        peak=row.peak,
        exposed=row.exposed,
        low=row.low,
        high=row.high,
        elsewhere=row.elsewhere,
        members=members,
    )
