"""The writing side of a Kafka journal: one commit is one Kafka transaction over the partitions that it touches.

The producer is idempotent with acks=all, and its transactional id belongs to the topic. So a commit stands whole or not at
all, what a dead process had under way is aborted before its successor writes, and a second writer is fenced off by
the brokers themselves. Where the outcome of a commit is unknown (Kafka went away in the middle), the producer is given
up, a new one makes Kafka decide, and the commit is looked for before it is written again: nothing stands twice.

A position is the time of the commit in ms, times 1024, and always higher than the one before. A record carries that time as
its timestamp, so that Kafka's own time index leads to any position, or to a place a little before it: the markers of
transactions stand in that index too, dated by the broker's clock. And positions go on increasing where retention has
emptied the topic.
"""

from __future__ import annotations

import threading
import time
import zlib
from typing import TYPE_CHECKING

import structlog
import zstandard
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient

from ingest.journal import JournalError
from ingest.journal.kafka_client import (
    REACH_S,
    TopicOptions,
    client_settings,
    count_partitions,
    find_newest,
    prepare_topic,
)
from ingest.journal.kafka_errors import AFTERMATH, is_fenced, taken, translated
from ingest.journal.kafka_pieces import Commit, Partitions, Share, cut, encode_piece

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.journal.kafka_address import KafkaAddress

log = structlog.get_logger(__name__)

TICKS_PER_MS = 1024
"""Positions that one millisecond has room for; a power of two, so a position leads to its time."""
DAMPED_S = 30.0
"""Two writers would otherwise take the journal from each other many times a second."""
LOOK_EVERY_S = 2.0
_TRANSACTION_MS = 60_000


def time_of(position: int) -> int:
    """The timestamp of the records of a position."""
    return position // TICKS_PER_MS


