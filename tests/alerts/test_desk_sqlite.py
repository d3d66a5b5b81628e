"""The desk on SQLite."""

from __future__ import annotations

from tests.contract.desk_suite import DeskSuite


class TestDeskOnSqlite(DeskSuite):
    """SQLite keeps the desk's promises."""
