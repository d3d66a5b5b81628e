"""Entering, changing, merging and erasing customers: each step leaves an audit entry that names no contact detail."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select, update

from alerts.audit.chain import difference, record_audit
from alerts.customers.customer import Address, Contact, NewCustomer, check_language
from alerts.customers.sealed import Sealed
from alerts.customers.tables import (
    consents,
    contact_keys,
    customer_answers,
    customer_words,
    customers,
    letters,
    ownerships,
    sites,
)
from alerts.customers.words import kept_words
from alerts.database import Transaction, upsert
from alerts.errors import ConflictError, StaleViewError, UnknownError


def add_customer(s: Sealed, new: NewCustomer) -> str:
    """Enter a customer and return the id; :class:`ConflictError` where the external id is known."""
    t = s.t
    if new.external_id is not None and find_external(t, new.external_id) is not None:
        raise ConflictError(f"There is a customer with the external id {new.external_id!r} already.")
    fingerprint = s.fingerprint
    t.connection.execute(
        upsert(t.connection, contact_keys).values(id=1, fingerprint=fingerprint).on_conflict_do_nothing()
    )
    customer_id = t.new_id("cu")
    values = {"id": customer_id, "external_id": new.external_id, "language": new.language}
    times = {"created_ms": t.now_ms, "changed_ms": t.now_ms}
    t.connection.execute(insert(customers).values(**values, **times, contact=s.close(new.contact)))
    record_audit(
        t, "customer.add", customer_id, before=None, after={"external_id": new.external_id, "language": new.language}
    )
    s.changed.add(customer_id)
    return customer_id


def change_customer(
    s: Sealed, customer_id: str, *, contact: Contact | None, language: str | None, expected_version: int | None
) -> None:
    """Change what is given; :class:`StaleViewError` where somebody else was quicker."""
    row = live_row(s.t, customer_id)
    if expected_version is not None and row.version != expected_version:
        raise StaleViewError(expected=expected_version, current=row.version)
    values: dict[str, Any] = {}
    if contact is not None and contact != s.contact(row.contact):
        values["contact"] = s.close(contact)
    if language is not None and language != row.language:
        check_language(language)
        values["language"] = language
    if values:
        _write(s.t, customer_id, **values)
        changed = {"changed": sorted(values)}
        told = difference(row, values)
        record_audit(s.t, "customer.change", customer_id, **told, about=changed)
        s.changed.add(customer_id)


def merge_customers(s: Sealed, customer_id: str, *, double_id: str) -> None:
    """Let one customer take over another's homes, appliances and consents; the double stays as a signpost."""
    if customer_id == double_id:
        raise ConflictError("A customer can't be merged into themself.")
    row, double = live_row(s.t, customer_id), live_row(s.t, double_id)
    kept, other = s.contact(row.contact), s.contact(double.contact)
    joined = Contact(
        name=kept.name,
        phones=tuple(dict.fromkeys((*kept.phones, *other.phones)))[:10],
        mails=tuple(dict.fromkeys((*kept.mails, *other.mails)))[:10],
        chat=kept.chat or other.chat,
        note=kept.note or other.note,
    )
    for table in (sites, ownerships, consents):
        own = table.c.customer_id == double_id
        values: dict[str, Any] = {"customer_id": customer_id}
        if table is sites:
            values["external_id"] = None
        s.t.connection.execute(update(table).where(own).values(**values))
    _write(s.t, customer_id, contact=s.close(joined))
    external_id = {} if row.external_id or not double.external_id else {"external_id": double.external_id}
    _write(s.t, double_id, merged_into=customer_id, external_id=None)
    if external_id:
        _write(s.t, customer_id, **external_id)
    was = {"external_id": row.external_id, "double_merged_into": None}
    now = was | external_id | {"double_merged_into": customer_id}
    record_audit(s.t, "customer.merge", customer_id, before=was, after=now, about={"double": double_id})
    s.changed.add(customer_id)
    s.changed.add(double_id)


