"""Silences: a person mutes an appliance, a fault mode, a region, a model, or what several of them name together.

A silence lasts until a time and has a reason that everyone sees. What it names must exist, so that a slip of the pen
mutes nothing by accident and is not taken for a silence that works.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, false, insert, or_, select, true

from alerts.appliances.tables import appliances
from alerts.audit.chain import record_audit
from alerts.database import Transaction
from alerts.errors import ConflictError, InvalidError, UnknownError
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
    until: datetime
    reason: str
    created_by: str
    created_at: datetime


def add_silence(t: Transaction, scope: Scope, *, until: datetime, reason: str, fault_modes: Collection[str]) -> Silence:
    """Mute until a time; everything at once can't be muted."""
    until_ms = to_ms(until)
    named = {name: value for name, value in asdict(scope).items() if value is not None}
    if not named:
        raise InvalidError("A silence names an appliance, a fault mode, a region, a model, or several of them.")
    if not t.now_ms < until_ms <= t.now_ms + LONGEST_MS:
        raise InvalidError("until: a silence ends in the future, within a year.")
    check_words("reason", reason, longest=REASON_LENGTH_MAX, is_needed=True)
    _must_exist(t, scope, fault_modes)
    if len(list_silences(t)) >= STANDING_MAX:
        raise ConflictError(f"{STANDING_MAX} silences stand already: lift some first.")
    silence_id = t.new_id("si")
    values = {"until_ms": until_ms, "reason": reason, "created_by": t.who, "created_ms": t.now_ms}
    t.connection.execute(insert(silences).values(id=silence_id, **asdict(scope), **values))
    record_audit(t, "silence.add", silence_id, {**named, "until_ms": until_ms})
    return _silence(t.connection.execute(select(silences).where(silences.c.id == silence_id)).one())


def lift_silence(t: Transaction, silence_id: str) -> None:
    """End a silence now."""
    found = t.connection.execute(delete(silences).where(silences.c.id == silence_id).returning(silences.c.id)).first()
    if found is None:
        raise UnknownError(f"There is no silence {silence_id!r}.")
    record_audit(t, "silence.lift", silence_id, {})


def list_silences(t: Transaction) -> list[Silence]:
    """What is muted now, the newest first."""
    query = select(silences).where(silences.c.until_ms > t.now_ms).order_by(silences.c.n.desc())
    return [_silence(row) for row in t.connection.execute(query)]


def is_silenced(t: Transaction, appliance_id: str, fault_mode: str) -> bool:
    """Whether a standing silence covers this fault mode of this appliance."""
    columns = silences.c
    at = select(appliances.c.region, appliances.c.model).where(appliances.c.id == appliance_id)
    region, model = t.connection.execute(at).one_or_none() or (None, None)

    def covers(column: ColumnElement[str], value: str | None) -> ColumnElement[bool]:
        return column.is_(None) if value is None else or_(column.is_(None), column == value)

    query = select(columns.id).where(
        columns.until_ms > t.now_ms,
        covers(columns.appliance_id, appliance_id),
        covers(columns.fault_mode, fault_mode),
        covers(columns.region, region),
        covers(columns.model, model),
    )
    return t.connection.execute(query.limit(1)).first() is not None


def covered(t: Transaction, appliance_id: ColumnElement[str], fault_mode: ColumnElement[str]) -> ColumnElement[bool]:
    """The same as a condition on the rows of a query, for many at once."""
    standing = t.connection.execute(select(silences).where(silences.c.until_ms > t.now_ms)).all()
    return or_(false(), *[_covers(row, appliance_id, fault_mode) for row in standing])


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


def _silence(row: Row[tuple[object, ...]]) -> Silence:
    found = row._mapping  # noqa: SLF001 - the public name of a row as a mapping
    return Silence(
        id=found["id"],
        appliance_id=found["appliance_id"],
        fault_mode=found["fault_mode"],
        region=found["region"],
        model=found["model"],
        until=from_ms(found["until_ms"]),
        reason=found["reason"] or "",
        created_by=found["created_by"],
        created_at=from_ms(found["created_ms"]),
    )
