"""Technicians and providers on SQLite, and money."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.desk import Desk
from alerts.errors import InvalidError
from alerts.money import decimals_of, parse_amount, round_amount, sum_of
from tests.contract.customers_suite import desk_with_seal
from tests.contract.people_suite import PeopleSuite


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk that can read and write what is sealed."""
    return desk_with_seal(desk.unit, desk)


class TestPeopleOnSqlite(PeopleSuite):
    """SQLite keeps the promises of people."""


@given(st.lists(st.integers(0, 10**9), max_size=50), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_amounts_add_up_to_the_last_decimal(cents: list[int], currency: str) -> None:
    """Whatever the currency: the sum of what was parsed is the sum of its smallest units."""
    places = decimals_of(currency)
    texts = [str(Decimal(one).scaleb(-places)) for one in cents]

    total = sum_of((parse_amount(text, currency) for text in texts if Decimal(text) < 10**8), currency)

    assert total.scaleb(places) == sum(one for one in cents if Decimal(one).scaleb(-places) < 10**8)


@pytest.mark.parametrize("text", ["1.234", "1,50", "-1", "1e3", "NaN", "", "99999999999"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    """With a sentence; a float's words are none."""
    with pytest.raises(InvalidError):
        parse_amount(text, "EUR")


def test_halves_are_rounded_away_from_zero() -> None:
    """As invoices are."""
    assert [round_amount(Decimal(text), "EUR") for text in ("0.005", "-0.005", "1.004")] == [
        Decimal("0.01"),
        Decimal("-0.01"),
        Decimal("1.00"),
    ]