class KafkaWriter:
    """Appends commits; thread-safe. Connects when it is first needed, and again after every loss."""

    def __init__(
        self, address: KafkaAddress, options: TopicOptions, appliance_of: Callable[[str], str], *, floor: int
    ) -> None:
        """``floor``: no position at or below it is given, whatever stands in the topic."""
        self._address = address
        self._options = options
        self._appliance_of = appliance_of
        self._lock = threading.RLock()
        self._admin = AdminClient(client_settings(address))
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._producer: Producer | None = None
        self._is_ready = False
        self._partitions: Partitions | None = None
        self.partition_count = 0
        self._tip: int | None = None
        self._floor = floor
        self._total = 0
        self._unsure: Commit | None = None
        self._survived: Commit | None = None
        self._is_fenced = False
        self._damped_until = 0.0
        self._looked_at = 0.0
        self._trouble: str | None = None
        self._refusal: KafkaError | None = None
        self.record_bytes = 0
        self.offsets = 0
        """What records took, and how many offsets that was: markers of transactions take offsets too."""

    def tip(self) -> int:
        """The newest position; connects where it isn't known yet, raises :class:`JournalError` where it can't be."""
        tip = self._tip
        if tip is not None:
            return tip
        if not self._lock.acquire(timeout=REACH_S):
            raise JournalError(self._trouble or f"the journal {self._address} is being opened")
        try:
            self._ready()
        finally:
            self._lock.release()
        assert self._tip is not None  # noqa: S101 - set by _ready
        return self._tip

    def total(self) -> int:
        """How many messages the journal has had up to the tip."""
        return self._total

    def append(self, frames: Sequence[bytes | memoryview], *, count: int, received_ms: int) -> int:
        """Make one batch durable; after an error it may be appended again, and stands once."""
        plain = b"".join(frames)
        crc32 = zlib.crc32(plain)
        with self._lock:
            known = self._tip
            producer = self._ready()
            survived, self._survived = self._survived, None
            if survived is not None and (survived.crc32, survived.count) == (crc32, count):
                return survived.position
            tip = self.tip()
            if known not in (None, tip):
                raise JournalError(
                    f"another process has written to the journal {self._address}: trying again behind it"
                )
            position = max(tip + 1, received_ms * TICKS_PER_MS)
            commit = Commit(position, tip, received_ms, self._total + count, count, crc32)
            assert self._partitions is not None  # noqa: S101 - set by _ready
            size, touched = 0, []
            try:
                producer.begin_transaction()
                for number, share in enumerate(list(cut(plain, self._partitions)) or [Share(0)]):
                    record = encode_piece(commit, share, self._compressor, number=number)
                    size += len(record)
                    touched.append(share.partition)
                    producer.produce(
                        self._address.topic, record, partition=share.partition, timestamp=time_of(position),
                        on_delivery=self._delivered,
                    )  # fmt: skip
                self._unsure = commit
                producer.commit_transaction(2 * REACH_S)
            except (KafkaException, BufferError) as error:
                raise self._failed(error) from error
            self._unsure = None
            self._tip, self._total = position, commit.total
            self.record_bytes += size
            self.offsets += len(touched) + len(set(touched))
            return position

    def trouble(self) -> str | None:
        """Why the journal can't be used now, looked at every two seconds; ``None`` while it can."""
        if not self._lock.acquire(blocking=False):
            return self._trouble
        try:
            now = time.monotonic()
            if now - self._looked_at > LOOK_EVERY_S:
                self._looked_at = now
                try:
                    self._ready()
                    count_partitions(self._address, self._admin)
                    self._trouble = None
                except JournalError as error:
                    self._trouble = str(error)
            return self._trouble
        finally:
            self._lock.release()

    def close(self) -> None:
        """Let go of the producer; a commit that is under way is aborted."""
        with self._lock:
            self._give_up()

    def _ready(self) -> Producer:
        """The producer that may write; raises :class:`JournalError` where there is none now."""
        if self._producer is not None and self._is_ready:
            return self._producer
        if time.monotonic() < self._damped_until:
            raise taken(self._address)
        try:
            self._connect()
        except JournalError as error:
            self._trouble = str(error)
            raise
        self._trouble = None
        assert self._producer is not None  # noqa: S101 - _connect has made it
        return self._producer

    def _connect(self) -> None:
        count = prepare_topic(self._address, self._admin, self._options)
        if self._is_fenced:
            self._stand_back(count)
        if self._producer is None:
            self._producer = Producer(
                client_settings(
                    self._address,
                    transactional_id=f"fettle-{self._address.topic}",
                    transaction_timeout_ms=_TRANSACTION_MS,
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=0,
                )
            )
        try:
            self._producer.init_transactions(2 * REACH_S)
        except KafkaException as error:
            if not error.args[0].retriable():
                self._give_up()
            raise translated(self._address, error) from error
        newest = find_newest(self._address, count)
        found, unsure = newest.commit, self._unsure
        self._unsure = None
        self._survived = unsure if unsure is not None and found == unsure else None
        self._tip = max(found.position if found else 0, self._tip or 0, self._floor)
        self._total = max(found.total if found else 0, self._total)
        self.record_bytes += newest.record_bytes
        self.offsets += newest.offsets
        self.partition_count = count
        self._partitions = Partitions(count, self._appliance_of)
        self._is_ready = True
        log.info("journal_opened", journal=str(self._address), partitions=count, tip=self._tip)

    def _stand_back(self, count: int) -> None:
        """Leave the journal for a while to another process that writes to it; one that has only died is no reason."""
        self._is_fenced = False
        found = find_newest(self._address, count).commit
        if found is not None and self._tip is not None and found.position > self._tip and found != self._unsure:
            self._damped_until = time.monotonic() + DAMPED_S
            self._tip, self._total = found.position, found.total
            raise taken(self._address)

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        """Remember why a record was refused: the transaction's own error doesn't say."""
        if error is not None and error.name() not in AFTERMATH:
            self._refusal = error

    def _failed(self, error: KafkaException | BufferError) -> JournalError:
        """After an error nothing is known of the producer: a new one is made for the next attempt."""
        self._give_up()
        if isinstance(error, BufferError):
            return JournalError(f"the journal {self._address} can't be written: too much is under way")
        self._is_fenced = is_fenced(error)
        refusal, self._refusal = self._refusal, None
        translation = translated(self._address, KafkaException(refusal) if refusal else error)
        self._trouble = str(translation)
        return translation

    def _give_up(self) -> None:
        producer, self._producer, self._is_ready = self._producer, None, False
        if producer is not None:
            producer.purge()
