"""Amends on SQLite."""

from __future__ import annotations

import pytest

from alerts.desk import Desk
from tests.contract.amends_suite import AmendsSuite
from tests.contract.customers_suite import desk_with_seal


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk that can read and write what is sealed."""
    return desk_with_seal(desk.unit, desk)


class TestAmendsOnSqlite(AmendsSuite):
    """SQLite keeps the promises of amends."""
