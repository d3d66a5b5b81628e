"""Offers: a ticket is offered to a provider, who takes it or not, within a time.

A ticket has one standing offer; the database holds it. What nobody answers in time has expired, and the ticket's history
says so, so that a dispatcher can ask the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy import insert as insert_into

from alerts.audit.chain import record_audit
from alerts.customers.consenting import is_allowed
from alerts.customers.customer import Purpose
from alerts.customers.homes import read_site
from alerts.customers.owning import present_ownership
from alerts.customers.reading import read_customer
from alerts.customers.sealed import Sealed
from alerts.database import SYSTEM, Transaction
from alerts.errors import ConflictError, UnknownError
from alerts.lifecycle import OVER
from alerts.notices.changes import Subject, record_change
from alerts.page import moment
from alerts.people.provider import Offer, OfferedWork, OfferStatus
from alerts.people.providers import read_provider
from alerts.people.tables import offers
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row, read_ticket
from alerts.tickets.tables import tickets
from alerts.words import check_words
from ingest.clock import from_ms

HOUR_MS = 3_600_000
EXPIRED_AT_ONCE = 200
STANDING = (OfferStatus.OFFERED, OfferStatus.ACCEPTED)


def offer_ticket(t: Transaction, ref: str, provider_id: str) -> str:
    """Ask a provider to take a ticket and return the offer's id; :class:`ConflictError` where one stands already."""
    row, provider = find_row(t, ref), read_provider(t, provider_id)
    if row.status in OVER:
        raise ConflictError(f"Ticket {row.number} is {row.status}.")
    if not provider.is_active:
        raise ConflictError(f"{provider.name} is not active.")
    if row.kind not in provider.skills and provider.skills:
        raise ConflictError(f"{provider.name} does no {row.kind}; they do {', '.join(sorted(provider.skills))}.")
    standing = _standing(t, row.id)
    if standing is not None:
        raise ConflictError(f"Ticket {row.number} is {standing.status} already: withdraw that offer first.")
    offer_id = t.new_id("of")
    answer_by_ms = t.now_ms + provider.answer_within_h * HOUR_MS
    values = {"id": offer_id, "ticket_id": row.id, "provider_id": provider_id, "status": OfferStatus.OFFERED.value}
    times = {"offered_ms": t.now_ms, "offered_by": t.who, "answer_by_ms": answer_by_ms}
    t.connection.execute(insert_into(offers).values(**values, **times))
    _tell(t, row, OfferStatus.OFFERED, provider_id, None, was=None)
    return offer_id


def answer_offer(t: Transaction, offer_id: str, provider_id: str, *, is_taken: bool, note: str | None) -> None:
    """The provider's yes or no; :class:`ConflictError` where it comes too late, or was given already."""
    check_words("note", note, longest=2000)
    row = _row(t, offer_id)
    if row is None or row.provider_id != provider_id:
        raise UnknownError(f"There is no offer {offer_id!r}.")
    answer = OfferStatus.ACCEPTED if is_taken else OfferStatus.DECLINED
    if row.status == answer.value:
        return
    may_still = row.status == OfferStatus.OFFERED or (row.status == OfferStatus.ACCEPTED and not is_taken)
    if not may_still or (is_taken and t.now_ms >= row.answer_by_ms):
        late = " The time to answer is over." if t.now_ms >= row.answer_by_ms else ""
        raise ConflictError(f"This offer is {row.status}.{late}")
    _end(t, row, answer, note)


def withdraw_offer(t: Transaction, offer_id: str, note: str | None) -> None:
    """Take an offer back, accepted or not."""
    check_words("note", note, longest=2000)
    row = _row(t, offer_id)
    if row is None:
        raise UnknownError(f"There is no offer {offer_id!r}.")
    if row.status not in STANDING:
        raise ConflictError(f"This offer is {row.status}.")
    _end(t, row, OfferStatus.WITHDRAWN, note)


def has_overdue(t: Transaction) -> bool:
    """Whether any offer has waited longer than it was given."""
    return t.connection.execute(_overdue(t).limit(1)).first() is not None


def expire_offers(t: Transaction) -> int:
    """End offers that nobody answered in time; returns how many."""
    found = t.connection.execute(_overdue(t).limit(EXPIRED_AT_ONCE)).all()
    for row in found:
        _end(t.by(SYSTEM), row, OfferStatus.EXPIRED, None)
    return len(found)


