"""The tests' journal in memory keeps the promises of every journal, so what is tested with it is true of the others."""

from __future__ import annotations

import pytest

from tests.contract.journal_suite import JournalSuite, OpenJournal
from tests.ingest.journal.memory_journal import MemoryJournal


class TestContract(JournalSuite):
    """The journal keeps the promises of the protocol."""

    @pytest.fixture
    def open_journal(self) -> OpenJournal:
        """The same journal each time."""
        journal = MemoryJournal()
        return lambda: journal
