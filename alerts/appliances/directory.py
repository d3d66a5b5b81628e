"""The directory: every appliance that we know, how it is and since when.

Kept by the desk's own cursor (:mod:`alerts.inbox`) and by the detectors' conditions; read by everyone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from alerts.appliances.listening import read_listening
from alerts.appliances.searching import is_found
from alerts.appliances.tables import appliance_history, appliances
from alerts.choices import check_choice
from alerts.database import Transaction, upsert
from alerts.errors import UnknownError
from alerts.page import Page, check_limit, decode_cursor, encode_cursor, moment, select_page
from alerts.words import fold, looked_for
from detectors.finding import Condition, ConditionState
from ingest.clock import from_ms
from ingest.liveness import STALE_AFTER_S, Availability, Listening

__all__ = ["STALE_AFTER_S", "Appliance", "ApplianceEvent", "ApplianceFilter", "ApplianceSort", "Availability"]


GRAVITY = {state.value: place for place, state in enumerate(
    (ConditionState.OK, ConditionState.LEARNING, ConditionState.CANNOT_SAY, ConditionState.WATCH, ConditionState.ALERT)
)}  # fmt: skip
"""What is wrong weighs most."""

OpenTickets = Callable[[Transaction, Sequence[str]], Mapping[str, tuple[int, ...]]]
"""Gives the numbers of the open tickets of some appliances: tickets know appliances, not the other way round."""


WhenRetired = Callable[[Transaction, str], None]
"""Ends what hangs on an appliance that is out of service now, given its id."""


@dataclass(frozen=True, slots=True)
class Appliance:
    """One physical unit in one home; ``health`` per component from 1 (as new) to 0 (failed).

    ``failing_30d`` is the probability that it fails within thirty days, None where nothing learned says it.
    """

    id: str
    kind: str
    model: str | None
    serial: str | None
    firmware: str | None
    region: str | None
    capabilities: tuple[str, ...]
    availability: Availability
    condition: ConditionState
    condition_reason: str
    condition_because: Mapping[str, Any] | None
    """The reason's code, and what stands in it."""
    condition_at: datetime | None
    health: Mapping[str, float]
    failing_30d: float | None
    last_seen: datetime | None
    interval_s: float | None
    registered_at: datetime
    retired: bool
    open_tickets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplianceEvent:
    """Something that happened at an appliance and that matters later: a part, a firmware, a move, an error code."""

    at: datetime
    type: str
    code: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class ApplianceSort(StrEnum):
    """The order of a list of appliances; among equals the newest registration comes first."""

    NEWEST = "newest"
    GRAVEST = "gravest"
    """What is wrong first, what is sound last."""
    FAILING = "failing"
    """What fails most probably within thirty days first, and last those of which nothing says it."""
    SEEN = "seen"
    """Heard last first."""
    SILENT = "silent"
    """Silent for longest first."""


@dataclass(frozen=True, slots=True)
class ApplianceFilter:
    """What a list of appliances is narrowed to, and its order; ``q`` is looked for in id, model, serial and region.

    ``failing_30d_min``: those in service that fail within thirty days at least so probably.
    """

    kind: str | None = None
    availability: Availability | None = None
    condition: ConditionState | None = None
    region: str | None = None
    failing_30d_min: float | None = None
    q: str | None = None
    sort: ApplianceSort = ApplianceSort.NEWEST


