"""Money, as it is asked for: the price list, who pays, quotes, receipts, statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from alerts.billing.bill import Coverage, Decision, PriceItem, Quote, Receipt, Statement, WantedLine
from alerts.billing.csv_rows import take_coverage, take_invoice, take_price, take_tax
from alerts.billing.deciding import decide, list_coverages, put_coverage, read_coverage
from alerts.billing.invoice import Invoice, NewInvoice
from alerts.billing.invoicing import invoices_of, list_invoices, page_receipts, put_invoice, read_invoice
from alerts.billing.quoting import (
    answer_quote,
    charge,
    list_prices,
    list_quotes,
    list_receipts,
    offer_quote,
    standing_quote,
)
from alerts.billing.settling import settle
from alerts.billing.taxes import TaxRate, list_taxes, put_tax
from alerts.csv_file import Line
from alerts.customers.links import open_link
from alerts.customers.sealed import Sealed
from alerts.customers.sealed_unit import SealedUnit
from alerts.database import CUSTOMER, Transaction, UnitOfWork
from alerts.errors import UnknownError
from alerts.importing import RowReport, take_file
from alerts.page import LIMIT_DEFAULT, Page


@dataclass(frozen=True, slots=True)
class Billing:
    """What it costs, who pays, what was agreed; one method, one transaction."""

    sealed: SealedUnit

    @property
    def unit(self) -> UnitOfWork:
        """Where nothing sealed is needed."""
        return self.sealed.unit

    def prices(self) -> Sequence[PriceItem]:
        """The whole price list."""
        return self.unit.look(list_prices)

    def take_prices(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take a price list over."""
        return take_file(self.unit.write, lines, take_price, is_dry_run=is_dry_run)

    def taxes(self) -> Sequence[TaxRate]:
        """Every tax rate."""
        return self.unit.look(list_taxes)

    def put_tax(self, new: TaxRate) -> TaxRate:
        """Write a tax rate down, known again by its external id."""
        self.unit.write(lambda t: put_tax(t, new))
        return new

    def take_taxes(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take tax rates over."""
        return take_file(self.unit.write, lines, take_tax, is_dry_run=is_dry_run)

    def coverages(self) -> Sequence[Coverage]:
        """Who pays for what until when."""
        return self.unit.look(list_coverages)

    def take_coverages(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take coverages over."""
        return take_file(self.unit.write, lines, take_coverage, is_dry_run=is_dry_run)

    def put_coverage(self, new: Coverage) -> Coverage:
        """Write a coverage down, known again by its external id."""

        def work(t: Transaction) -> Coverage:
            put_coverage(t, new)
            return read_coverage(t, new.external_id)

        return self.unit.write(work)

    def coverage(self, external_id: str) -> Coverage:
        """The coverage that another system knows by this id."""
        return self.unit.look(lambda t: read_coverage(t, external_id))

    def take_invoices(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take invoices of another system over."""
        return take_file(self.unit.write, lines, take_invoice, is_dry_run=is_dry_run)

    def put_invoice(self, new: NewInvoice) -> Invoice:
        """Write one invoice of another system down."""

        def work(t: Transaction) -> Invoice:
            put_invoice(t, new)
            return read_invoice(t, new.external_id)

        return self.unit.write(work)

    def invoice(self, external_id: str) -> Invoice:
        """One invoice, held against what we counted."""
        return self.unit.look(lambda t: read_invoice(t, external_id))

    def invoices(
        self, *, is_paid: bool | None = None, cursor: str | None = None, limit: int = LIMIT_DEFAULT
    ) -> Page[Invoice]:
        """One page of invoices, the last one taken over first."""
        return self.unit.look(lambda t: list_invoices(t, is_paid=is_paid, cursor=cursor, limit=limit))

    def all_receipts(
        self,
        *,
        start: date | None = None,
        end: date | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[tuple[Receipt, list[str]]]:
        """One page of the receipts of all tickets, the newest first, each with the numbers of its invoices."""

        def work(t: Transaction) -> Page[tuple[Receipt, list[str]]]:
            found = page_receipts(t, start=start, end=end, cursor=cursor, limit=limit)
            numbers = invoices_of(t, found.items)
            return Page(tuple((one, numbers.get(one.id, [])) for one in found.items), found.next)

        return self.unit.look(work)

    def payer(self, ref: str) -> Decision:
        """Who pays for the work of a ticket, and why."""
        return self.unit.look(lambda t: decide(t, ref))

    def quotes(self, ref: str) -> Sequence[Quote]:
        """The quotes of a ticket, the newest first."""
        return self.unit.look(lambda t: list_quotes(t, ref))

    def offer(
        self, ref: str, lines: Sequence[WantedLine], *, currency: str, days: int = 14, note: str | None = None
    ) -> Quote:
        """Say what it will cost."""

        def work(t: Transaction) -> Quote:
            made = offer_quote(t, ref, lines, currency=currency, days=days, note=note)
            return next(one for one in list_quotes(t, ref) if one.id == made)

        return self.unit.write(work)

    def answer(self, ref: str, quote_id: str, *, is_approved: bool) -> Quote:
        """The customer's yes or no, as somebody heard it."""

        def work(t: Transaction) -> Quote:
            if quote_id not in {one.id for one in list_quotes(t, ref)}:
                raise UnknownError(f"This ticket has no quote {quote_id!r}.")
            answer_quote(t, quote_id, is_approved=is_approved)
            return next(one for one in list_quotes(t, ref) if one.id == quote_id)

        return self.unit.write(work)

    def charge(self, ref: str, lines: Sequence[WantedLine], *, currency: str) -> Receipt:
        """Write the receipt of a ticket's work."""

        def work(t: Transaction) -> Receipt:
            made = charge(t, ref, lines, currency=currency)
            return next(one for one in list_receipts(t, ref) if one.id == made)

        return self.unit.write(work)

    def receipts(self, ref: str) -> Sequence[Receipt]:
        """The receipts of a ticket, the newest first."""
        return self.unit.look(lambda t: list_receipts(t, ref))

    def settle(self, provider_id: str, start: date, end: date, time_zone: str = "UTC") -> Statement:
        """What a provider is owed for some days."""
        return self.unit.look(lambda t: settle(t, provider_id, start, end, time_zone))

    def on_page(self, secret: str) -> Quote | None:
        """The quote that stands for the holder of a link; None where none does."""
        return self.sealed.look(lambda s: standing_quote(s.t, open_link(s, secret).ticket_id))

    def answer_on_page(self, secret: str, quote_id: str, *, is_approved: bool) -> None:
        """The yes or no of the holder of a link to the quote that they see."""

        def work(s: Sealed) -> None:
            known = {one.id for one in list_quotes(s.t, open_link(s, secret).ticket_id)}
            if quote_id not in known:
                raise UnknownError("There is no such quote.")
            answer_quote(s.t.by(CUSTOMER), quote_id, is_approved=is_approved)

        self.sealed.write(work)
