"""A journal in memory, for tests of what stands around it; it keeps the contract (test_memory_journal.py)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ingest.journal import JournalBatch
from ingest.mqtt.frames import unpack
from tests.ingest.mqtt.fake_broker import WAIT_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class MemoryJournal:
    """A journal that waits at a gate, and fails while told to."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.batches: list[JournalBatch] = []
        self.attempts = 0
        self.quarantined_batches = 0

    def identity(self) -> str:
        """Its own."""
        return f"memory:{id(self)}"

    def append(self, frames: Sequence[bytes | memoryview], *, count: int, received_ms: int) -> int:
        """Keep the batch in memory."""
        self.attempts += 1
        assert self.gate.wait(WAIT_S)
        if self.failure is not None:
            raise self.failure
        self.batches.append(JournalBatch(len(self.batches) + 1, received_ms, count, b"".join(frames)))
        return len(self.batches)

    def read(self, after: int, *, limit_bytes: int) -> list[JournalBatch]:
        """Batches behind a position."""
        batches: list[JournalBatch] = []
        for batch in self.batches[after:]:
            batches.append(batch)
            limit_bytes -= len(batch.frames)
            if limit_bytes <= 0:
                break
        return batches

    def tip(self) -> int:
        """The newest position."""
        return len(self.batches)

    def count_messages(self, after: int) -> int:
        """Messages of all batches behind a position."""
        return sum(batch.count for batch in self.batches[after:])

    def size_bytes(self) -> int:
        """All frames."""
        return sum(len(batch.frames) for batch in self.batches)

    def oldest(self) -> int:
        """The oldest position."""
        return min(1, len(self.batches))

    def prune(self, before: int) -> int:
        """Keep everything."""
        del before
        return 0

    def trouble(self) -> str | None:
        """What keeps it from keeping."""
        return None if self.failure is None else str(self.failure)

    def show_cursors(self, cursors: Mapping[str, int]) -> None:
        """Nobody looks."""

    def close(self) -> None:
        """Nothing to release."""

    def payloads(self) -> list[bytes]:
        """What was journaled, message by message."""
        return [payload for batch in self.batches for payload in unpack(batch.frames).payloads]
