"""The reading side of a Kafka journal: pieces from all partitions, put together to commits in the order of positions.

Each commit names the position before it, so the next one is known to be the next without waiting for other partitions.
Only where something is missing (retention has dropped it, or a record is damaged) must every partition be read beyond
that place first; then what is missing is counted, logged, and passed over.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition

from ingest.journal import JournalBatch, JournalError
from ingest.journal.kafka_client import REACH_S, reading_settings, take_messages
from ingest.journal.kafka_errors import END, translated
from ingest.journal.kafka_pieces import Commit, MalformedPieceError, Piece, assemble, decode_piece, is_whole
from ingest.journal.kafka_writer import time_of

if TYPE_CHECKING:
    from ingest.journal.kafka_address import KafkaAddress

log = structlog.get_logger(__name__)

HELD_BYTES_MAX = 16 * 2**20
"""A partition that is so far ahead of the others is paused."""
LOOK_S = 0.05
DOUBT_S = 1.0
"""So long nothing has gone on before it is asked whether something is missing."""


@dataclass(frozen=True, slots=True)
class KafkaBatch(JournalBatch):
    """A batch that knows how many messages the journal had had with it."""

    total: int = 0


@dataclass(slots=True)
class _Partition:
    """How far one partition has been read."""

    newest: int = 0
    """Position of the last piece."""
    end: int = -1
    """The offset at which there was no more."""
    is_at_end: bool = False
    held_bytes: int = 0
    is_paused: bool = False


class KafkaReader:
    """Reads on from one position; for one thread at a time."""

    def __init__(self, address: KafkaAddress, partitions: int) -> None:
        self._address = address
        self._consumer = Consumer(reading_settings(address, group=f"{address.topic}-read"))
        self._partitions = [_Partition() for _ in range(partitions)]
        self._pending: dict[int, dict[int, tuple[int, Piece]]] = {}
        self.after: int | None = None
        """The position behind which it reads on; ``None`` where it stands nowhere."""
        self.used_at = time.monotonic()
        self.damaged = 0
        """Commits, or records of others, that had to be passed over."""
        self.is_outdated = False
        """Whether the topic has more partitions than this reader knows; it is of no more use."""

    def read(self, after: int, *, limit_bytes: int, until: int) -> list[KafkaBatch]:
        """Batches behind ``after``; waits for one where positions up to ``until`` are known to be there."""
        self.used_at = time.monotonic()
        try:
            return self._read(after, limit_bytes=limit_bytes, until=until)
        except KafkaException as error:
            self.after = None
            raise translated(self._address, error) from error
        except JournalError:
            self.after = None
            raise

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()

    def _read(self, after: int, *, limit_bytes: int, until: int) -> list[KafkaBatch]:
        if self.after != after:
            self._seek(after)
        batches: list[KafkaBatch] = []
        size = 0
        started = time.monotonic()
        while size < limit_bytes:
            batch = self._next(is_doubted=time.monotonic() - started > DOUBT_S)
            if batch is not None:
                batches.append(batch)
                size += len(batch.frames)
                continue
            is_late = time.monotonic() - started > REACH_S
            if batches and ((self.after or 0) >= until or is_late):
                break
            if not self._poll(0 if self._is_at_end(until) else LOOK_S) and self._is_at_end(until):
                break
            if is_late:
                raise JournalError(f"Kafka at {self._address.servers} doesn't give what stands behind {after}")
        return batches

    def _seek(self, after: int) -> None:
        """Stand behind a position: in every partition at the first record of its time."""
        topic, count = self._address.topic, len(self._partitions)
        self.after = None
        self._pending.clear()
        self._partitions = [_Partition() for _ in range(count)]
        bounds = self._bounds()
        places = [TopicPartition(topic, number, low) for number, (low, _) in bounds.items()]
        if after > 0:
            times = [TopicPartition(topic, number, time_of(after)) for number in range(count)]
            places = self._consumer.offsets_for_times(times, timeout=REACH_S)
            for place in places:
                if (
                    place.offset == OFFSET_END
                ):  # the end as it was before we asked: what has come since is not passed over
                    place.offset = bounds[place.partition][1]
        self._consumer.assign(places)
        self.after = after

    def _bounds(self) -> dict[int, tuple[int, int]]:
        """The first offset of each partition, and the one behind its last."""
        topic = self._address.topic
        return {
            number: self._consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=REACH_S)
            for number in range(len(self._partitions))
        }

    def _poll(self, timeout_s: float) -> bool:
        """Take what Kafka has sent; False where that was nothing."""
        messages = take_messages(self._consumer, timeout_s)
        for message in messages:
            number, offset = message.partition(), message.offset()
            assert number is not None  # noqa: S101 - a fetched message has both
            assert offset is not None  # noqa: S101
            partition = self._partitions[number]
            error = message.error()
            if error is None:
                self._take(number, message.value() or b"")
            elif error.name() == END:
                partition.is_at_end, partition.end = True, offset
            else:
                raise KafkaException(error)
        return bool(messages)

    def _take(self, number: int, record: bytes) -> None:
        partition = self._partitions[number]
        partition.is_at_end = False
        try:
            piece = decode_piece(record)
        except MalformedPieceError as error:
            self.damaged += 1
            log.error("journal_record_unreadable", journal=str(self._address), partition=number, error=str(error))  # noqa: TRY400
            return
        position = piece.commit.position
        partition.newest = max(partition.newest, position)
        if self.after is None or position <= self.after:
            return
        self._pending.setdefault(position, {})[piece.number] = (number, piece)
        partition.held_bytes += len(piece.frames)
        if partition.held_bytes > HELD_BYTES_MAX and not partition.is_paused:
            self._consumer.pause([TopicPartition(self._address.topic, number)])
            partition.is_paused = True

    def _next(self, *, is_doubted: bool) -> KafkaBatch | None:
        """The commit behind :attr:`after`, if it is known to be the next and all of it is there."""
        after = self.after
        assert after is not None  # noqa: S101 - set by _seek
        while self._pending:
            position = min(self._pending)
            pieces = [piece for _, piece in self._pending[position].values()]
            commit = pieces[0].commit
            is_complete = is_whole(pieces)
            is_next = commit.previous <= after
            if not (is_complete and is_next) and not (is_doubted and self._have_passed(position)):
                return None
            self._drop(position)
            if not (is_complete and is_next) and after > 0:  # the beginning may be cut by retention
                log.error("journal_batches_missing", journal=str(self._address), behind=after, before=position)
                self.damaged += 1
            self.after = after = position
            if not is_complete:
                continue
            batch = self._assembled(commit, pieces)
            if batch is not None:
                return batch
        return None

    def _assembled(self, commit: Commit, pieces: list[Piece]) -> KafkaBatch | None:
        try:
            frames = assemble(pieces)
        except MalformedPieceError as error:
            self.damaged += 1
            log.error("journal_batch_damaged", journal=str(self._address), position=commit.position, error=str(error))  # noqa: TRY400
            return None
        return KafkaBatch(commit.position, commit.received_ms, commit.count, frames, total=commit.total)

    def _have_passed(self, position: int) -> bool:
        """Whether no partition can still bring a piece of this position or one before it."""
        topic = self._consumer.list_topics(self._address.topic, timeout=REACH_S).topics[self._address.topic]
        if len(topic.partitions) > len(self._partitions):
            self.is_outdated = True
            raise JournalError(f"the topic {self._address.topic} has got further partitions: reading it anew")
        behind = [n for n, partition in enumerate(self._partitions) if partition.newest < position]
        if not behind:
            return True
        bounds = self._bounds()
        return all(self._partitions[n].is_at_end and self._partitions[n].end >= bounds[n][1] for n in behind)

    def _drop(self, position: int) -> None:
        """Forget a commit's pieces, and let partitions go on that were too far ahead."""
        for number, piece in self._pending.pop(position).values():
            partition = self._partitions[number]
            partition.held_bytes -= len(piece.frames)
            if partition.is_paused and partition.held_bytes < HELD_BYTES_MAX // 4:
                self._consumer.resume([TopicPartition(self._address.topic, number)])
                partition.is_paused = False

    def _is_at_end(self, until: int) -> bool:
        """Whether there is nothing more that must be waited for."""
        if self._pending or (self.after or 0) < until:
            return False
        return all(partition.is_at_end for partition in self._partitions)
