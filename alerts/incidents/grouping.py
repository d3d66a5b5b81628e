"""Grouping: a look over directory and alerts that opens incidents, keeps their figures, and closes them.

One look costs a few grouped queries, however much happens; members are written when they join. It is told to others
twice, when it opens and when it is over, and never once per appliance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, func, insert, literal, select, update

from alerts.appliances.directory import Availability, availability_at, greater
from alerts.appliances.listening import read_listening
from alerts.appliances.tables import appliances
from alerts.audit.chain import record_audit
from alerts.database import SYSTEM, Transaction
from alerts.incidents.incident import IncidentKind, IncidentState, interval_of
from alerts.incidents.rules import (
    DEVIATES_WITHIN_MS,
    ENDS_BELOW,
    HEARD_WITHIN_MS,
    OF_SILENCE,
    RULES,
    STANDS_AT_LEAST_MS,
    WAIT_MS,
    Rule,
    Sign,
    scope_of,
)
from alerts.incidents.tables import incident_members, incidents
from alerts.notices.changes import Subject, put_notice, record_change

Deviating = Callable[[int], Select[Any]]
"""Appliances whose own alerts stand, raised after a time: rows of (appliance_id, alert_id, since_ms), one per appliance."""


@dataclass(frozen=True, slots=True)
class Group:
    """The affected of one scope."""

    rule: Rule
    values: tuple[str, ...]
    """What the rule's columns hold here."""
    affected: int
    exposed: int
    since_ms: int
    elsewhere: float | None

    @property
    def scope(self) -> str:
        """The scope as one text."""
        return scope_of(self.values)

    @property
    def is_incident(self) -> bool:
        """Whether the rule holds."""
        share = self.affected / max(self.exposed, 1)
        is_rare = self.elsewhere is None or share >= self.rule.times_elsewhere * self.elsewhere
        return self.affected >= self.rule.at_least and share >= self.rule.share and is_rare


@dataclass(frozen=True, slots=True)
class Opened:
    """What a look has changed: incidents that hold tickets and were opened, and how many were closed."""

    holding: tuple[str, ...]
    closed: int


def is_due(t: Transaction, deviating: Deviating, *, stale_after_s: float) -> bool:
    """Whether a look would change anything: an incident stands, or should."""
    if t.connection.execute(_open().limit(1)).first() is not None:
        return True
    affected = _affected(t, deviating, stale_after_s=stale_after_s)
    groups = (group for rule in RULES for group in _groups(t, rule, affected[rule.sign]))
    return any(group.is_incident and _has_waited(t, group) for group in groups)


def _affected(t: Transaction, deviating: Deviating, *, stale_after_s: float) -> Mapping[Sign, Select[Any]]:
    return {
        Sign.SILENCE: _silent(t, stale_after_s=stale_after_s),
        Sign.DEVIATION: deviating(t.now_ms - DEVIATES_WITHIN_MS),
    }


def look(t: Transaction, deviating: Deviating, *, stale_after_s: float) -> Opened:
    """One look: what has begun, what goes on, what is over."""
    standing = {(row.kind, row.scope): row for row in t.connection.execute(_open()).all()}
    affected = _affected(t, deviating, stale_after_s=stale_after_s)
    holding: list[str] = []
    seen_ms: dict[tuple[str, str], int] = {}
    wider: set[Sign] = set()
    for rule in RULES:
        for group in _groups(t, rule, affected[rule.sign]):
            key = (rule.kind.value, group.scope)
            row = standing.get(key)
            is_new = row is None and group.is_incident and rule.sign not in wider and _has_waited(t, group)
            if is_new:
                row = open_incident(t, group)
                if rule.holds_tickets:
                    holding.append(row.id)
            if row is None:
                continue
            _join(t, row, group, affected[rule.sign])
            seen_ms[key] = row.seen_ms if is_new or row.fleet_key is not None else _keep(t, row, group)
            if rule.kind is IncidentKind.BROKER:
                wider.add(rule.sign)
    closed = [
        row
        for key, row in standing.items()
        if row.fleet_key is None
        and (_is_part(key, wider) or t.now_ms - seen_ms.get(key, row.seen_ms) >= STANDS_AT_LEAST_MS)
    ]
    for row in closed:
        _close(t, row)
    return Opened(tuple(holding), len(closed))


def _open() -> Select[Any]:
    return select(incidents).where(incidents.c.state == IncidentState.OPEN.value)


def _silent(t: Transaction, *, stale_after_s: float) -> Select[Any]:
    """Appliances that were heard within some hours, or when their incident began, and are not now."""
    heard_ms = _heard_ms()
    available = availability_at(t.now_ms, stale_after_s=stale_after_s, listening=read_listening(t))
    gone = (Availability.OFFLINE.value, Availability.STALE.value)
    return select(
        appliances.c.id.label("appliance_id"), literal(None, String).label("alert_id"), heard_ms.label("since_ms")
    ).where(_is_exposed(t, Sign.SILENCE), available.in_(gone))


def _heard_ms() -> ColumnElement[int]:
    seen_ms, told_ms = func.coalesce(appliances.c.last_seen_ms, 0), func.coalesce(appliances.c.status_ms, 0)
    return greater(seen_ms, told_ms)


def _is_exposed(t: Transaction, sign: Sign) -> ColumnElement[bool]:
    """Who could be affected: who is in service, and for silence was heard lately, or is part of a silence that stands."""
    in_service = appliances.c.retired.is_(False)
    if sign is not Sign.SILENCE:
        return in_service
    standing = (
        select(incident_members.c.appliance_id)
        .join(incidents, incidents.c.id == incident_members.c.incident_id)
        .where(incidents.c.state == IncidentState.OPEN.value, incidents.c.kind.in_(OF_SILENCE))
    )
    return in_service & ((_heard_ms() > t.now_ms - HEARD_WITHIN_MS) | appliances.c.id.in_(standing))