def erase_customer(s: Sealed, customer_id: str) -> None:
    """Erase who it was: contact, addresses, proofs and what they wrote go; that somebody owned an appliance then stays."""
    row = s.t.connection.execute(select(customers).where(customers.c.id == customer_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no customer {customer_id!r}.")
    if row.erased_ms is not None:
        return
    nobody, nowhere = Contact(name="erased"), Address(street="erased", city="erased")
    _write(s.t, customer_id, contact=s.close(nobody), external_id=None, erased_ms=s.t.now_ms)
    emptied = {
        "address": s.close(nowhere),
        "access_hours": None,
        "external_id": None,
        "latitude": None,
        "longitude": None,
    }
    s.t.connection.execute(update(sites).where(sites.c.customer_id == customer_id).values(**emptied))
    owned = ownerships.c.customer_id == customer_id
    s.t.connection.execute(update(ownerships).where(owned).values(proof=None, serial=None))
    s.t.connection.execute(update(ownerships).where(owned, ownerships.c.until_ms.is_(None)).values(until_ms=s.t.now_ms))
    s.t.connection.execute(
        update(customer_answers).where(customer_answers.c.customer_id == customer_id).values(text=None)
    )
    s.t.connection.execute(update(letters).where(letters.c.customer_id == customer_id).values(content=None))
    record_audit(s.t, "customer.erase", customer_id, before={"erased_ms": None}, after={"erased_ms": s.t.now_ms})
    s.changed.add(customer_id)


def keep_words(s: Sealed) -> None:
    """Write down by which words the changed customers are found now: name, phones, mails, ids, serials, addresses."""
    for row in s.t.connection.execute(select(customers).where(customers.c.id.in_(s.changed))).all():
        _keep_words(s, row)
    s.changed.clear()


def _keep_words(s: Sealed, row: Any) -> None:
    customer_id = row.id
    s.t.connection.execute(delete(customer_words).where(customer_words.c.customer_n == row.n))
    if row.erased_ms is not None or row.merged_into is not None:
        return
    contact = s.contact(row.contact)
    texts = [contact.name, *contact.mails, contact.chat or "", row.external_id or ""]
    for site in s.t.connection.execute(select(sites.c.address).where(sites.c.customer_id == customer_id)):
        address = s.address(site.address)
        texts += [address.street, address.city, address.postcode or ""]
    columns = ownerships.c
    owned = select(columns.serial, columns.appliance_id).where(columns.customer_id == customer_id)
    for one in s.t.connection.execute(owned):
        texts += [one.serial or "", one.appliance_id]
    digests = s.seal.digests(kept_words(texts, contact.phones), fingerprint=s.fingerprint)
    if digests:
        rows = [{"word": digest, "customer_n": row.n} for digest in sorted(digests)]
        s.t.connection.execute(insert(customer_words), rows)


def reseal(s: Sealed, *, after_n: int, limit: int) -> int | None:
    """Seal some customers with the ring's first key; the number to go on from, None at the end."""
    query = select(customers).where(customers.c.n > after_n).order_by(customers.c.n).limit(limit)
    rows = s.t.connection.execute(query).all()
    for row in rows:
        _put(s.t, row.id, contact=s.close(s.contact(row.contact)))
        for site in s.t.connection.execute(select(sites).where(sites.c.customer_id == row.id)).all():
            sealed = s.close(s.address(site.address))
            s.t.connection.execute(update(sites).where(sites.c.n == site.n).values(address=sealed))
        for own in s.t.connection.execute(select(ownerships).where(ownerships.c.customer_id == row.id)).all():
            if own.proof is not None:
                sealed = s.close(s.text(own.proof) or "")
                s.t.connection.execute(update(ownerships).where(ownerships.c.n == own.n).values(proof=sealed))
    return rows[-1].n if len(rows) == limit else None


def find_anew(s: Sealed) -> None:
    """Let customers be found by the ring's first key from now on: every word is written anew, in one transaction."""
    first, before = s.seal.fingerprints[0], s.fingerprint
    s.t.connection.execute(update(contact_keys).values(fingerprint=first))
    for row in s.t.connection.execute(select(customers)).all():
        _keep_words(s, row)
    record_audit(s.t, "customer.reseal", "contact_keys", before={"key": before[:12]}, after={"key": first[:12]})


def live_row(t: Transaction, customer_id: str) -> Any:
    """The row of a customer whose data are there; errors say where they went."""
    row = t.connection.execute(select(customers).where(customers.c.id == customer_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no customer {customer_id!r}.")
    if row.merged_into is not None:
        raise ConflictError(f"Customer {customer_id} was merged into {row.merged_into}: use that one.")
    if row.erased_ms is not None:
        raise ConflictError(f"The data of customer {customer_id} were erased.")
    return row


def find_external(t: Transaction, external_id: str) -> str | None:
    """The customer with another system's id."""
    query = select(customers.c.id).where(customers.c.external_id == external_id)
    return t.connection.execute(query).scalar_one_or_none()


def touch(t: Transaction, customer_id: str) -> None:
    """Count a change of what hangs on a customer."""
    _write(t, customer_id)


def _write(t: Transaction, customer_id: str, **values: Any) -> None:
    _put(t, customer_id, **values, version=customers.c.version + 1, changed_ms=t.now_ms)


def _put(t: Transaction, customer_id: str, **values: Any) -> None:
    t.connection.execute(update(customers).where(customers.c.id == customer_id).values(**values))
