"""Care, read: all of one appliance, and lists of what was advised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sqlalchemy import Row, select

from alerts.appliances.tables import appliances
from alerts.care.care import Care, Change, GivenAdvice, Quiet, UseSeen
from alerts.care.lifecycle import AdviceState
from alerts.care.quiet import Listener, listener_of
from alerts.care.settling import text_of, use_of
from alerts.care.tables import advices, use_counted
from alerts.care.windows import day_of, values_between, within
from alerts.care.worn import date_of, used_up
from alerts.database import Transaction
from alerts.errors import UnknownError
from alerts.page import Page, moment, select_page
from ingest.clock import from_ms
from ingest.profiles.definition import Profile

SPAN = 28
SHOWN = 20
"""Pieces of advice of one appliance that are shown, the newest first."""


@dataclass(frozen=True, slots=True)
class AdviceFilter:
    """Which advice is wanted."""

    state: AdviceState | None = None
    appliance_id: str | None = None
    kind: str | None = None
    name: str | None = None


def read_care(t: Transaction, appliance_id: str, profiles: Mapping[str, Profile]) -> Care:
    """All of one appliance. What stands is left out while nothing may be advised."""
    query = select(appliances.c.kind).where(appliances.c.id == appliance_id)
    kind = t.connection.execute(query).scalar_one_or_none()
    if kind is None:
        raise UnknownError(f"There is no appliance {appliance_id!r}.")
    listener = listener_of(t, appliance_id, kind, profiles)
    counted = t.connection.execute(select(use_counted.c.day).where(use_counted.c.appliance_id == appliance_id)).scalar()
    profile = profiles.get(kind)
    nothing_known = profile is None or counted is None
    return Care(
        appliance_id=appliance_id,
        quiet=listener.quiet or (Quiet.NOTHING_KNOWN if nothing_known else None),
        counted_until=None if counted is None else date_of(counted),
        uses=() if profile is None else _uses(t, appliance_id, profile),
        advice=_advice_of(t, appliance_id, listener, profiles),
        consumables=() if profile is None else used_up(t, appliance_id, profile),
    )


def list_advice(
    t: Transaction, wanted: AdviceFilter, profiles: Mapping[str, Profile], *, cursor: str | None, limit: int
) -> Page[GivenAdvice]:
    """One page of what was advised, the newest first."""
    query = select(advices)
    asked = {
        advices.c.state: None if wanted.state is None else wanted.state.value,
        advices.c.appliance_id: wanted.appliance_id,
        advices.c.kind: wanted.kind,
        advices.c.name: wanted.name,
    }
    for column, value in asked.items():
        if value is not None:
            query = query.where(column == value)
    rows, after = select_page(t.connection, query, advices.c.n, cursor=cursor, limit=limit)
    return Page(tuple(_advice(row, profiles) for row in rows), after)


def read_advice(t: Transaction, advice_id: str, profiles: Mapping[str, Profile]) -> GivenAdvice:
    """One piece of advice."""
    return _advice(advice_row(t, advice_id), profiles)


def advice_row(t: Transaction, advice_id: str) -> Row[Any]:
    """The row of a piece of advice."""
    row = t.connection.execute(select(advices).where(advices.c.id == advice_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no advice {advice_id!r}.")
    return row


def _advice_of(
    t: Transaction, appliance_id: str, listener: Listener, profiles: Mapping[str, Profile]
) -> Sequence[GivenAdvice]:
    query = select(advices).where(advices.c.appliance_id == appliance_id, advices.c.customer_id == listener.customer_id)
    if listener.quiet is not None:
        query = query.where(advices.c.state != AdviceState.STANDING.value)
    rows = t.connection.execute(query.order_by(advices.c.n.desc()).limit(SHOWN)).all()
    return tuple(_advice(row, profiles) for row in rows)


def _uses(t: Transaction, appliance_id: str, profile: Profile) -> Sequence[UseSeen]:
    last = day_of(t.now_ms) - 1
    values = values_between(t, appliance_id, first=last - 2 * SPAN + 1, last=last)
    found = []
    for use in profile.uses.values():
        days = values.get(use.name, {})
        now = within(days, first=last - SPAN + 1, last=last)
        before = within(days, first=last - 2 * SPAN + 1, last=last - SPAN)
        if now:
            mean_before = round(fmean(before), 3) if before else None
            found.append(UseSeen(use, len(now), round(fmean(now), 3), mean_before, days[max(days)]))
    return tuple(found)


def _advice(row: Row[Any], profiles: Mapping[str, Profile]) -> GivenAdvice:
    profile = profiles.get(row.kind)
    text = text_of(profiles, row.kind, row.name)
    name = None if text is None else use_of(text) or text.use
    return GivenAdvice(
        id=row.id,
        appliance_id=row.appliance_id,
        kind=row.kind,
        name=row.name,
        text=text,
        use=None if profile is None or name is None else profile.uses.get(name),
        state=AdviceState(row.state),
        given_at=from_ms(row.given_ms),
        before=row.before,
        told_by=row.told_by,
        told_at=moment(row.told_ms),
        settles_at=from_ms(row.settle_ms),
        measured_at=moment(row.measured_ms),
        after=row.after,
        change=None if row.change is None else Change(**row.change),
    )