def _groups(t: Transaction, rule: Rule, affected: Select[Any]) -> list[Group]:
    """The affected by scope, with how many are exposed there and how it is elsewhere; only scopes worth a look."""
    columns = [appliances.c[name] for name in rule.columns]
    hit = affected.subquery()
    query = (
        select(*columns, func.count().label("affected"), func.min(hit.c.since_ms).label("since_ms"))
        .select_from(hit.join(appliances, appliances.c.id == hit.c.appliance_id))
        .where(*[column.is_not(None) for column in columns])
    )
    rows = t.connection.execute(query.group_by(*columns) if columns else query).all()
    worth = [row for row in rows if row.affected >= 1]
    if not any(row.affected >= rule.at_least for row in worth):
        return []
    exposed = _exposed(t, rule)
    everyone, all_hit = sum(exposed.values()), sum(row.affected for row in worth)
    groups = []
    for row in worth:
        values = tuple(row[: len(columns)])
        here = exposed.get(values, row.affected)
        others = everyone - here
        elsewhere = (all_hit - row.affected + 0.5) / (others + 1) if others > 0 else None
        groups.append(Group(rule, values, row.affected, here, row.since_ms, elsewhere))
    return groups


def _exposed(t: Transaction, rule: Rule) -> Mapping[tuple[str, ...], int]:
    columns = [appliances.c[name] for name in rule.columns]
    query = select(*columns, func.count()).where(
        _is_exposed(t, rule.sign), *[column.is_not(None) for column in columns]
    )
    rows = t.connection.execute(query.group_by(*columns) if columns else query).all()
    return {tuple(row[:-1]): row[-1] for row in rows}


def _has_waited(t: Transaction, group: Group) -> bool:
    return group.rule.sign is Sign.DEVIATION or group.since_ms <= t.now_ms - WAIT_MS


def open_incident(t: Transaction, group: Group) -> Row[Any]:
    """Open an incident for a group, and tell it."""
    low, high = interval_of(group.affected, group.exposed)
    incident_id = t.new_id("in")
    values = {
        "id": incident_id,
        "kind": group.rule.kind.value,
        "scope": group.scope,
        "state": IncidentState.OPEN.value,
        "since_ms": group.since_ms,
        "opened_ms": t.now_ms,
        "seen_ms": t.now_ms,
        "affected": group.affected,
        "peak": group.affected,
        "exposed": group.exposed,
        "low": low,
        "high": high,
        "elsewhere": group.elsewhere,
    }
    t.connection.execute(insert(incidents).values(values))
    row = t.connection.execute(select(incidents).where(incidents.c.id == incident_id)).one()
    _tell(t, row, "opened", affected=group.affected)
    return row


def _join(t: Transaction, row: Row[Any], group: Group, affected: Select[Any]) -> None:
    """Write down the members that are new, in one statement."""
    hit = affected.subquery()
    columns = [appliances.c[name] for name in group.rule.columns]
    mine = select(incident_members.c.appliance_id).where(incident_members.c.incident_id == row.id)
    query = (
        select(literal(row.id), hit.c.appliance_id, func.max(hit.c.alert_id), literal(t.now_ms))
        .select_from(hit.join(appliances, appliances.c.id == hit.c.appliance_id))
        .where(hit.c.appliance_id.not_in(mine))
        .group_by(hit.c.appliance_id)
    )
    query = query.where(*[column == value for column, value in zip(columns, group.values, strict=True)])
    names = ["incident_id", "appliance_id", "alert_id", "joined_ms"]
    t.connection.execute(insert(incident_members).from_select(names, query))


def _keep(t: Transaction, row: Row[Any], group: Group) -> int:
    """Write down how many are affected now; when the incident was last seen to stand."""
    low, high = interval_of(group.affected, group.exposed)
    values: dict[str, Any] = {"affected": group.affected, "exposed": group.exposed, "low": low, "high": high}
    values |= {"peak": max(row.peak, group.affected), "elsewhere": group.elsewhere}
    if group.affected >= ENDS_BELOW * values["peak"]:
        values["seen_ms"] = t.now_ms
    t.connection.execute(update(incidents).where(incidents.c.id == row.id).values(values))
    return int(values.get("seen_ms", row.seen_ms))


def _is_part(key: tuple[str, str], wider: set[Sign]) -> bool:
    return Sign.SILENCE in wider and key[0] in {IncidentKind.REGION.value, IncidentKind.HOME.value}


def _close(t: Transaction, row: Row[Any]) -> None:
    values = {"state": IncidentState.CLOSED.value, "closed_ms": t.now_ms, "affected": 0}
    t.connection.execute(update(incidents).where(incidents.c.id == row.id).values(values))
    _tell(t, row, "closed", affected=0)


def _tell(t: Transaction, row: Row[Any], event: str, *, affected: int) -> None:
    told = {"id": row.id, "number": row.number, "kind": row.kind, "scope": row.scope, "affected": affected}
    record_change(
        t, Subject.INCIDENT, row.id, {"number": row.number, "state": "open" if event == "opened" else "closed"}
    )
    is_new = event == "opened"
    was = None if is_new else {"state": IncidentState.OPEN.value, "affected": row.affected}
    now = {"state": (IncidentState.OPEN if is_new else IncidentState.CLOSED).value, "affected": affected}
    about = {"kind": row.kind, "scope": row.scope}
    record_audit(t.by(SYSTEM), f"incident.{event}", row.id, before=was, after=now, about=about)
    put_notice(t, f"incident.{event}", row.id, told, dedupe_key=f"{row.id}:{event}")
