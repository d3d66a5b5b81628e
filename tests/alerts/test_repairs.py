"""Repairs on SQLite."""

from __future__ import annotations

from tests.contract.repairs_suite import RepairsSuite


class TestRepairsOnSqlite(RepairsSuite):
    """SQLite keeps the promises of repairs."""
