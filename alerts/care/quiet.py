"""Whether anything may be advised about an appliance: never while something is wrong with it, never against consent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select

from alerts.care.care import Quiet
from alerts.care.windows import day_of
from alerts.customers.consenting import is_allowed
from alerts.customers.customer import Purpose
from alerts.customers.tables import ownerships
from alerts.database import Transaction
from alerts.tickets.reading import open_numbers
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom advice about an appliance is for, and from which day on its use is theirs; or why there is nobody to tell."""

    customer_id: str | None
    since_day: int
    quiet: Quiet | None


def listener_of(t: Transaction, appliance_id: str, kind: str, profiles: Mapping[str, Profile]) -> Listener:
    """Who may be told now. We fail closed: who was never asked is not told."""
    owner = _owner(t, appliance_id)
    since = 0 if owner is None else day_of(owner.from_ms) + 1
    customer_id = None if owner is None else owner.customer_id
    profile = profiles.get(kind)
    if profile is None or not (profile.advice or profile.consumables):
        return Listener(customer_id, since, Quiet.NOTHING_KNOWN)
    if customer_id is None:
        return Listener(None, since, Quiet.NO_OWNER)
    if not is_allowed(t, customer_id, Purpose.ADVICE):
        return Listener(customer_id, since, Quiet.NO_CONSENT)
    if open_numbers(t, [appliance_id]):
        return Listener(customer_id, since, Quiet.TICKET_OPEN)
    return Listener(customer_id, since, None)


def _owner(t: Transaction, appliance_id: str) -> Row[Any] | None:
    """Who has it now."""
    query: Select[Any] = select(ownerships.c.customer_id, ownerships.c.from_ms).where(
        ownerships.c.appliance_id == appliance_id,
        ownerships.c.until_ms.is_(None),
        ownerships.c.from_ms <= t.now_ms,
    )
    return t.connection.execute(query).one_or_none()
