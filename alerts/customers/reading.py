"""Reading the customer file: one, a page of them, and whoever is found by words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from alerts.customers.consenting import list_consents
from alerts.customers.customer import Customer, CustomerFile
from alerts.customers.homes import list_sites
from alerts.customers.owning import list_ownerships
from alerts.customers.sealed import Sealed
from alerts.customers.tables import customer_words, customers
from alerts.customers.words import wanted_words
from alerts.errors import UnknownError
from alerts.page import Page, moment, select_page
from ingest.clock import from_ms


def list_customers(s: Sealed, *, q: str | None, cursor: str | None, limit: int) -> Page[Customer]:
    """One page of customers, newest first; ``q`` is looked for in name, phone, mail, ids, serial and address."""
    query = select(customers).where(customers.c.merged_into.is_(None))
    words = wanted_words(q) if q else set()
    if q and not words:
        return Page((), None)
    if words:
        digests = s.seal.digests(words, fingerprint=s.fingerprint)
        found = select(customer_words.c.customer_n).where(customer_words.c.word.in_(digests))
        every = found.group_by(customer_words.c.customer_n).having(func.count() == len(digests))
        query = query.where(customers.c.n.in_(every))
    rows, after = select_page(s.t.connection, query, customers.c.n, cursor=cursor, limit=limit)
    return Page(tuple(_customer(s, row) for row in rows), after)


def read_customer(s: Sealed, customer_id: str) -> Customer:
    """One customer, by our id; one that was merged says into whom."""
    row = s.t.connection.execute(select(customers).where(customers.c.id == customer_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no customer {customer_id!r}.")
    return _customer(s, row)


def read_file(s: Sealed, customer_id: str) -> CustomerFile:
    """All that is written down of a customer."""
    return CustomerFile(
        read_customer(s, customer_id),
        list_sites(s, customer_id),
        list_ownerships(s, customer_id=customer_id),
        list_consents(s.t, customer_id),
    )


def _customer(s: Sealed, row: Any) -> Customer:
    return Customer(
        id=row.id,
        external_id=row.external_id,
        contact=None if row.erased_ms is not None else s.contact(row.contact),
        language=row.language,
        merged_into=row.merged_into,
        created_at=from_ms(row.created_ms),
        changed_at=from_ms(row.changed_ms),
        erased_at=moment(row.erased_ms),
        version=row.version,
    )
