"""Giving advice: what the last days of use say, held against the profile's limits; few pieces, and none twice soon.

What stands is looked at with the same eyes: it passes where its cause has gone, and is withdrawn where nobody may be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from alerts.appliances.tables import appliances
from alerts.care.care import Quiet
from alerts.care.lifecycle import ADVICE, AdviceEvent, AdviceState
from alerts.care.quiet import Listener, listener_of
from alerts.care.tables import advices
from alerts.care.windows import DAY_MS, day_of, taken, values_between, within
from alerts.care.worn import used_up
from alerts.database import Transaction
from alerts.lifecycle import next_state
from alerts.notices.changes import put_notice
from ingest.profiles.care import Advice
from ingest.profiles.definition import Profile

Values = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True, slots=True)
class Cause:
    """What speaks for a piece of advice: the number that it goes by, and how long it takes until one sees what came of it."""

    name: str
    number: float
    settles_days: int


def judge(t: Transaction, appliance_id: str, kind: str, profiles: Mapping[str, Profile]) -> int:
    """Give, pass and withdraw advice about one appliance; returns how many new pieces there are."""
    profile = profiles[kind]
    listener = listener_of(t, appliance_id, kind, profiles)
    query = select(advices).where(advices.c.appliance_id == appliance_id, advices.c.state == AdviceState.STANDING.value)
    standing = t.connection.execute(query).all()
    if listener.quiet is Quiet.TICKET_OPEN:
        return 0
    if listener.quiet is not None or any(row.customer_id != listener.customer_id for row in standing):
        for row in standing:
            move(t, row, AdviceEvent.WITHDRAW)
        return 0
    causes = {one.name: one for one in _causes(t, appliance_id, profile, listener)}
    for row in standing:
        if row.name not in causes:
            move(t, row, AdviceEvent.PASS)
    room = round(t.rules.care.most_at_once) - sum(row.name in causes for row in standing)
    given = 0
    for cause in causes.values():
        if given >= room or not _is_time(t, appliance_id, cause.name, listener):
            continue
        _give(t, appliance_id, kind, cause, listener)
        given += 1
        if t.rules.care.pause_days > 0:
            break
    return given


def move(t: Transaction, row: Row[Any], event: AdviceEvent, **values: object) -> AdviceState:
    """Take a step of a piece of advice; :class:`~alerts.errors.IllegalStepError` where it can't be taken."""
    state = next_state("advice", ADVICE, AdviceState(row.state), event)
    t.connection.execute(update(advices).where(advices.c.n == row.n).values(state=state.value, **values))
    return state


def holds(advice: Advice, values: Values, *, first: int, last: int) -> float | None:
    """The number of a span where it is beyond the limit and enough is known; else None."""
    numbers = within(values.get(advice.use, {}), first=first, last=last)
    if not numbers:
        return None
    number = taken(advice.over, numbers)
    is_beyond = number > advice.above if advice.above is not None else number < (advice.below or 0.0)
    return number if is_beyond else None


def _causes(t: Transaction, appliance_id: str, profile: Profile, listener: Listener) -> Iterator[Cause]:
    """What speaks for advice now: use beyond a limit first, then what is nearly used up."""
    last = day_of(t.now_ms) - 1
    longest = max((one.days for one in profile.advice.values()), default=28)
    first = max(last - longest + 1, listener.since_day)
    values = values_between(t, appliance_id, first=first, last=last)
    for advice in profile.advice.values():
        begin = max(first, last - advice.days + 1)
        if len(within(values.get(advice.use, {}), first=begin, last=last)) < advice.days_least:
            continue
        if any(
            sum(within(values.get(name, {}), first=begin, last=last)) < least for name, least in advice.enough.items()
        ):
            continue
        number = holds(advice, values, first=begin, last=last)
        if number is not None:
            yield Cause(advice.name, number, advice.settles_days)
    for one in used_up(t, appliance_id, profile):
        if one.remaining <= t.rules.care.due_share:
            use = one.consumable.effect
            numbers = [] if use is None else list(values.get(use, {}).values())
            number = sum(numbers) / len(numbers) if numbers else one.used
            yield Cause(one.consumable.name, number, one.consumable.settles_days)


def _is_time(t: Transaction, appliance_id: str, name: str, listener: Listener) -> bool:
    """Whether this may be said now: nothing new was said lately, and this not within its rest."""
    rules, columns = t.rules.care, advices.c
    mine = (columns.appliance_id == appliance_id, columns.customer_id == listener.customer_id)
    newest = t.connection.execute(select(func.max(columns.given_ms)).where(*mine)).scalar_one()
    if newest is not None and newest > t.now_ms - round(rules.pause_days * DAY_MS):
        return False
    query = select(columns.state, columns.given_ms).where(*mine, columns.name == name).order_by(columns.n.desc())
    last = t.connection.execute(query.limit(1)).one_or_none()
    if last is None:
        return True
    if last.state in {AdviceState.STANDING.value, AdviceState.FOLLOWED.value}:
        return False
    rest = rules.declined_rest_days if last.state == AdviceState.DECLINED.value else rules.rest_days
    return bool(last.given_ms <= t.now_ms - round(rest * DAY_MS))


def _give(t: Transaction, appliance_id: str, kind: str, cause: Cause, listener: Listener) -> None:
    advice_id = t.new_id("av")
    t.connection.execute(
        insert(advices).values(
            id=advice_id,
            appliance_id=appliance_id,
            customer_id=listener.customer_id,
            kind=kind,
            name=cause.name,
            state=AdviceState.STANDING.value,
            given_ms=t.now_ms,
            before=cause.number,
            settle_ms=t.now_ms + cause.settles_days * DAY_MS,
        )
    )
    region = t.connection.execute(
        select(appliances.c.region).where(appliances.c.id == appliance_id)
    ).scalar_one_or_none()
    told = {"id": advice_id, "appliance_id": appliance_id, "kind": kind, "advice": cause.name, "region": region}
    put_notice(t, "advice.given", advice_id, told, dedupe_key=f"{advice_id}:given")
