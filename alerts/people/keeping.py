"""Entering and changing technicians, their absences, and whom customers want at the door."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from alerts.accounts.assignees import check_assignee
from alerts.audit.chain import difference, record_audit
from alerts.customers.tables import customers
from alerts.database import Transaction, upsert
from alerts.errors import ConflictError, InvalidError, StaleViewError, UnknownError
from alerts.people.reading import find_external, read_technician
from alerts.people.tables import absences, preferences, providers, technicians
from alerts.people.technician import AbsenceReason, NewTechnician, Wish
from alerts.words import check_words
from ingest.clock import to_ms

ABSENCE_MAX_MS = 731 * 24 * 3_600_000


def add_technician(t: Transaction, new: NewTechnician) -> str:
    """Enter a technician and return the id; :class:`ConflictError` where external id or account is somebody's already."""
    _check(t, new, but=None)
    technician_id = t.new_id("te")
    t.connection.execute(insert(technicians).values(id=technician_id, created_ms=t.now_ms, **_values(new)))
    record_audit(t, "technician.add", technician_id, before=None, after=asdict(new))
    return technician_id


def change_technician(t: Transaction, technician_id: str, new: NewTechnician, *, expected_version: int | None) -> bool:
    """Write a technician anew; whether anything is different now."""
    before = read_technician(t, technician_id)
    if expected_version is not None and before.version != expected_version:
        raise StaleViewError(expected=expected_version, current=before.version)
    if before.as_new() == new:
        return False
    _check(t, new, but=technician_id)
    told, was = asdict(new), asdict(before.as_new())
    values = {**_values(new), "version": technicians.c.version + 1}
    t.connection.execute(update(technicians).where(technicians.c.id == technician_id).values(**values))
    record_audit(t, "technician.change", technician_id, **difference(was, told))
    return True


def add_absence(
    t: Transaction, technician_id: str, start: datetime, end: datetime, reason: AbsenceReason, note: str | None
) -> str:
    """Write down when a technician is not there; returns the id."""
    read_technician(t, technician_id)
    check_words("note", note, longest=1000)
    from_ms, until_ms = to_ms(start), to_ms(end)
    if not from_ms < until_ms <= from_ms + ABSENCE_MAX_MS:
        raise InvalidError("An absence ends after it begins, within two years.")
    absence_id = t.new_id("ab")
    values = {"id": absence_id, "technician_id": technician_id, "from_ms": from_ms, "until_ms": until_ms}
    told = {"reason": reason.value, "note": note, "recorded_by": t.who, "at_ms": t.now_ms}
    t.connection.execute(insert(absences).values(**values, **told))
    now = {"absence_id": absence_id, "from_ms": from_ms, "until_ms": until_ms, "reason": reason.value}
    record_audit(t, "absence.add", technician_id, before=None, after=now)
    return absence_id


def end_absence(t: Transaction, technician_id: str, absence_id: str) -> None:
    """Take an absence away; one that runs ends now."""
    where = (absences.c.id == absence_id) & (absences.c.technician_id == technician_id)
    row = t.connection.execute(select(absences).where(where)).one_or_none()
    if row is None:
        raise UnknownError(f"Technician {technician_id} has no absence {absence_id!r}.")
    if row.until_ms <= t.now_ms:
        raise ConflictError("This absence is over; what was stays written down.")
    if row.from_ms < t.now_ms:
        t.connection.execute(update(absences).where(where).values(until_ms=t.now_ms))
    else:
        t.connection.execute(delete(absences).where(where))
    was = {"from_ms": row.from_ms, "until_ms": row.until_ms}
    now = was | {"until_ms": t.now_ms} if row.from_ms < t.now_ms else None
    record_audit(t, "absence.end", technician_id, before=was, after=now, about={"absence_id": absence_id})


def set_preference(t: Transaction, customer_id: str, technician_id: str, wish: Wish | None, note: str | None) -> None:
    """Write down whether a customer wants a technician at the door; None takes it back."""
    read_technician(t, technician_id)
    check_words("note", note, longest=1000)
    known = select(customers.c.id).where(customers.c.id == customer_id, customers.c.merged_into.is_(None))
    if t.connection.execute(known).first() is None:
        raise UnknownError(f"There is no customer {customer_id!r}.")
    key = {"customer_id": customer_id, "technician_id": technician_id}
    of_both = (preferences.c.customer_id == customer_id) & (preferences.c.technician_id == technician_id)
    before = t.connection.execute(select(preferences.c.wish).where(of_both)).scalar_one_or_none()
    if wish is None:
        t.connection.execute(delete(preferences).where(of_both))
    else:
        told = {"wish": wish.value, "note": note, "recorded_by": t.who, "at_ms": t.now_ms}
        statement = upsert(t.connection, preferences).values(**key, **told)
        t.connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=told))
    about = {"technician_id": technician_id}
    record_audit(t, "customer.technician", customer_id, before={"wish": before}, after={"wish": wish}, about=about)


def _check(t: Transaction, new: NewTechnician, *, but: str | None) -> None:
    """Refuse an account that nobody has, a provider that is none, and a name in another system that is somebody else's."""
    check_assignee(t, new.account)
    if new.external_id is not None and find_external(t, new.external_id) not in {None, but}:
        raise ConflictError(f"There is a technician with the external id {new.external_id!r} already.")
    if new.account is not None:
        taken = t.connection.execute(select(technicians.c.id).where(technicians.c.account == new.account)).scalar()
        if taken not in {None, but}:
            raise ConflictError(f"The account {new.account!r} is another technician's.")
    if new.provider_id is not None:
        known = select(providers.c.id).where(providers.c.id == new.provider_id)
        if t.connection.execute(known).first() is None:
            raise InvalidError(f"provider_id: there is no provider {new.provider_id!r}.")


def _values(new: NewTechnician) -> dict[str, Any]:
    return {
        "external_id": new.external_id,
        "account": new.account,
        "provider_id": new.provider_id,
        "name": new.name.strip(),
        "latitude": None if new.home is None else new.home.latitude,
        "longitude": None if new.home is None else new.home.longitude,
        "areas": list(new.areas) or None,
        "skills": dict(new.skills) or None,
        "licences": [[one.name, one.expires_on.isoformat() if one.expires_on else None] for one in new.licences]
        or None,
        "shifts": {day: [list(span) for span in spans] for day, spans in new.shifts.items()} or None,
        "time_zone": new.time_zone,
        "visits_per_day": new.visits_per_day,
        "is_active": new.is_active,
    }
