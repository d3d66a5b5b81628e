"""Taxes: which rate holds for a line in a region on a day, and what of a price is net and what is tax.

No market's law is built in: rates are rows with a region and days, and of one the row says whether the price list's amounts
hold the tax already. Tax is reckoned line by line and rounded once there, so that the lines add up to the total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from alerts.audit.chain import difference, record_audit
from alerts.billing.tables import tax_rates
from alerts.database import Transaction, upsert
from alerts.errors import InvalidError
from alerts.money import round_amount
from alerts.people.technician import check_name
from alerts.words import check_words

STANDARD = "standard"
"""The tax of what says no other."""
PERCENT_MAX = Decimal(100)


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A tax's percent in a region (None: everywhere) from a day on; ``is_included``: prices there hold it already."""

    external_id: str
    percent: str
    valid_from: date
    tax: str = STANDARD
    region: str | None = None
    is_included: bool = False
    valid_to: date | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        check_words("external_id", self.external_id, longest=200, is_needed=True)
        check_name("tax", self.tax)
        check_words("region", self.region, longest=200)
        percent_of(self.percent)
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise InvalidError("valid_to is not before valid_from.")


def percent_of(text: str) -> Decimal:
    """The percent of a text, with at most three decimals.

    >>> percent_of("19")
    Decimal('19')
    """
    whole, _, decimals = text.partition(".")
    is_plain = text.isascii() and whole.isdigit() and (decimals.isdigit() or "." not in text) and len(decimals) <= 3
    if not is_plain or Decimal(text) > PERCENT_MAX:
        raise InvalidError(f"percent: {text!r} is none of 0 to {PERCENT_MAX} such as 19 or 5.5.")
    return Decimal(text)


def net_and_tax(amount: Decimal, rate: TaxRate | None, currency: str) -> tuple[Decimal, Decimal]:
    """What of an amount of the price list is net and what is tax; together they are what is paid.

    >>> net_and_tax(Decimal("39.00"), TaxRate("de", "19", date(2026, 1, 1)), "EUR")
    (Decimal('39.00'), Decimal('7.41'))
    >>> net_and_tax(Decimal("113.00"), TaxRate("cn", "13", date(2026, 1, 1), is_included=True), "CNY")
    (Decimal('100.00'), Decimal('13.00'))
    """
    if rate is None:
        return amount, round_amount(Decimal(0), currency)
    percent = percent_of(rate.percent)
    if rate.is_included:
        tax = round_amount(amount * percent / (100 + percent), currency)
        return amount - tax, tax
    return amount, round_amount(amount * percent / 100, currency)


def put_tax(t: Transaction, new: TaxRate) -> bool:
    """Write a rate down; whether anything is new."""
    row = t.connection.execute(select(tax_rates).where(tax_rates.c.external_id == new.external_id)).one_or_none()
    if row is not None and _rate(row) == new:
        return False
    values = {
        "tax": new.tax,
        "region": new.region,
        "percent": new.percent,
        "is_included": new.is_included,
        "valid_from": new.valid_from.isoformat(),
        "valid_to": None if new.valid_to is None else new.valid_to.isoformat(),
    }
    statement = upsert(t.connection, tax_rates).values(external_id=new.external_id, **values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["external_id"], set_=values))
    told = {"before": None, "after": values} if row is None else difference(row, values)
    record_audit(t, "tax.put", new.external_id[:64], **told, about={"tax": new.tax})
    return True


def list_taxes(t: Transaction) -> Sequence[TaxRate]:
    """Every rate, by tax."""
    query = select(tax_rates).order_by(tax_rates.c.tax, tax_rates.c.valid_from, tax_rates.c.n)
    return [_rate(row) for row in t.connection.execute(query)]


def best_rate(rates: Sequence[TaxRate], tax: str | None, region: str | None, day: date) -> TaxRate | None:
    """The rate that holds: the region's own before everybody's, the newest before older ones; None where there is none."""
    found = [
        one
        for one in rates
        if one.tax == (tax or STANDARD)
        and one.region in {None, region}
        and one.valid_from <= day
        and (one.valid_to is None or day <= one.valid_to)
    ]
    return max(found, key=lambda one: (one.region is not None, one.valid_from, one.external_id), default=None)


def _rate(row: Any) -> TaxRate:
    return TaxRate(
        external_id=row.external_id,
        percent=row.percent,
        valid_from=date.fromisoformat(row.valid_from),
        tax=row.tax,
        region=row.region,
        is_included=row.is_included,
        valid_to=date.fromisoformat(row.valid_to) if row.valid_to else None,
    )
