"""Ownership: who has an appliance, since when, and what they may see of it.

An appliance has one owner at a time. What an owner may see of it ends with the day it went to somebody else, and begins
with the day it came: the one after never sees how the one before lived.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import insert, select, update

from alerts.appliances.tables import appliances
from alerts.audit.chain import difference, record_audit
from alerts.customers.customer import NewOwnership, Ownership
from alerts.customers.homes import read_site
from alerts.customers.keeping import live_row, touch
from alerts.customers.sealed import Sealed
from alerts.customers.tables import ownerships
from alerts.errors import ConflictError, InvalidError, UnknownError
from alerts.page import moment
from ingest.clock import from_ms, to_ms

FUTURE_MAX_MS = 366 * 24 * 3_600_000


def give(s: Sealed, customer_id: str, new: NewOwnership) -> str:
    """Let an appliance belong to a customer from a time on; whoever had it owns it until then. Returns the id."""
    t = s.t
    live_row(t, customer_id)
    since_ms = t.now_ms if new.since is None else to_ms(new.since)
    if since_ms > t.now_ms + FUTURE_MAX_MS:
        raise InvalidError("since: at most a year ahead.")
    if t.connection.execute(select(appliances.c.n).where(appliances.c.id == new.appliance_id)).first() is None:
        raise UnknownError(f"There is no appliance {new.appliance_id!r}: register it first.")
    if new.site_id is not None:
        read_site(s, customer_id, new.site_id)
    present = _present(t, new.appliance_id)
    if present is not None:
        if present.customer_id == customer_id:
            raise ConflictError(f"{new.appliance_id} belongs to customer {customer_id} already.")
        if since_ms <= present.from_ms:
            raise ConflictError(
                f"{new.appliance_id} came to its present owner at {from_ms(present.from_ms).isoformat()}; it can't go"
                " to another before that."
            )
        end(s, new.appliance_id, at_ms=since_ms)
    ownership_id = t.new_id("ow")
    values: dict[str, Any] = {"id": ownership_id, "customer_id": customer_id, "from_ms": since_ms, **_values(s, new)}
    t.connection.execute(insert(ownerships).values(**values))
    was = None if present is None else {"customer_id": present.customer_id}
    now = {"customer_id": customer_id, "from_ms": since_ms}
    record_audit(t, "ownership.begin", new.appliance_id, before=was, after=now)
    touch(t, customer_id)
    s.changed.add(customer_id)
    return ownership_id


def rewrite(s: Sealed, ownership_id: str, new: NewOwnership) -> bool:
    """Correct what is written of a standing ownership (site, serial, days, proof); whether anything is different."""
    row = s.t.connection.execute(select(ownerships).where(ownerships.c.id == ownership_id)).one()
    values = _values(s, new)
    before = {name: row._mapping[name] for name in values} | {"proof": s.text(row.proof)}  # noqa: SLF001
    if before == values | {"proof": new.proof}:
        return False
    s.t.connection.execute(update(ownerships).where(ownerships.c.id == ownership_id).values(**values))
    told = difference(row, values)
    record_audit(s.t, "ownership.change", row.appliance_id, **told, about={"customer_id": row.customer_id})
    touch(s.t, row.customer_id)
    s.changed.add(row.customer_id)
    return True


def end(s: Sealed, appliance_id: str, *, at_ms: int) -> None:
    """End the present ownership of an appliance: it was sold on, given back, thrown away."""
    present = _present(s.t, appliance_id)
    if present is None:
        raise UnknownError(f"{appliance_id} has no owner.")
    if at_ms < present.from_ms:
        raise ConflictError("An ownership ends after it began.")
    s.t.connection.execute(update(ownerships).where(ownerships.c.n == present.n).values(until_ms=at_ms))
    was = {"customer_id": present.customer_id, "until_ms": None}
    record_audit(s.t, "ownership.end", appliance_id, before=was, after=was | {"until_ms": at_ms})
    touch(s.t, present.customer_id)


def present_ownership(s: Sealed, appliance_id: str) -> Ownership | None:
    """Whose an appliance is now."""
    row = _present(s.t, appliance_id)
    return None if row is None else _ownership(s, row)


def list_ownerships(s: Sealed, *, customer_id: str | None = None, appliance_id: str | None = None) -> list[Ownership]:
    """Ownerships of a customer or of an appliance, the newest first."""
    query = select(ownerships).order_by(ownerships.c.from_ms.desc(), ownerships.c.n.desc())
    if customer_id is not None:
        query = query.where(ownerships.c.customer_id == customer_id)
    if appliance_id is not None:
        query = query.where(ownerships.c.appliance_id == appliance_id)
    return [_ownership(s, row) for row in s.t.connection.execute(query)]


def may_see(ownerships_of_customer: list[Ownership], appliance_id: str, at_ms: int) -> bool:
    """Whether something of an appliance at a time lies within what this customer owned."""
    return any(
        one.appliance_id == appliance_id
        and to_ms(one.since) <= at_ms
        and (one.until is None or at_ms < to_ms(one.until))
        for one in ownerships_of_customer
    )


def _present(t: Any, appliance_id: str) -> Any:
    query = select(ownerships).where(ownerships.c.appliance_id == appliance_id, ownerships.c.until_ms.is_(None))
    return t.connection.execute(query).one_or_none()


def _values(s: Sealed, new: NewOwnership) -> dict[str, Any]:
    return {
        "appliance_id": new.appliance_id,
        "site_id": new.site_id,
        "serial": new.serial,
        "batch": new.batch,
        "purchased_on": None if new.purchased_on is None else new.purchased_on.isoformat(),
        "installed_on": None if new.installed_on is None else new.installed_on.isoformat(),
        "proof": None if new.proof is None else s.close(new.proof),
    }


def _ownership(s: Sealed, row: Any) -> Ownership:
    return Ownership(
        id=row.id,
        appliance_id=row.appliance_id,
        customer_id=row.customer_id,
        site_id=row.site_id,
        since=from_ms(row.from_ms),
        until=moment(row.until_ms),
        serial=row.serial,
        batch=row.batch,
        purchased_on=None if row.purchased_on is None else date.fromisoformat(row.purchased_on),
        installed_on=None if row.installed_on is None else date.fromisoformat(row.installed_on),
        proof=s.text(row.proof),
    )
