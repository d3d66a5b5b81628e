"""The embedded store: its contract, in the tail and in pages, and what it promises beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.store import pages, tail
from ingest.store.embedded import EmbeddedStore
from tests.contract.store_suite import StoreSuite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class TestEmbeddedStore(StoreSuite):
    """The contract, everything in the tail."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[EmbeddedStore]:
        """An empty store."""
        store = EmbeddedStore.open(tmp_path / "telemetry.db")
        yield store
        store.close()


class TestEmbeddedStoreInPages(StoreSuite):
    """The contract with a tail and pages of a few samples, so that everything moves all the time."""

    @pytest.fixture
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedStore]:
        """An empty store with tiny limits."""
        monkeypatch.setattr(tail, "FAN_IN", 2)
        monkeypatch.setattr(tail, "TAIL_SAMPLES", 30)
        monkeypatch.setattr(pages, "PAGE_SAMPLES", 7)
        store = EmbeddedStore.open(tmp_path / "telemetry.db")
        yield store
        store.close()
