"""Technicians and providers, as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.csv_file import Line
from alerts.customers.sealed import Sealed
from alerts.customers.sealed_unit import SealedUnit
from alerts.database import Transaction, UnitOfWork
from alerts.errors import UnknownError
from alerts.importing import RowReport, take_file
from alerts.page import LIMIT_DEFAULT, LIMIT_MAX, Page, all_pages
from alerts.people.csv_rows import take_technician
from alerts.people.keeping import add_absence, add_technician, change_technician, end_absence, set_preference
from alerts.people.offers import (
    answer_offer,
    expire_offers,
    has_overdue,
    list_offers,
    offer_ticket,
    offered_work,
    withdraw_offer,
)
from alerts.people.provider import NewProvider, Offer, OfferedWork, Provider
from alerts.people.providers import add_provider, change_provider, list_providers, provider_of, read_provider
from alerts.people.reading import (
    TechnicianFilter,
    list_absences,
    list_preferences,
    list_technicians,
    read_technician,
)
from alerts.people.technician import Absence, AbsenceReason, NewTechnician, Preference, Technician, Wish
from alerts.tickets.reading import find_row


@dataclass(frozen=True, slots=True)
class Technicians:
    """Who goes to homes; one method, one transaction."""

    unit: UnitOfWork

    def page(
        self, wanted: TechnicianFilter | None = None, *, cursor: str | None = None, limit: int = LIMIT_DEFAULT
    ) -> Page[Technician]:
        """One page of technicians, newest first."""
        return self.unit.look(lambda t: list_technicians(t, wanted or TechnicianFilter(), cursor=cursor, limit=limit))

    def all(self) -> Iterator[Technician]:
        """Everybody, newest first, page by page."""
        return all_pages(lambda cursor: self.page(cursor=cursor, limit=LIMIT_MAX))

    def read(self, technician_id: str) -> Technician:
        """One technician."""
        return self.unit.look(lambda t: read_technician(t, technician_id))

    def add(self, new: NewTechnician) -> Technician:
        """Enter a technician."""
        return self.unit.write(lambda t: read_technician(t, add_technician(t, new)))

    def change(self, technician_id: str, new: NewTechnician, *, expected_version: int | None = None) -> Technician:
        """Write a technician anew."""

        def work(t: Transaction) -> Technician:
            change_technician(t, technician_id, new, expected_version=expected_version)
            return read_technician(t, technician_id)

        return self.unit.write(work)

    def absences(self, technician_id: str) -> Sequence[Absence]:
        """When a technician is or was not there."""

        def work(t: Transaction) -> Sequence[Absence]:
            read_technician(t, technician_id)
            return list_absences(t, technician_id)

        return self.unit.look(work)

    def be_absent(
        self, technician_id: str, start: datetime, end: datetime, reason: AbsenceReason, note: str | None = None
    ) -> Absence:
        """Write down when a technician is not there."""

        def work(t: Transaction) -> Absence:
            made = add_absence(t, technician_id, start, end, reason, note)
            return next(one for one in list_absences(t, technician_id) if one.id == made)

        return self.unit.write(work)

    def be_back(self, technician_id: str, absence_id: str) -> None:
        """Take an absence away; one that runs ends now."""
        self.unit.write(lambda t: end_absence(t, technician_id, absence_id))

    def wishes(self, customer_id: str) -> Sequence[Preference]:
        """Whom a customer wants at the door, and whom not."""
        return self.unit.look(lambda t: list_preferences(t, customer_id))

    def wish(self, customer_id: str, technician_id: str, wish: Wish | None, note: str | None = None) -> None:
        """Write down whether a customer wants a technician at the door; None takes it back."""
        self.unit.write(lambda t: set_preference(t, customer_id, technician_id, wish, note))

    def take_over(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take rows of a file over."""
        return take_file(self.unit.write, lines, take_technician, is_dry_run=is_dry_run)


@dataclass(frozen=True, slots=True)
class Providers:
    """Companies whose people go to homes for us, and what they were asked to take."""

    sealed: SealedUnit

    @property
    def unit(self) -> UnitOfWork:
        """Where nothing sealed is needed."""
        return self.sealed.unit

    def page(self, *, cursor: str | None = None, limit: int = LIMIT_DEFAULT) -> Page[Provider]:
        """One page of providers, newest first."""
        return self.unit.look(lambda t: list_providers(t, cursor=cursor, limit=limit))

    def read(self, provider_id: str) -> Provider:
        """One provider."""
        return self.unit.look(lambda t: read_provider(t, provider_id))

    def add(self, new: NewProvider) -> Provider:
        """Enter a provider."""
        return self.unit.write(lambda t: read_provider(t, add_provider(t, new)))

    def change(self, provider_id: str, new: NewProvider, *, expected_version: int | None = None) -> Provider:
        """Write a provider anew."""

        def work(t: Transaction) -> Provider:
            change_provider(t, provider_id, new, expected_version=expected_version)
            return read_provider(t, provider_id)

        return self.unit.write(work)

    def offer(self, ref: str, provider_id: str) -> Offer:
        """Ask a provider to take a ticket."""
        return self.unit.write(lambda t: list_offers(t, offer_id=offer_ticket(t, ref, provider_id))[0])

    def withdraw(self, offer_id: str, note: str | None = None) -> Offer:
        """Take an offer back."""

        def work(t: Transaction) -> Offer:
            withdraw_offer(t, offer_id, note)
            return list_offers(t, offer_id=offer_id)[0]

        return self.unit.write(work)

    def offers_of(self, ref: str) -> Sequence[Offer]:
        """Who was asked to take a ticket, and what they said."""
        return self.unit.look(lambda t: list_offers(t, ticket_id=find_row(t, ref).id))

    def expire(self) -> int:
        """End offers that nobody answered in time; returns how many."""
        return self.unit.write(expire_offers) if self.unit.look(has_overdue) else 0

    def own(self) -> Sequence[OfferedWork]:
        """What the provider who asks was offered, newest first."""

        def work(s: Sealed) -> Sequence[OfferedWork]:
            provider = provider_of(s.t, s.t.who)
            return [offered_work(s, one) for one in list_offers(s.t, provider_id=provider.id)]

        return self.sealed.look(work)

    def own_one(self, offer_id: str) -> OfferedWork:
        """One offer of the provider who asks; nobody else's."""

        def work(s: Sealed) -> OfferedWork:
            return offered_work(s, _own(s.t, offer_id))

        return self.sealed.look(work)

    def answer(self, offer_id: str, *, is_taken: bool, note: str | None = None) -> OfferedWork:
        """The yes or no of the provider who asks."""

        def work(s: Sealed) -> OfferedWork:
            provider = provider_of(s.t, s.t.who)
            answer_offer(s.t, offer_id, provider.id, is_taken=is_taken, note=note)
            return offered_work(s, _own(s.t, offer_id))

        return self.sealed.write(work)


def _own(t: Transaction, offer_id: str) -> Offer:
    found = list_offers(t, provider_id=provider_of(t, t.who).id, offer_id=offer_id)
    if not found:
        raise UnknownError(f"There is no offer {offer_id!r}.")
    return found[0]