def list_offers(
    t: Transaction, *, provider_id: str | None = None, ticket_id: str | None = None, offer_id: str | None = None
) -> Sequence[Offer]:
    """Offers, newest first; at most 500."""
    query = select(offers, tickets.c.number.label("ticket_number")).join(tickets, tickets.c.id == offers.c.ticket_id)
    given = ((offers.c.provider_id, provider_id), (offers.c.ticket_id, ticket_id), (offers.c.id, offer_id))
    for column, value in given:
        if value is not None:
            query = query.where(column == value)
    return [_offer(row) for row in t.connection.execute(query.order_by(offers.c.n.desc()).limit(500))]


def offered_work(s: Sealed, offer: Offer) -> OfferedWork:
    """What a provider may read of the ticket behind an offer."""
    ticket = read_ticket(s.t, offer.ticket_id)
    name: str | None = None
    phones: Sequence[str] = ()
    address: str | None = None
    if offer.status is OfferStatus.ACCEPTED and ticket.status not in OVER:
        name, phones, address = whereabouts(s, ticket.appliance_id, is_contractor=True)
    return OfferedWork(
        offer=offer,
        kind=ticket.kind,
        model=ticket.model,
        title=ticket.title,
        region=ticket.region,
        fault_mode=ticket.fault_mode,
        first_check=ticket.recommended.first_check,
        parts=[part.sku for part in ticket.recommended.parts],
        visit_from=ticket.visit.start if ticket.visit else None,
        visit_to=ticket.visit.end if ticket.visit else None,
        contact=name,
        phones=phones,
        address=address,
    )


def whereabouts(s: Sealed, appliance_id: str, *, is_contractor: bool) -> tuple[str | None, Sequence[str], str | None]:
    """Who lives where; to a contractor as far as the customer allows that contractors are told."""
    owned = present_ownership(s, appliance_id)
    if owned is None or (is_contractor and not is_allowed(s.t, owned.customer_id, Purpose.CONTRACTOR, None)):
        return None, (), None
    contact = read_customer(s, owned.customer_id).contact
    if contact is None:
        return None, (), None
    place = None if owned.site_id is None else read_site(s, owned.customer_id, owned.site_id).address
    parts = () if place is None else (place.street, place.postcode, place.city, place.note)
    return contact.name, contact.phones, ", ".join(part for part in parts if part) or None


def _end(t: Transaction, row: Any, status: OfferStatus, note: str | None) -> None:
    values = {"status": status.value, "answered_ms": t.now_ms, "note": note}
    t.connection.execute(update(offers).where(offers.c.id == row.id).values(**values))
    _tell(t, find_row(t, row.ticket_id), status, row.provider_id, note, was=row.status)


def _tell(
    t: Transaction, ticket: Any, status: OfferStatus, provider_id: str, note: str | None, *, was: str | None
) -> None:
    data = {"provider_id": provider_id}
    states = {"from_status": ticket.status, "to_status": ticket.status}
    add_history(t, ticket.id, event=f"offer_{status.value}", **states, note=note, data=data)
    record_change(t, Subject.TICKET, ticket.id, {"number": ticket.number, "status": ticket.status})
    before = None if was is None else {"status": was}
    record_audit(t, f"offer.{status.value}", ticket.id, before=before, after={"status": status.value}, about=data)


def _standing(t: Transaction, ticket_id: str) -> Any:
    where = (offers.c.ticket_id == ticket_id) & offers.c.status.in_([status.value for status in STANDING])
    return t.connection.execute(select(offers).where(where)).one_or_none()


def _row(t: Transaction, offer_id: str) -> Any:
    return t.connection.execute(select(offers).where(offers.c.id == offer_id)).one_or_none()


def _overdue(t: Transaction) -> Select[Any]:
    is_open = offers.c.status == OfferStatus.OFFERED.value
    return select(offers).where(is_open, offers.c.answer_by_ms <= t.now_ms).order_by(offers.c.n)


def _offer(row: Any) -> Offer:
    return Offer(
        id=row.id,
        ticket_id=row.ticket_id,
        ticket_number=row.ticket_number,
        provider_id=row.provider_id,
        status=OfferStatus(row.status),
        offered_at=from_ms(row.offered_ms),
        offered_by=row.offered_by,
        answer_by=from_ms(row.answer_by_ms),
        answered_at=moment(row.answered_ms),
        note=row.note,
    )
