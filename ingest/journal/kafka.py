"""The journal in Kafka: when one machine is not enough.

The topic's partition key is the appliance id; one process writes (see kafka_writer.py), any number read (kafka_reader.py).
How far each reader has got for good stands in our own databases, together with what it led to. The consumer group
``TOPIC-CURSOR`` of each cursor shows the same to Kafka's tools, and is never read back.

Retention is Kafka's: it drops by age (``retention.ms``), whatever the readers have read, so it must be longer than any
reader will ever be away. What was dropped unread is counted and logged when the reader comes to it.

Kafka may be away at any time: opening never waits for it, everything else raises :class:`JournalError` with a sentence
and works again when Kafka is back.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from confluent_kafka import (
    OFFSET_END,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # a name that the library doesn't mark as exported
    AdminClient,
    OffsetSpec,
)

from ingest.journal import JournalBatch, JournalError
from ingest.journal.kafka_client import (
    REACH_S,
    TopicOptions,
    client_settings,
    count_partitions,
    find_newest,
    reading_settings,
)
from ingest.journal.kafka_errors import translated
from ingest.journal.kafka_reader import KafkaBatch, KafkaReader
from ingest.journal.kafka_writer import KafkaWriter, time_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Self

    from ingest.journal.kafka_address import KafkaAddress

READERS_MAX = 4
READER_IDLE_S = 20.0
"""A reader at the tip would go on fetching what nobody asks for."""
SIZE_FRESH_S = 10.0
_FIRST = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # the library is typed in parts only
_LAST = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the same


class KafkaJournal:
    """The journal in one topic; thread-safe."""

    def __init__(self, address: KafkaAddress, writer: KafkaWriter | None) -> None:
        self._address = address
        self._writer = writer
        self._admin = AdminClient(client_settings(address))
        self._lock = threading.Lock()
        self._idle: list[KafkaReader] = []
        self._partitions: int | None = None
        self._damaged = 0
        self._size = (0.0, 0)
        self._oldest: tuple[tuple[int, ...], int] | None = None

    @classmethod
    def open_writer(
        cls,
        address: KafkaAddress,
        *,
        options: TopicOptions | None = None,
        appliance_of: Callable[[str], str] = lambda topic: topic.rpartition("/")[0],
        floor: int = 0,
    ) -> Self:
        """The journal to append and to read; ``appliance_of`` says who speaks under an MQTT topic.

        ``floor``: the highest position that any reader has seen. No position at or below it is given again, though
        retention may have emptied the topic.
        """
        return cls(address, KafkaWriter(address, options or TopicOptions(), appliance_of, floor=floor))

    @classmethod
    def open_reader(cls, address: KafkaAddress) -> Self:
        """The journal to read, beside the process that writes to it."""
        return cls(address, None)

    @property
    def quarantined_batches(self) -> int:
        """Batches that were damaged or dropped before they were read, since the journal was opened."""
        return self._damaged

    def identity(self) -> str:
        """The topic's own: a topic that was deleted and made again is another."""
        topic = self._address.topic
        try:
            asked = self._admin.describe_topics(TopicCollection([topic]), request_timeout=REACH_S)
            return f"kafka:{asked[topic].result(2 * REACH_S).topic_id}"
        except (KafkaException, FutureTimeoutError) as error:
            raise translated(self._address, error) from error

    def append(self, frames: Sequence[bytes | memoryview], *, count: int, received_ms: int) -> int:
        """Make one batch durable and return its position; raises :class:`JournalError` and keeps nothing otherwise."""
        if self._writer is None:
            raise JournalError(f"the journal {self._address} is not open for writing")
        self._close_idle()
        return self._writer.append(frames, count=count, received_ms=received_ms)

    def read(self, after: int, *, limit_bytes: int) -> list[JournalBatch]:
        """The batches behind position ``after``, oldest first, at least one if there is one, about ``limit_bytes``."""
        return list(self._read(after, limit_bytes=limit_bytes))

    def tip(self) -> int:
        """The newest position, 0 for an empty journal."""
        if self._writer is not None:
            return self._writer.tip()
        newest = find_newest(self._address, self._count_partitions()).commit
        return newest.position if newest else 0

    def count_messages(self, after: int) -> int:
        """How many messages the batches behind position ``after`` hold: how far a reader is behind."""
        if self._writer is not None:
            if after >= self._writer.tip():
                return 0
            total = self._writer.total()
        else:
            newest = find_newest(self._address, self._count_partitions()).commit
            total = newest.total if newest else 0
        behind = self._read(after, limit_bytes=1)
        return max(0, total - behind[0].total + behind[0].count) if behind else 0

    def size_bytes(self) -> int:
        """About what the journal takes in Kafka, without replicas: offsets in the topic times what one takes."""
        measured_at, size = self._size
        if self._writer is None or time.monotonic() - measured_at < SIZE_FRESH_S:
            return size
        with suppress(JournalError):  # while Kafka is away it is as large as it was
            offsets = sum(self._offsets(_LAST)) - sum(self._offsets(_FIRST))
            size = offsets * self._writer.record_bytes // max(1, self._writer.offsets)
        self._size = (time.monotonic(), size)
        return size

    def oldest(self) -> int:
        """The oldest position that is there, 0 where there is none."""
        first = self._offsets(_FIRST)
        if self._oldest is None or self._oldest[0] != first:
            batches = self._read(0, limit_bytes=1)
            if not batches:
                return 0
            self._oldest = (first, batches[0].position)
        return self._oldest[1]

    def prune(self, before: int) -> int:
        """Nothing: Kafka drops by age."""
        del before
        return 0

    def trouble(self) -> str | None:
        """Why the journal can't be used now, as a sentence; ``None`` while it can."""
        return None if self._writer is None else self._writer.trouble()

    def show_cursors(self, cursors: Mapping[str, int]) -> None:
        """Commit for each cursor's consumer group how far it has read, for Kafka's own tools.

        By time, so up to a commit early: the markers of transactions, which the broker dates, have a place in its index.
        """
        tip, ends = self.tip(), self._offsets(_LAST)
        topic = self._address.topic
        consumer = Consumer(reading_settings(self._address, group=f"{topic}-cursors"))
        try:
            for name, position in cursors.items():
                places = [TopicPartition(topic, number, end) for number, end in enumerate(ends)]
                if position < tip:
                    times = [TopicPartition(topic, number, time_of(position) + 1) for number in range(len(ends))]
                    places = consumer.offsets_for_times(times, timeout=REACH_S)
                for place in places:
                    if place.offset == OFFSET_END:
                        place.offset = ends[place.partition]
                group = ConsumerGroupTopicPartitions(f"{topic}-{name}", places)
                for future in self._admin.alter_consumer_group_offsets([group], request_timeout=REACH_S).values():
                    future.result(2 * REACH_S)
        except (KafkaException, FutureTimeoutError) as error:
            raise translated(self._address, error) from error
        finally:
            consumer.close()

    def close(self) -> None:
        """Leave Kafka; nothing else may be called afterwards."""
        if self._writer is not None:
            self._writer.close()
        with self._lock:
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.close()

    def _read(self, after: int, *, limit_bytes: int) -> list[KafkaBatch]:
        until = 0
        if self._writer is not None:
            until = self._writer.tip()
            if after >= until:
                return []
        with self._reader(after) as reader:
            return reader.read(after, limit_bytes=limit_bytes, until=until)

    @contextmanager
    def _reader(self, after: int) -> Iterator[KafkaReader]:
        """A reader for this call, if possible one that stands where the call reads on."""
        count = self._count_partitions()
        with self._lock:
            fitting = [reader for reader in self._idle if reader.after == after]
            reader = fitting[0] if fitting else None
            if reader is None and len(self._idle) >= READERS_MAX:
                reader = min(self._idle, key=lambda idle: idle.used_at)
            if reader is not None:
                self._idle.remove(reader)
        if reader is None:
            reader = KafkaReader(self._address, count)
        damaged = reader.damaged
        try:
            yield reader
        finally:
            with self._lock:
                self._damaged += reader.damaged - damaged
                if reader.is_outdated:
                    self._partitions = None
                else:
                    self._idle.append(reader)
            if reader.is_outdated:
                reader.close()

    def _close_idle(self) -> None:
        """Close readers that nobody has used for a while."""
        since = time.monotonic() - READER_IDLE_S
        with self._lock:
            idle = [reader for reader in self._idle if reader.used_at < since]
            self._idle = [reader for reader in self._idle if reader.used_at >= since]
        for reader in idle:
            reader.close()

    def _count_partitions(self) -> int:
        if self._writer is not None:
            self._writer.tip()  # connects
            return self._writer.partition_count
        if self._partitions is None:
            self._partitions = count_partitions(self._address, self._admin)
            if self._partitions is None:
                raise JournalError(f"Kafka at {self._address.servers} has no topic {self._address.topic} yet")
        return self._partitions

    def _offsets(self, which: OffsetSpec) -> tuple[int, ...]:
        """The first or the last offset of each partition."""
        topic = self._address.topic
        wanted = {TopicPartition(topic, number): which for number in range(self._count_partitions())}
        try:
            answers = self._admin.list_offsets(wanted, request_timeout=REACH_S)
            return tuple(int(future.result(2 * REACH_S).offset) for future in answers.values())
        except (KafkaException, FutureTimeoutError) as error:
            raise translated(self._address, error) from error
