"""Appliances that are no longer heard: an alert of the data each, that stands until they are heard again.

Only kinds that are judged by days are always on, so that their silence means something: who pulls the plug of a washing machine has broken
nothing. What a wide incident explains (a region, a broker that fell silent) is work on that incident, not on each
appliance, as long as it stands and for as many days behind it. The finding is the desk's own, as no reading comes that a detector could judge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, or_, select

from alerts.alerting.tables import alerts, episodes
from alerts.appliances.directory import availability_at, greater
from alerts.appliances.listening import read_listening
from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.incidents.incident import IncidentKind, IncidentState
from alerts.incidents.tables import incident_members, incidents
from alerts.lifecycle import AlertState
from detectors.finding import Cleared, Finding, FindingChannel
from ingest.liveness import Availability
from ingest.profiles.definition import Profile, Unit

CONNECTION_LOST = "connection_lost"
TITLE = {"en": "The appliance is no longer heard", "zh": "收不到设备的数据"}
AT_ONCE = 200
DAY_MS = 24 * 3_600_000
WIDE = (IncidentKind.BROKER.value, IncidentKind.REGION.value)
"""Silences that nobody at home can do anything about."""


def look_for_unheard(t: Transaction, profiles: Mapping[str, Profile], *, stale_after_s: float) -> list[Finding]:
    """Who has fallen silent, and who is heard again: what to state of them, of some at once."""
    always_on = [kind for kind, profile in profiles.items() if profile.unit is Unit.DAY]
    days_ms = round(t.rules.data_faults.unheard_days * DAY_MS)
    fallen = t.connection.execute(_fallen(t, always_on, days_ms, stale_after_s=stale_after_s).limit(AT_ONCE)).all()
    back = t.connection.execute(_back().limit(AT_ONCE)).all()
    return [*(_finding(row, days_ms) for row in fallen), *_cleared(t, back)]


def unheard_since() -> ColumnElement[int]:
    """When an appliance was last heard."""
    seen_ms, told_ms = func.coalesce(appliances.c.last_seen_ms, 0), func.coalesce(appliances.c.status_ms, 0)
    return greater(seen_ms, told_ms)


def _fallen(t: Transaction, kinds: Collection[str], days_ms: int, *, stale_after_s: float) -> Select[Any]:
    heard_ms = unheard_since()
    available = availability_at(t.now_ms, stale_after_s=stale_after_s, listening=read_listening(t))
    stands = exists().where(alerts.c.appliance_id == appliances.c.id, _stands())
    known = exists().where(
        episodes.c.appliance_id == appliances.c.id,
        episodes.c.fault_mode == CONNECTION_LOST,
        episodes.c.raised_ms == heard_ms + days_ms,
    )
    explained = exists().where(
        incident_members.c.appliance_id == appliances.c.id,
        incident_members.c.incident_id == incidents.c.id,
        incidents.c.kind.in_(WIDE),
        incidents.c.opened_ms >= heard_ms,
        or_(incidents.c.state == IncidentState.OPEN.value, incidents.c.closed_ms > t.now_ms - days_ms),
    )
    return select(appliances.c.id, appliances.c.kind, heard_ms.label("heard_ms")).where(
        appliances.c.retired.is_(False),
        appliances.c.kind.in_(kinds),
        heard_ms > 0,
        heard_ms <= t.now_ms - days_ms,
        available.in_((Availability.OFFLINE.value, Availability.STALE.value)),
        ~stands,
        ~known,
        ~explained,
    )


def _back() -> Select[Any]:
    """Alerts that stand although their appliance was heard again, or is out of service."""
    joined = alerts.join(appliances, appliances.c.id == alerts.c.appliance_id)
    is_over = or_(unheard_since() > alerts.c.onset_ms, appliances.c.retired)
    columns = (alerts.c.appliance_id, alerts.c.kind, alerts.c.raised_ms, alerts.c.onset_ms)
    return select(*columns).select_from(joined).where(_stands(), is_over)


def _stands() -> ColumnElement[bool]:
    return (alerts.c.fault_mode == CONNECTION_LOST) & (alerts.c.state != AlertState.RESOLVED.value)


def _finding(row: Row[Any], days_ms: int) -> Finding:
    return _of(row.id, row.kind, raised_ms=row.heard_ms + days_ms, onset_ms=row.heard_ms)


def _cleared(t: Transaction, rows: Collection[Row[Any]]) -> Iterator[Finding]:
    for row in rows:
        yield _of(row.appliance_id, row.kind, raised_ms=row.raised_ms, onset_ms=row.onset_ms, cleared_ms=t.now_ms)


def _of(appliance_id: str, kind: str, *, raised_ms: int, onset_ms: int, cleared_ms: int | None = None) -> Finding:
    return Finding(
        appliance_id=appliance_id,
        kind=kind,
        fault_mode=CONNECTION_LOST,
        component="data",
        channel=FindingChannel.DATA,
        raised_ms=raised_ms,
        onset_ms=onset_ms,
        score=1.0,
        severity=0.0,
        probability=1.0,
        cleared_ms=cleared_ms,
        cleared_because=None if cleared_ms is None else Cleared.CALM,
    )
