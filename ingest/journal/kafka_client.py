"""What all our Kafka clients share: their settings, and the topic.

A topic that isn't there is created with the number of partitions of the settings; one whose settings would break the
journal's promises is refused with the command that repairs it. How long messages are kept is Kafka's business: our own
topics begin with the retention of the settings, and what is changed there later stands.
"""

from __future__ import annotations

import time
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # names that the library doesn't mark as exported
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from ingest.journal import JournalError
from ingest.journal.kafka_address import KafkaAddress
from ingest.journal.kafka_errors import AWAY, END, NO_TOPIC, SETTLING, away, translated
from ingest.journal.kafka_pieces import Commit, MalformedPieceError, decode_piece

log = structlog.get_logger(__name__)

REACH_S = 3.0
"""How long one question to Kafka may take, so that a stop of the service needn't wait."""
DAY_MS = 86_400_000

_TOPIC_SETTINGS = {"cleanup.policy": "delete", "message.timestamp.type": "CreateTime"}
"""Compaction would drop messages, and times of the broker's own would hide where a position stands."""


@dataclass(frozen=True, slots=True)
class TopicOptions:
    """How a topic is created; a topic that is there already stays as it is."""

    partitions: int = 12
    retention_days: float = 14.0


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest commit of the topic, and what records take there on average."""

    commit: Commit | None
    record_bytes: int
    offsets: int


def client_settings(address: KafkaAddress, **more: Any) -> dict[str, Any]:
    """Settings of a client, in the words of librdkafka; it logs nothing, our sentences do."""
    return {
        "bootstrap.servers": address.servers,
        "client.id": "fettle",
        "log_level": 2,
        "allow.auto.create.topics": False,
        "reconnect.backoff.max.ms": 2000,
        **address.options,
        **{name.replace("_", "."): value for name, value in more.items()},
    }


def reading_settings(address: KafkaAddress, *, group: str) -> dict[str, Any]:
    """Settings of a consumer that reads what was committed, from where we say."""
    return client_settings(
        address,
        group_id=group,
        isolation_level="read_committed",
        enable_auto_commit=False,
        enable_auto_offset_store=False,
        enable_partition_eof=True,
        auto_offset_reset="earliest",
        check_crcs=True,
        fetch_wait_max_ms=100,
        queued_max_messages_kbytes=16384,
    )


def count_partitions(address: KafkaAddress, admin: AdminClient) -> int | None:
    """How many partitions the topic has, ``None`` where there is no such topic; raises :class:`JournalError`."""
    try:
        found = admin.list_topics(topic=address.topic, timeout=REACH_S).topics[address.topic]
    except KafkaException as error:
        raise translated(address, error) from error
    if found.error is None:
        return len(found.partitions)
    if found.error.name() == NO_TOPIC:
        return None
    raise translated(address, KafkaException(found.error))


def prepare_topic(address: KafkaAddress, admin: AdminClient, options: TopicOptions) -> int:
    """The number of partitions of the topic, which is created where it is missing; raises :class:`JournalError`."""
    partitions = count_partitions(address, admin)
    if partitions is None:
        _create(address, admin, options)
        return options.partitions
    _check_topic(address, admin)
    return partitions


def _create(address: KafkaAddress, admin: AdminClient, options: TopicOptions) -> None:
    config = _TOPIC_SETTINGS | {
        "retention.ms": str(round(options.retention_days * DAY_MS)),
        "message.timestamp.after.max.ms": str(2**63 - 1),  # a clock that runs ahead must not stop the journal
    }
    topic = NewTopic(address.topic, num_partitions=options.partitions, replication_factor=-1, config=config)
    try:
        admin.create_topics([topic], request_timeout=REACH_S)[address.topic].result(2 * REACH_S)
    except (KafkaException, FutureTimeoutError) as error:
        cause = error.args[0] if error.args else None
        if isinstance(cause, KafkaError) and cause.name() == "TOPIC_ALREADY_EXISTS":
            return
        if isinstance(cause, KafkaError) and cause.name() not in AWAY:
            raise JournalError(
                f"Kafka at {address.servers} has no topic {address.topic} and refuses to create it ({cause.str()}): "
                f"create it with {options.partitions} partitions, or let this user create topics"
            ) from error
        raise translated(address, error) from error
    log.info("journal_topic_created", topic=address.topic, partitions=options.partitions, **config)


def _check_topic(address: KafkaAddress, admin: AdminClient) -> None:
    """Refuse a topic that can't keep a journal; one whose settings we may not see is taken as it is."""
    resource = ConfigResource(ResourceType.TOPIC, address.topic)
    try:
        config = admin.describe_configs([resource], request_timeout=REACH_S)[resource].result(2 * REACH_S)
    except (KafkaException, FutureTimeoutError):
        return
    for name, wanted in _TOPIC_SETTINGS.items():
        if name in config and config[name].value != wanted:
            raise JournalError(
                f"the topic {address.topic} has {name}={config[name].value}, which a journal can't live with: run "
                f"kafka-configs.sh --alter --topic {address.topic} --add-config {name}={wanted}"
            )


def find_newest(address: KafkaAddress, partitions: int) -> Newest:
    """The newest commit that stands in the topic; raises :class:`JournalError`."""
    consumer = Consumer(reading_settings(address, group=f"{address.topic}-newest"))
    newest: Commit | None = None
    size = offsets = 0
    try:
        wanted = list(range(partitions))
        ahead = 4
        while wanted:
            places, from_start = [], set()
            for partition in wanted:
                low, high = _watermarks(consumer, TopicPartition(address.topic, partition))
                places.append(TopicPartition(address.topic, partition, max(low, high - ahead)))
                if high - ahead <= low:
                    from_start.add(partition)
                offsets += min(ahead, high - low)
            records = _read_to_end(address, consumer, places)
            for record in records:
                size += len(record[1])
                try:
                    commit = decode_piece(record[1]).commit
                except MalformedPieceError:
                    continue
                if newest is None or commit.position > newest.position:
                    newest = commit
            seen = {partition for partition, _ in records} | from_start
            wanted = [partition for partition in wanted if partition not in seen]
            ahead *= 16
    except KafkaException as error:
        raise translated(address, error) from error
    finally:
        consumer.close()
    return Newest(newest, size, offsets)


def _watermarks(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    """First and last offset; a partition that was created a moment ago may take a while to have a leader."""
    deadline = time.monotonic() + REACH_S
    while True:
        try:
            low, high = consumer.get_watermark_offsets(place, timeout=REACH_S)
        except KafkaException as error:
            if error.args[0].name() not in SETTLING or time.monotonic() > deadline:
                raise
            consumer.poll(0.1)  # reads nothing yet: no partition is assigned
        else:
            return low, high


def _read_to_end(address: KafkaAddress, consumer: Consumer, places: list[TopicPartition]) -> list[tuple[int, bytes]]:
    """Partition and value of all records from some places on."""
    consumer.assign(places)
    waited_for = {place.partition for place in places}
    found: list[tuple[int, bytes]] = []
    while waited_for:
        messages = take_messages(consumer, REACH_S)
        if not messages:
            raise away(address)
        for message in messages:
            error = message.error()
            if error is None:
                found.append((message.partition() or 0, message.value() or b""))
            elif error.name() == END:
                waited_for.discard(message.partition())
            else:
                raise KafkaException(error)
    return found


def take_messages(consumer: Consumer, timeout_s: float) -> list[Message]:
    """What has arrived; waits only where nothing has."""
    first = consumer.poll(timeout_s)
    return [] if first is None else [first, *consumer.consume(500, timeout=0)]
