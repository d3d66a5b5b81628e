"""Invoice: what the books have written or received for our work, held against what we counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from alerts.billing.bill import Payer
from alerts.errors import InvalidError
from alerts.money import parse_amount
from alerts.words import check_words


@dataclass(frozen=True, slots=True)
class NewInvoice:
    """An invoice of another system: one of ours for a receipt, or a provider's for some days."""

    external_id: str
    number: str
    issued_on: date
    currency: str
    amount: str
    """Before tax."""
    receipt_id: str | None = None
    payer: Payer = Payer.CUSTOMER
    """Who is to pay what a receipt says."""
    provider_id: str | None = None
    start: date | None = None
    end: date | None = None
    """The days that a provider's invoice is for, both included."""
    due_on: date | None = None
    paid_on: date | None = None
    tax: str | None = None
    """Beside the amount, where it is said."""

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        check_words("external_id", self.external_id, longest=200, is_needed=True)
        check_words("number", self.number, longest=200, is_needed=True)
        parse_amount(self.amount, self.currency, may_be_negative=True)
        if self.tax is not None:
            parse_amount(self.tax, self.currency, noun="tax", may_be_negative=True)
        if (self.receipt_id is None) == (self.provider_id is None):
            raise InvalidError("An invoice is for a receipt_id or of a provider_id, one of them.")
        if self.provider_id is not None and (self.start is None or self.end is None):
            raise InvalidError("start, end: a provider's invoice is for some days.")
        if self.receipt_id is not None and (self.start is not None or self.end is not None):
            raise InvalidError("start, end: only a provider's invoice has them.")
        if self.due_on is not None and self.due_on < self.issued_on:
            raise InvalidError("due_on is not before issued_on.")


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as it was written, what we counted for the same, and by how much it differs."""

    written: NewInvoice
    expected: str | None
    """Before tax; nothing where the currencies differ."""
    expected_tax: str | None = None
    """Nothing of what a provider is owed: whose tax is theirs."""

    @property
    def difference(self) -> str | None:
        """What it is above what we counted; below zero where it is less."""
        return None if self.expected is None else str(Decimal(self.written.amount) - Decimal(self.expected))

    @property
    def tax_difference(self) -> str | None:
        """What its tax is above what we reckoned; nothing where either isn't said."""
        if self.expected_tax is None or self.written.tax is None:
            return None
        return str(Decimal(self.written.tax) - Decimal(self.expected_tax))
