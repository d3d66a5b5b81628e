"""The weeks ahead on SQLite."""

from __future__ import annotations

from tests.contract.capacity_suite import CapacitySuite


class TestCapacityOnSqlite(CapacitySuite):
    """SQLite counts the weeks ahead."""
