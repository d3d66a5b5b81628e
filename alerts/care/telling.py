"""Somebody tells what they did: followed advice, declined it, renewed a consumable."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from alerts.appliances.tables import appliances
from alerts.audit.chain import record_audit
from alerts.care.giving import move
from alerts.care.lifecycle import AdviceEvent, AdviceState
from alerts.care.quiet import listener_of
from alerts.care.reading import advice_row
from alerts.care.settling import text_of
from alerts.care.tables import advices, consumables
from alerts.care.windows import DAY_MS, day_of
from alerts.database import Transaction, upsert
from alerts.errors import ConflictError, UnknownError
from ingest.profiles.definition import Profile


def tell(t: Transaction, advice_id: str, profiles: Mapping[str, Profile], *, is_done: bool) -> None:
    """Write down that advice was followed, or won't be. Who said no may do it after all."""
    row = advice_row(t, advice_id)
    profile = profiles.get(row.kind)
    text = text_of(profiles, row.kind, row.name)
    listener = listener_of(t, row.appliance_id, row.kind, profiles)
    if listener.quiet is not None or row.customer_id != listener.customer_id:
        why = "another_owner" if listener.quiet is None else listener.quiet.value
        raise ConflictError(f"Nothing is advised about this appliance now: {why}.")
    settles_days = 28 if text is None else text.settles_days
    values: dict[str, object] = {"told_by": t.who, "told_ms": t.now_ms}
    if is_done:
        values |= {"settle_ms": t.now_ms + settles_days * DAY_MS, "measured_ms": None, "after": None, "change": None}
    state = move(t, row, AdviceEvent.FOLLOW if is_done else AdviceEvent.DECLINE, **values)
    was, now = {"state": row.state}, {"state": state.value}
    record_audit(t, f"advice.{state.value}", advice_id, before=was, after=now, about={"name": row.name})
    if is_done and profile is not None and row.name in profile.consumables:
        _renew(t, row.appliance_id, row.name)


def renew(t: Transaction, appliance_id: str, name: str, profiles: Mapping[str, Profile]) -> None:
    """Write down that a consumable was renewed or cleaned today; advice that stands about it is followed by that."""
    query = select(appliances.c.kind).where(appliances.c.id == appliance_id)
    kind = t.connection.execute(query).scalar_one_or_none()
    if kind is None:
        raise UnknownError(f"There is no appliance {appliance_id!r}.")
    if kind not in profiles or name not in profiles[kind].consumables:
        raise UnknownError(f"{appliance_id} has no consumable {name!r}.")
    which = (advices.c.appliance_id == appliance_id, advices.c.name == name)
    standing = t.connection.execute(
        select(advices).where(*which, advices.c.state == AdviceState.STANDING.value)
    ).first()
    if standing is not None and listener_of(t, appliance_id, kind, profiles).quiet is None:
        tell(t, standing.id, profiles, is_done=True)
    else:
        _renew(t, appliance_id, name)


def _renew(t: Transaction, appliance_id: str, name: str) -> None:
    today = day_of(t.now_ms)
    query = select(consumables.c.since_day).where(
        consumables.c.appliance_id == appliance_id, consumables.c.name == name
    )
    before = t.connection.execute(query).scalar_one_or_none()
    values = {"since_day": today, "at_ms": t.now_ms, "renewed_by": t.who}
    made = upsert(t.connection, consumables).values(appliance_id=appliance_id, name=name, **values)
    t.connection.execute(made.on_conflict_do_update(index_elements=["appliance_id", "name"], set_=values))
    was = None if before is None else {"since_day": before}
    record_audit(t, "consumable.renew", appliance_id, before=was, after={"since_day": today}, about={"name": name})
