"""The journal in a real Kafka: the contract, and what only a server and other processes can do to it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from ingest.journal.kafka import KafkaJournal
from ingest.journal.kafka_address import parse_kafka_url
from ingest.journal.kafka_client import TopicOptions
from tests.contract.journal_suite import JournalSuite

if TYPE_CHECKING:
    from tests.contract.journal_suite import OpenJournal
    from tests.servers.kafka_server import KafkaServer

pytestmark = pytest.mark.servers
numbers = itertools.count()
SMALL = TopicOptions(partitions=3, retention_days=1e4)


@pytest.fixture
def url(kafka: KafkaServer) -> str:
    """A journal that isn't there yet."""
    return kafka.url(f"journal-{next(numbers)}")


class TestContract(JournalSuite):
    """The journal keeps the promises of the protocol."""

    @pytest.fixture
    def open_journal(self, url: str) -> OpenJournal:
        """Opens the same topic again and again."""
        return lambda: KafkaJournal.open_writer(parse_kafka_url(url), options=SMALL)
