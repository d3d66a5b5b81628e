"""What a journal in Kafka costs the ingester more than one in SQLite: the same feeder, the same run, CPU of all threads.

Negative where Kafka costs less. The CPU of Kafka itself isn't counted; it lives elsewhere.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Figure
from benchmarks.ingest_feeder import ingest
from benchmarks.json_loads import json_loads_us
from benchmarks.workload import MESSAGES
from ingest.journal.kafka import KafkaJournal
from ingest.journal.kafka_address import parse_kafka_url
from tests.servers.kafka_server import KafkaServer, kafka_jars

if TYPE_CHECKING:
    from collections.abc import Iterator

FIGURES = ("kafka_journal_extra", "kafka_journal_share")
_RUNS = 3


def measure() -> Iterator[Figure]:
    """Medians of several runs, each next to its own yardsticks."""
    jars = kafka_jars()
    if jars is None:
        print("kafka_journal_extra: Kafka is missing: run 'bash deploy/servers.sh get kafka'", file=sys.stderr)
        return
    extras, ratios, shares = [], [], []
    with tempfile.TemporaryDirectory(prefix="fettle-kafka-") as folder:
        server = KafkaServer(Path(folder), jars)
        server.start()
        try:
            for number in range(_RUNS):
                load = json_loads_us()
                plain = ingest(MESSAGES)
                journal = KafkaJournal.open_writer(
                    parse_kafka_url(server.url(f"run-{number}")), appliance_of=lambda topic: topic.split("/")[-2]
                )
                journal.tip()  # connects
                kafka = ingest(MESSAGES, journal)
                extras.append(kafka.us - plain.us)
                ratios.append((kafka.us - plain.us) / load)
                shares.append(kafka.messages_per_s / plain.messages_per_s)
        finally:
            server.stop()
    median = statistics.median
    yield Figure("kafka_journal_extra", median(extras), "µs", MESSAGES, "json_loads_us", median(ratios))
    yield Figure("kafka_journal_share", median(shares), "of the messages/s over SQLite", MESSAGES)
