"""Saved views on SQLite."""

from __future__ import annotations

from tests.contract.saved_views_suite import SavedViewsSuite


class TestSavedViewsOnSqlite(SavedViewsSuite):
    """SQLite keeps the promises of saved views."""