def availability_at(now_ms: int, *, stale_after_s: float, listening: Listening) -> ColumnElement[str]:
    """The rule of :func:`ingest.liveness.availability` as SQL, so that lists can be narrowed by it."""
    columns = appliances.c
    seen_ms = func.coalesce(columns.last_seen_ms, -1)
    told_ms = case((columns.status.is_(None), -1), else_=func.coalesce(columns.status_ms, -1))
    heard_ms = greater(seen_ms, told_ms)
    awake_ms = greater(func.coalesce(columns.status_until_ms, -1), told_ms)
    limit_ms = greater(3000 * func.coalesce(columns.interval_s, 0), literal(stale_after_s * 1000))

    def is_heard(at_ms: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether the silence since then, of which we heard, is within the limit: Listening.silence_ms as SQL."""
        absence = literal(min(listening.away_until_ms, now_ms)) - greater(at_ms, literal(listening.away_from_ms))
        unheard = now_ms - greater(at_ms, literal(min(listening.unheard_from_ms(stale_after_s), now_ms)))
        return now_ms - at_ms - greater(absence, literal(0)) - greater(unheard, literal(0)) <= limit_ms

    is_told = and_(told_ms >= seen_ms, told_ms >= 0)
    is_asleep = and_(is_told, columns.status == "sleeping")
    return case(
        (and_(is_told, columns.status == "offline"), literal(Availability.OFFLINE.value)),
        (and_(is_asleep, is_heard(awake_ms)), literal(Availability.SLEEPING.value)),
        (is_asleep, literal(Availability.STALE.value)),
        (and_(heard_ms >= 0, is_heard(heard_ms)), literal(Availability.ONLINE.value)),
        else_=literal(Availability.STALE.value),
    )


def greater(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """The greater of two numbers, on every database."""
    return case((one > other, one), else_=other)


def check_filter(t: Transaction, wanted: ApplianceFilter, kinds: Collection[str]) -> None:
    """Raise :class:`~alerts.errors.InvalidError` for a kind that no appliance has and none may come of."""
    check_choice(t, "kind", wanted.kind, [appliances.c.kind], kinds)


def list_appliances(
    t: Transaction,
    wanted: ApplianceFilter,
    *,
    stale_after_s: float,
    open_tickets: OpenTickets,
    cursor: str | None,
    limit: int,
) -> Page[Appliance]:
    """One page of appliances, in the wanted order."""
    available = availability_at(t.now_ms, stale_after_s=stale_after_s, listening=read_listening(t))
    query = select(appliances, available.label("availability")).where(*_conditions(wanted, available))
    if wanted.sort is ApplianceSort.NEWEST:
        rows, after = select_page(t.connection, query, appliances.c.n, cursor=cursor, limit=limit)
    else:
        rows, after = _select_sorted(t, query, wanted.sort, cursor=cursor, limit=limit)
    open_numbers = open_tickets(t, [row.id for row in rows])
    return Page(tuple(_appliance(row, open_numbers.get(row.id, ())) for row in rows), after)


def count_appliances(t: Transaction, wanted: ApplianceFilter, *, stale_after_s: float) -> int:
    """How many appliances a list holds over all its pages."""
    available = availability_at(t.now_ms, stale_after_s=stale_after_s, listening=read_listening(t))
    query = select(func.count()).select_from(appliances).where(*_conditions(wanted, available))
    return int(t.connection.execute(query).scalar_one())


def _conditions(wanted: ApplianceFilter, available: ColumnElement[str]) -> list[ColumnElement[bool]]:
    columns = appliances.c
    found: list[ColumnElement[bool]] = []
    for column, value in ((columns.kind, wanted.kind), (columns.region, wanted.region)):
        if value is not None:
            found.append(column == value)
    if wanted.availability is not None:
        found.append(available == wanted.availability.value)
    if wanted.condition is not None:
        unknown = columns.condition.is_(None) if wanted.condition is ConditionState.LEARNING else columns.n < 0
        found.append(or_(columns.condition == wanted.condition.value, unknown))
    if wanted.failing_30d_min is not None:
        found += [columns.failing_30d >= wanted.failing_30d_min, ~columns.retired]
    if wanted.q:
        found += [is_found(word) for word in looked_for(wanted.q)]
    return found


def _select_sorted(
    t: Transaction, query: Select[Any], sort: ApplianceSort, *, cursor: str | None, limit: int
) -> tuple[Sequence[Row[Any]], str | None]:
    """The rows of one page in an order of its own, the greatest key first."""
    check_limit(limit)
    name, columns = f"appliances:{sort}", appliances.c
    key = {
        ApplianceSort.GRAVEST: case(GRAVITY, value=func.coalesce(columns.condition, ConditionState.LEARNING.value)),
        ApplianceSort.FAILING: func.coalesce(cast(func.round(1000 * columns.failing_30d), Integer), -1),
        ApplianceSort.SEEN: func.coalesce(columns.last_seen_ms, 0),
        ApplianceSort.SILENT: -func.coalesce(columns.last_seen_ms, 0),
    }[sort]
    if cursor is not None:
        query = query.where(tuple_(key, columns.n) < tuple_(*map(literal, decode_cursor(cursor, of=name, numbers=2))))
    query = query.add_columns(key.label("sort_key")).order_by(key.desc(), columns.n.desc())
    rows = t.connection.execute(query.limit(limit + 1)).all()
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], encode_cursor(last.sort_key, last.n, of=name)


def read_appliance(t: Transaction, appliance_id: str, *, stale_after_s: float, open_tickets: OpenTickets) -> Appliance:
    """One appliance, or :class:`UnknownError`."""
    available = availability_at(t.now_ms, stale_after_s=stale_after_s, listening=read_listening(t))
    query = select(appliances, available.label("availability")).where(appliances.c.id == appliance_id)
    row = t.connection.execute(query).one_or_none()
    if row is None:
        raise UnknownError(f"There is no appliance {appliance_id!r}.")
    return _appliance(row, open_tickets(t, [appliance_id]).get(appliance_id, ()))


def list_events(t: Transaction, appliance_id: str, *, cursor: str | None, limit: int) -> Page[ApplianceEvent]:
    """One page of what happened at an appliance, newest first."""
    query = select(appliance_history).where(appliance_history.c.appliance_id == appliance_id)
    rows, after = select_page(t.connection, query, appliance_history.c.n, cursor=cursor, limit=limit)
    return Page(tuple(ApplianceEvent(from_ms(row.at_ms), row.type, row.code, row.data or {}) for row in rows), after)


def ensure_appliance(t: Transaction, appliance_id: str, kind: str) -> bool:
    """Put an appliance into the directory if it is not there; whether it is new."""
    values = {"id": appliance_id, "kind": kind, "registered_ms": t.now_ms}
    statement = upsert(t.connection, appliances).values(values).on_conflict_do_nothing()
    return t.connection.execute(statement.returning(appliances.c.n)).first() is not None


def set_kind(t: Transaction, appliance_id: str, kind: str) -> bool:
    """Say which kind an appliance is; whether it was another before. What was said of the other kind's health goes."""
    unknown = {"health": None, "failing_30d": None}
    which = (appliances.c.id == appliance_id, appliances.c.kind != kind)
    return t.connection.execute(update(appliances).where(*which).values(kind=kind, **unknown)).rowcount > 0


def erase_appliance(t: Transaction, appliance_id: str) -> int:
    """Drop what happened at an appliance and what it said of itself; returns how many events. Id, kind and tickets stay."""
    unknown = dict.fromkeys(
        ("model", "serial", "firmware", "region", "capabilities", "status", "status_ms", "status_until_ms", "last_seen_ms",
         "interval_s", "condition", "condition_reason", "condition_because", "condition_ms", "health",
         "failing_30d")
    )  # fmt: skip
    t.connection.execute(
        update(appliances).where(appliances.c.id == appliance_id).values(**unknown, search=fold(appliance_id))
    )
    return t.connection.execute(
        delete(appliance_history).where(appliance_history.c.appliance_id == appliance_id)
    ).rowcount


def set_retired(t: Transaction, appliance_id: str, *, is_retired: bool) -> bool:
    """Mark an appliance as out of service, or as back in it; whether it was not so before."""
    which = (appliances.c.id == appliance_id, appliances.c.retired != is_retired)
    return (
        t.connection.execute(
            update(appliances).where(*which).values(retired=is_retired, retired_ms=t.now_ms if is_retired else None)
        ).rowcount
        > 0
    )


def set_conditions(t: Transaction, conditions: list[Condition]) -> None:
    """Write what the detectors say of each appliance now; what ends between two days or cycles ends what was said of failing."""
    for besides, part in groupby(conditions, _known_anew):
        _set_conditions(t, list(part), besides)


def _known_anew(condition: Condition) -> tuple[str, ...]:
    if condition.health:
        return "health", "failing_30d"
    return () if condition.state is ConditionState.ALERT else ("failing_30d",)


def _set_conditions(t: Transaction, conditions: list[Condition], besides: tuple[str, ...]) -> None:
    """Write conditions, and what else of them is known anew."""
    statement = upsert(t.connection, appliances)
    changed = ("condition", "condition_reason", "condition_because", "condition_ms", *besides)
    statement = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={name: statement.excluded[name] for name in changed},
    )
    t.connection.execute(
        statement,
        [
            {
                "id": condition.appliance_id,
                "kind": condition.kind,
                "registered_ms": t.now_ms,
                "condition": condition.state.value,
                "condition_reason": condition.reason.text,
                "condition_because": {"code": condition.reason.code, **condition.reason.values},
                "condition_ms": condition.as_of_ms,
                "health": dict(condition.health),
                "failing_30d": condition.failing_30d,
            }
            for condition in conditions
        ],
    )


def _appliance(row: Row[Any], open_tickets: tuple[int, ...]) -> Appliance:
    return Appliance(
        id=row.id,
        kind=row.kind,
        model=row.model,
        serial=row.serial,
        firmware=row.firmware,
        region=row.region,
        capabilities=tuple(row.capabilities or ()),
        availability=Availability(row.availability),
        condition=ConditionState(row.condition or ConditionState.LEARNING),
        condition_reason=row.condition_reason or "No readings have been looked at yet.",
        condition_because=row.condition_because or (None if row.condition_reason else {"code": "nothing"}),
        condition_at=moment(row.condition_ms),
        health=row.health or {},
        failing_30d=row.failing_30d,
        last_seen=moment(row.last_seen_ms),
        interval_s=row.interval_s,
        registered_at=from_ms(row.registered_ms),
        retired=row.retired,
        open_tickets=open_tickets,
    )
