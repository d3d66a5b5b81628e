"""Silences: a person mutes an appliance, a fault mode, a region, a model, or what several of them name together.

A silence lasts until a time and has a reason that everyone sees. One that begins later is a maintenance window; one with hours of
the week (``sat 22:00-04:00``) mutes only within them. When it is over, that is told once. What it names must exist, so that a slip of the pen
mutes nothing by accident and is not taken for a silence that works.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Row, and_, delete, false, insert, or_, select, true, update

from alerts.appliances.tables import appliances
from alerts.audit.chain import record_audit
from alerts.database import Transaction
from alerts.errors import ConflictError, InvalidError, UnknownError
from alerts.notices.changes import put_notice
from alerts.rules.calendars import CalendarRules
from alerts.silences.tables import silences
from alerts.words import check_words
from ingest.clock import from_ms, to_ms

LONGEST_MS = 366 * 24 * 3_600_000
STANDING_MAX = 1000
REASON_LENGTH_MAX = 1000


@dataclass(frozen=True, slots=True)
class Scope:
    """What is muted; ``None`` stands for all."""

    appliance_id: str | None = None
    fault_mode: str | None = None
    region: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """What is muted until when, by whom and why; ``None`` stands for all."""

    id: str
    appliance_id: str | None
    fault_mode: str | None
    region: str | None
    model: str | None
    since: datetime
    until: datetime
    week: str | None
    time_zone: str | None
    is_on: bool
    """Whether it mutes now."""
    reason: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """When a silence mutes: until a time, from a later one on, and only within hours of the week."""

    until: datetime
    since: datetime | None = None
    week: str | None = None
    time_zone: str = "UTC"


def add_silence(t: Transaction, scope: Scope, window: Window, *, reason: str, fault_modes: Collection[str]) -> Silence:
    """Mute until a time; everything at once can't be muted."""
    until_ms = to_ms(window.until)
    begins_ms = t.now_ms if window.since is None else max(to_ms(window.since), t.now_ms)
    named = {name: value for name, value in asdict(scope).items() if value is not None}
    if not named:
        raise InvalidError("A silence names an appliance, a fault mode, a region, a model, or several of them.")
    if not t.now_ms < until_ms <= t.now_ms + LONGEST_MS:
        raise InvalidError("until: a silence ends in the future, within a year.")
    if begins_ms >= until_ms:
        raise InvalidError("since: a silence begins before it ends.")
    _check_week(window)
    check_words("reason", reason, longest=REASON_LENGTH_MAX, is_needed=True)
    _must_exist(t, scope, fault_modes)
    if len(list_silences(t)) >= STANDING_MAX:
        raise ConflictError(f"{STANDING_MAX} silences stand already: lift some first.")
    silence_id = t.new_id("si")
    values = {"until_ms": until_ms, "reason": reason, "created_by": t.who, "created_ms": t.now_ms, "from_ms": begins_ms}
    if window.week is not None:
        values |= {"week": window.week, "time_zone": window.time_zone}
    t.connection.execute(insert(silences).values(id=silence_id, **asdict(scope), **values))
    now = {**named, "from_ms": begins_ms, "until_ms": until_ms, "week": window.week, "reason": reason}
    record_audit(t, "silence.add", silence_id, before=None, after=now)
    return _silence(t, t.connection.execute(select(silences).where(silences.c.id == silence_id)).one())


def lift_silence(t: Transaction, silence_id: str) -> None:
    """End a silence now."""
    found = t.connection.execute(delete(silences).where(silences.c.id == silence_id).returning(silences)).first()
    if found is None:
        raise UnknownError(f"There is no silence {silence_id!r}.")
    record_audit(t, "silence.lift", silence_id, before=dict(found._mapping), after=None)  # noqa: SLF001 - a row as a mapping


def list_silences(t: Transaction) -> list[Silence]:
    """What is muted now, or will be, the newest first."""
    query = select(silences).where(silences.c.until_ms > t.now_ms).order_by(silences.c.n.desc())
    return [_silence(t, row) for row in t.connection.execute(query)]


def is_silenced(t: Transaction, appliance_id: str, fault_mode: str) -> bool:
    """Whether a standing silence covers this fault mode of this appliance."""
    columns = silences.c
    at = select(appliances.c.region, appliances.c.model).where(appliances.c.id == appliance_id)
    region, model = t.connection.execute(at).one_or_none() or (None, None)

    def covers(column: ColumnElement[str], value: str | None) -> ColumnElement[bool]:
        return column.is_(None) if value is None else or_(column.is_(None), column == value)

    query = select(columns.week, columns.time_zone).where(
        columns.from_ms <= t.now_ms,
        columns.until_ms > t.now_ms,
        covers(columns.appliance_id, appliance_id),
        covers(columns.fault_mode, fault_mode),
        covers(columns.region, region),
        covers(columns.model, model),
    )
    return any(_is_within(row, t.now_ms) for row in t.connection.execute(query).all())


