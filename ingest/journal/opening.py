"""Opens the journal that a URL names: ``sqlite:///folder`` or ``kafka://host:port/topic``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingest.journal import Journal, JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

_SQLITE = "sqlite:///"
_KAFKA = "kafka://"


def open_journal_writer(
    url: str, *, appliance_of: Callable[[str], str], floor: int, partitions: int, retention_days: float
) -> Journal:
    """The journal to append and to read.

    ``floor`` is the highest position any reader has seen. For Kafka, ``appliance_of`` says who speaks under an MQTT topic,
    and a topic that isn't there is created with ``partitions`` and ``retention_days``.
    """
    if url.startswith(_KAFKA):
        from ingest.journal.kafka import KafkaJournal  # noqa: PLC0415 - its client takes a while to load
        from ingest.journal.kafka_address import parse_kafka_url  # noqa: PLC0415
        from ingest.journal.kafka_client import TopicOptions  # noqa: PLC0415

        options = TopicOptions(partitions, retention_days)
        return KafkaJournal.open_writer(parse_kafka_url(url), options=options, appliance_of=appliance_of, floor=floor)
    from ingest.journal.sqlite import SqliteJournal  # noqa: PLC0415

    return SqliteJournal.open_writer(_folder(url), floor=floor)


def open_journal_reader(url: str) -> Journal:
    """The journal to read, beside the process that writes to it."""
    if url.startswith(_KAFKA):
        from ingest.journal.kafka import KafkaJournal  # noqa: PLC0415
        from ingest.journal.kafka_address import parse_kafka_url  # noqa: PLC0415

        return KafkaJournal.open_reader(parse_kafka_url(url))
    from ingest.journal.sqlite import SqliteJournal  # noqa: PLC0415

    return SqliteJournal.open_reader(_folder(url))


def _folder(url: str) -> Path:
    if not url.startswith(_SQLITE) or url == _SQLITE:
        raise JournalError(f"{url!r} is no journal; write sqlite:///folder or kafka://host:port/topic")
    return Path(url.removeprefix(_SQLITE))
