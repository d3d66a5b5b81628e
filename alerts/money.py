"""Money: a Decimal with its currency, never a float, rounded once and by one rule.

Amounts are kept and sent as text (``"79.90"``). A currency has as many decimals as ISO 4217 gives it. Halves are rounded
away from zero, as invoices are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from alerts.errors import InvalidError

AMOUNT_MAX = Decimal(100_000_000)
_DECIMALS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3, "JOD": 3}
_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"-?\d{1,9}(\.\d{1,3})?")


def check_currency(currency: str) -> None:
    """Raise :class:`InvalidError` where it is no currency of ISO 4217 by its form."""
    if not _CURRENCY.fullmatch(currency):
        raise InvalidError(f"currency: {currency!r} is none of three capital letters, such as EUR or CNY.")


def parse_amount(text: str, currency: str, *, noun: str = "amount", may_be_negative: bool = False) -> Decimal:
    """The amount of a text in a currency; :class:`InvalidError` where it has too many decimals, or is none.

    >>> parse_amount("79.9", "EUR")
    Decimal('79.90')
    """
    check_currency(currency)
    if not _AMOUNT.fullmatch(text):
        raise InvalidError(f"{noun}: {text!r} is no amount such as 79.90.")
    try:
        given = Decimal(text)
    except InvalidOperation as error:
        raise InvalidError(f"{noun}: {text!r} is no amount such as 79.90.") from error
    rounded = round_amount(given, currency)
    if rounded != given:
        raise InvalidError(f"{noun}: {currency} has {decimals_of(currency)} decimals; {text} has more.")
    if given < 0 and not may_be_negative:
        raise InvalidError(f"{noun} is not below zero.")
    if abs(given) > AMOUNT_MAX:
        raise InvalidError(f"{noun} is at most {AMOUNT_MAX}.")
    return rounded


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """An amount with the decimals of its currency.

    >>> round_amount(Decimal("0.125"), "EUR"), round_amount(Decimal("12.5"), "JPY")
    (Decimal('0.13'), Decimal('13'))
    """
    return amount.quantize(Decimal(1).scaleb(-decimals_of(currency)), ROUND_HALF_UP)


def decimals_of(currency: str) -> int:
    """How many decimals a currency has."""
    return _DECIMALS.get(currency, 2)


def sum_of(amounts: Iterable[Decimal], currency: str) -> Decimal:
    """The sum of amounts of one currency, with its decimals; 0.00 of none."""
    return sum(amounts, round_amount(Decimal(0), currency))
