"""The customer file, as it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from alerts.audit.chain import record_look
from alerts.csv_file import Line
from alerts.customers.consenting import is_allowed, record_consent
from alerts.customers.customer import (
    Contact,
    ContactChannel,
    Customer,
    CustomerFile,
    NewCustomer,
    NewOwnership,
    NewSite,
    Ownership,
    Purpose,
    Site,
)
from alerts.customers.homes import add_site, change_site, list_sites, read_site
from alerts.customers.importing import take_customer
from alerts.customers.keeping import (
    add_customer,
    change_customer,
    erase_customer,
    find_anew,
    merge_customers,
    reseal,
)
from alerts.customers.owning import end, give, list_ownerships, present_ownership
from alerts.customers.reading import list_customers, read_customer, read_file
from alerts.customers.sealed import Sealed
from alerts.customers.sealed_unit import SealedUnit
from alerts.importing import ROWS_AT_ONCE, RowReport, take_file
from alerts.page import LIMIT_DEFAULT, LIMIT_MAX, Page, all_pages
from ingest.clock import to_ms


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers, homes, ownership and consent; one method, one transaction. ``seal`` opens and closes what is sealed."""

    sealed: SealedUnit

    def page(self, *, q: str | None = None, cursor: str | None = None, limit: int = LIMIT_DEFAULT) -> Page[Customer]:
        """One page of customers, newest first; ``q`` is looked for in name, phone, mail, ids, serial and address."""
        return self.sealed.look(lambda s: list_customers(s, q=q, cursor=cursor, limit=limit))

    def read(self, customer_id: str) -> Customer:
        """One customer."""
        return self.sealed.look(lambda s: read_customer(s, customer_id))

    def add(self, new: NewCustomer) -> Customer:
        """Enter a customer."""
        return self.sealed.write(lambda s: read_customer(s, add_customer(s, new)))

    def change(
        self, customer_id: str, *, contact: Contact | None, language: str | None, expected_version: int | None = None
    ) -> Customer:
        """Change what is given."""

        def work(s: Sealed) -> Customer:
            change_customer(s, customer_id, contact=contact, language=language, expected_version=expected_version)
            return read_customer(s, customer_id)

        return self.sealed.write(work)

    def merge(self, customer_id: str, *, double_id: str) -> Customer:
        """Let one customer take over another's homes, appliances and consents."""

        def work(s: Sealed) -> Customer:
            merge_customers(s, customer_id, double_id=double_id)
            return read_customer(s, customer_id)

        return self.sealed.write(work)

    def erase(self, customer_id: str) -> Customer:
        """Erase who it was."""

        def work(s: Sealed) -> Customer:
            erase_customer(s, customer_id)
            return read_customer(s, customer_id)

        return self.sealed.write(work)

    def hand_out(self, customer_id: str) -> CustomerFile:
        """All that is written down of a customer, for themself; that it was handed out is written down, too."""

        def work(s: Sealed) -> CustomerFile:
            found = read_file(s, customer_id)
            record_look(s.t, "customer.export", customer_id, {})
            return found

        return self.sealed.write(work)

    def files(self) -> Iterator[CustomerFile]:
        """Every customer with all that hangs on them, newest first, page by page."""
        customers = all_pages(lambda cursor: self.page(cursor=cursor, limit=LIMIT_MAX))
        for customer in customers:
            yield self.sealed.look(partial(read_file, customer_id=customer.id))

    def sites(self, customer_id: str) -> Sequence[Site]:
        """The homes of a customer."""

        def work(s: Sealed) -> Sequence[Site]:
            read_customer(s, customer_id)
            return list_sites(s, customer_id)

        return self.sealed.look(work)

    def add_site(self, customer_id: str, new: NewSite) -> Site:
        """Enter a home."""
        return self.sealed.write(lambda s: read_site(s, customer_id, add_site(s, customer_id, new)))

    def change_site(self, customer_id: str, site_id: str, new: NewSite) -> Site:
        """Write a home anew."""

        def work(s: Sealed) -> Site:
            change_site(s, customer_id, site_id, new)
            return read_site(s, customer_id, site_id)

        return self.sealed.write(work)

    def ownerships(self, *, customer_id: str | None = None, appliance_id: str | None = None) -> Sequence[Ownership]:
        """Who owned what from when until when, the newest first."""
        return self.sealed.look(lambda s: list_ownerships(s, customer_id=customer_id, appliance_id=appliance_id))

    def owner_of(self, appliance_id: str) -> Ownership | None:
        """Whose an appliance is now."""
        return self.sealed.look(lambda s: present_ownership(s, appliance_id))

    def give(self, customer_id: str, new: NewOwnership) -> Ownership:
        """Let an appliance belong to a customer from a time on."""

        def work(s: Sealed) -> Ownership:
            given = give(s, customer_id, new)
            return next(one for one in list_ownerships(s, appliance_id=new.appliance_id) if one.id == given)

        return self.sealed.write(work)

    def end_ownership(self, appliance_id: str, *, at: datetime | None = None) -> None:
        """End the present ownership: sold on, given back, thrown away."""
        self.sealed.write(lambda s: end(s, appliance_id, at_ms=s.t.now_ms if at is None else to_ms(at)))

    def consent(
        self, customer_id: str, purpose: Purpose, channel: ContactChannel | None, *, is_given: bool, source: str
    ) -> CustomerFile:
        """Write down a yes or a no."""

        def work(s: Sealed) -> CustomerFile:
            record_consent(s.t, customer_id, purpose, channel, is_given=is_given, source=source)
            return read_file(s, customer_id)

        return self.sealed.write(work)

    def allows(self, customer_id: str, purpose: Purpose, channel: ContactChannel | None = None) -> bool:
        """Whether a purpose (by a channel) is allowed now."""
        return self.sealed.look(lambda s: is_allowed(s.t, customer_id, purpose, channel))

    def take_over(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take rows over, some at a time; with ``is_dry_run`` nothing stays, and only the report tells what would."""
        return take_file(self.sealed.write, lines, take_customer, is_dry_run=is_dry_run)

    def reseal(self) -> int:
        """Seal everything with the ring's first key and find customers by it; how many customers there are."""
        after_n: int | None = 0
        while after_n is not None:
            after_n = self.sealed.write(partial(reseal, after_n=after_n, limit=ROWS_AT_ONCE))
        self.sealed.write(find_anew)
        return sum(1 for _ in self.files())