def covered(t: Transaction, appliance_id: ColumnElement[str], fault_mode: ColumnElement[str]) -> ColumnElement[bool]:
    """The same as a condition on the rows of a query, for many at once."""
    begun = (silences.c.from_ms <= t.now_ms) & (silences.c.until_ms > t.now_ms)
    standing = t.connection.execute(select(silences).where(begun)).all()
    return or_(false(), *[_covers(row, appliance_id, fault_mode) for row in standing if _is_within(row, t.now_ms)])


def tell_over(t: Transaction) -> int:
    """Say of each silence that is over that it is, once; returns of how many."""
    columns = silences.c
    query = select(silences).where(columns.until_ms <= t.now_ms, columns.told_ms.is_(None)).order_by(columns.n)
    rows = t.connection.execute(query.limit(STANDING_MAX)).all()
    for row in rows:
        told = {
            "appliance_id": row.appliance_id,
            "fault_mode": row.fault_mode,
            "region": row.region,
            "model": row.model,
        }
        told = {name: value for name, value in told.items() if value is not None}
        what = " · ".join(told.values())
        told |= {"what": what, "reason": row.reason, "by": row.created_by, "until_ms": row.until_ms}
        put_notice(t, "silence.ended", row.id, told, dedupe_key=f"{row.id}:ended")
        t.connection.execute(update(silences).where(columns.n == row.n).values(told_ms=t.now_ms))
    return len(rows)


def has_over(t: Transaction) -> bool:
    """Whether any silence is over of which that was not told."""
    columns = silences.c
    query = select(columns.n).where(columns.until_ms <= t.now_ms, columns.told_ms.is_(None))
    return t.connection.execute(query.limit(1)).first() is not None


def _is_within(row: Any, now_ms: int) -> bool:
    """Whether its hours of the week, where it has any, are now."""
    if row.week is None:
        return True
    calendar = CalendarRules(timezone=row.time_zone, week=row.week).calendar
    return calendar.between(now_ms, now_ms + 1) > 0


def _check_week(window: Window) -> None:
    if window.week is None:
        return
    check_words("week", window.week, longest=500, is_needed=True)
    try:
        CalendarRules(timezone=window.time_zone, week=window.week)
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise InvalidError(f"week: {said}.") from error


def _covers(row: Row[Any], appliance_id: ColumnElement[str], fault_mode: ColumnElement[str]) -> ColumnElement[bool]:
    own = [
        column == value for column, value in ((appliance_id, row.appliance_id), (fault_mode, row.fault_mode)) if value
    ]
    places = [appliances.c[name] == value for name, value in (("region", row.region), ("model", row.model)) if value]
    if places:
        own.append(appliance_id.in_(select(appliances.c.id).where(*places)))
    return and_(true(), *own)


def _must_exist(t: Transaction, scope: Scope, fault_modes: Collection[str]) -> None:
    places = (
        (appliances.c.id, scope.appliance_id),
        (appliances.c.region, scope.region),
        (appliances.c.model, scope.model),
    )
    for (column, value), noun in zip(places, ("appliance", "region", "model"), strict=True):
        if value is not None:
            check_words(noun, value, longest=200, is_needed=True)
            if t.connection.execute(select(column).where(column == value).limit(1)).first() is None:
                raise InvalidError(
                    f"No appliance has the {noun} {value!r}."
                    if noun != "appliance"
                    else f"There is no appliance {value!r}."
                )
    if scope.fault_mode is not None and scope.fault_mode not in fault_modes:
        raise InvalidError(f"There is no fault mode {scope.fault_mode!r}.")


def _silence(t: Transaction, row: Row[Any]) -> Silence:
    found = row._mapping  # noqa: SLF001 - the public name of a row as a mapping
    return Silence(
        id=found["id"],
        appliance_id=found["appliance_id"],
        fault_mode=found["fault_mode"],
        region=found["region"],
        model=found["model"],
        since=from_ms(found["from_ms"]),
        until=from_ms(found["until_ms"]),
        week=found["week"],
        time_zone=found["time_zone"],
        is_on=found["from_ms"] <= t.now_ms and _is_within(row, t.now_ms),
        reason=found["reason"] or "",
        created_by=found["created_by"],
        created_at=from_ms(found["created_ms"]),
    )
