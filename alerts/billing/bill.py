"""Prices, coverages, quotes, receipts and statements as values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from alerts.billing.taxes import TaxRate, net_and_tax
from alerts.coverages.basis import Basis
from alerts.errors import InvalidError
from alerts.money import check_currency, parse_amount, round_amount, sum_of
from alerts.people.technician import check_name
from alerts.words import check_words

QUANTITY_MAX = Decimal(1000)


class Payer(StrEnum):
    """Who pays."""

    MANUFACTURER = "manufacturer"
    SELLER = "seller"
    CONTRACT = "contract"
    CUSTOMER = "customer"


class PayReason(StrEnum):
    """Why they pay; each has its sentence."""

    RECALLED = "recalled"
    UNDER_WARRANTY = "under_warranty"
    BY_LAW = "by_law"
    UNDER_CONTRACT = "under_contract"
    OVER = "over"
    NO_PROOF = "no_proof"
    MISUSE = "misuse"
    NOTHING_AGREED = "nothing_agreed"


PAYERS = {
    Basis.RECALL: (Payer.MANUFACTURER, PayReason.RECALLED),
    Basis.MANUFACTURER: (Payer.MANUFACTURER, PayReason.UNDER_WARRANTY),
    Basis.STATUTORY: (Payer.SELLER, PayReason.BY_LAW),
    Basis.CONTRACT: (Payer.CONTRACT, PayReason.UNDER_CONTRACT),
}


class QuoteStatus(StrEnum):
    """Where a quote stands."""

    OFFERED = "offered"
    APPROVED = "approved"
    DECLINED = "declined"
    REPLACED = "replaced"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PriceItem:
    """What something costs in a region (None: everywhere) from a day on; ``valid_to`` is its last day."""

    external_id: str
    code: str
    amount: str
    currency: str
    valid_from: date
    region: str | None = None
    valid_to: date | None = None
    tax: str | None = None
    """By the name under which the tax rates know it; None: the standard one."""

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        check_words("external_id", self.external_id, longest=200, is_needed=True)
        check_name("code", self.code)
        if self.tax is not None:
            check_name("tax", self.tax)
        check_words("region", self.region, longest=200)
        parse_amount(self.amount, self.currency)
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise InvalidError("valid_to is not before valid_from.")


@dataclass(frozen=True, slots=True)
class Coverage:
    """Who pays for what until when. Of a warranty ``months`` run from the purchase; a contract has its own days."""

    external_id: str
    basis: Basis
    valid_from: date
    valid_to: date | None = None
    months: int | None = None
    kind: str | None = None
    component: str | None = None
    appliance_id: str | None = None
    covers_parts: bool = True
    covers_labour: bool = True
    plan: str | None = None
    """Of a contract: what the customer bought, by the name under which the rules know it."""

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        check_words("external_id", self.external_id, longest=200, is_needed=True)
        check_words("plan", self.plan, longest=200)
        if self.plan is not None and self.basis is not Basis.CONTRACT:
            raise InvalidError("plan: only a contract has one.")
        if self.months is not None and not 1 <= self.months <= 600:
            raise InvalidError("months is 1 to 600.")
        if self.basis is Basis.CONTRACT and self.appliance_id is None:
            raise InvalidError("appliance_id: a contract is for one appliance.")
        if self.basis in {Basis.MANUFACTURER, Basis.STATUTORY} and self.months is None:
            raise InvalidError("months: a warranty runs so many from the purchase.")


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line: what, how many, at which price, and who pays it."""

    code: str
    label: str
    quantity: str
    amount: str
    total: str
    """What is paid: net and tax."""
    payer: Payer
    net: str
    tax: str
    percent: str | None = None
    """Of the tax; None where no rate holds."""


@dataclass(frozen=True, slots=True)
class WantedLine:
    """What is to be charged: a code of the price list (its price then), or an amount by hand."""

    code: str
    quantity: str = "1"
    amount: str | None = None
    label: str | None = None
    tax: str | None = None
    """Of an amount by hand; None: the standard one. A price of the list says its own."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who pays, and why; ``covers_*`` says for what, where it isn't the customer."""

    payer: Payer
    reason: PayReason
    covers_parts: bool = False
    covers_labour: bool = False
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What it will cost, and whether the customer agreed."""

    id: str
    ticket_id: str
    status: QuoteStatus
    lines: tuple[BillLine, ...]
    currency: str
    net: str
    tax: str
    total: str
    """Net and tax."""
    to_pay: str
    """By the customer, of the total."""
    payer: Payer
    reason: PayReason
    offered_at: datetime
    offered_by: str
    valid_until: datetime
    answered_at: datetime | None
    answered_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was charged."""

    id: str
    ticket_id: str
    ticket_number: int
    quote_id: str | None
    lines: tuple[BillLine, ...]
    currency: str
    net: str
    tax: str
    total: str
    to_pay: str
    payer: Payer
    reason: PayReason
    at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What a provider is owed for one visit."""

    visit_id: str
    ended_at: datetime
    tickets: tuple[int, ...]
    technician: str
    fees: tuple[tuple[str, str], ...]
    amount: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What a provider is owed for a period; the lines add up to the total, to the last decimal."""

    provider_id: str
    provider: str
    start: date
    end: date
    currency: str
    lines: tuple[StatementLine, ...]
    total: str


def line_of(wanted: WantedLine, amount: Decimal, currency: str, payer: Payer, rate: TaxRate | None = None) -> BillLine:
    """A line, multiplied out and rounded once, and its tax."""
    check_words("label", wanted.label, longest=300)
    try:
        quantity = Decimal(wanted.quantity)
    except ArithmeticError as error:
        raise InvalidError(f"quantity: {wanted.quantity!r} is no number.") from error
    if not quantity.is_finite() or not 0 < quantity <= QUANTITY_MAX:
        raise InvalidError(f"quantity is above 0 and at most {QUANTITY_MAX}.")
    net, tax = net_and_tax(round_amount(quantity * amount, currency), rate, currency)
    return BillLine(
        code=wanted.code,
        label=wanted.label or wanted.code,
        quantity=wanted.quantity,
        amount=str(amount),
        total=str(net + tax),
        payer=payer,
        net=str(net),
        tax=str(tax),
        percent=None if rate is None else rate.percent,
    )


def net_tax_total(lines: Iterable[BillLine], currency: str) -> tuple[str, str, str]:
    """What lines come to: net, tax, and both together."""
    some = list(lines)
    net, tax = (sum_of((Decimal(getattr(line, of)) for line in some), currency) for of in ("net", "tax"))
    return str(net), str(tax), str(net + tax)


def totals(lines: Sequence[BillLine], currency: str) -> tuple[str, str]:
    """What all lines come to, and what of it the customer pays."""
    check_currency(currency)
    own = [line for line in lines if line.payer is Payer.CUSTOMER]
    return tuple(str(sum_of((Decimal(line.total) for line in some), currency)) for some in (lines, own))  # type: ignore[return-value]  # two of them
