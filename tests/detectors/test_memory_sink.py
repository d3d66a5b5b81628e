"""The sink in memory keeps what every sink promises."""

from __future__ import annotations

import pytest

from tests.contract.finding_sink_suite import FindingSinkSuite, OpenSink
from tests.detectors.memory_sink import MemorySink


class TestMemorySink(FindingSinkSuite):
    """The contract suite over the sink in memory."""

    @pytest.fixture
    def open_sink(self) -> OpenSink:
        """Always the same sink: there is nothing to reopen."""
        sink = MemorySink()
        return lambda: sink
