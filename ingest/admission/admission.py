"""Admission: judges each message of a journal batch once, as good, duplicate, or refused with its reason.

The ordinary messages, each the next one of its boot, are accounted for all at once. Everything else is looked at in order:
who speaks, whether the identity is known, when it happened. One batch is one transaction of the books; what goes to the
appliances (nacks, and acks for delivery class E) and what is handed on is returned once that is durable.

We fail closed on identity (a message that may be another's is refused) and open on content: an identity whose content is no
longer remembered counts as a duplicate, not as an equivocation.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog
from numpy.typing import NDArray

from ingest.admission.expectations import contents_of
from ingest.admission.judge import Judge
from ingest.admission.speaker import Speaker
from ingest.admission.speakers import Speakers
from ingest.books.books import Books, BooksError, Entry, Registration, WindowEntry
from ingest.books.dead_letters import DeadLetter
from ingest.books.event_time import AcceptanceWindow
from ingest.books.judgement import DUPLICATE, GOOD, Judgement, code_of
from ingest.books.ledger import BootLedger
from ingest.feed.admitted import POISON_DETAIL, batch_of, decode_without
from ingest.sample import AdmittedBatch
from ingest.wire.columns import BatchDecoder, Decoded
from ingest.wire.command import AckMessage, NackMessage, encode_ack, encode_nack
from ingest.wire.dead_letter import UNREADABLE, Identity, Reason, Refused
from ingest.wire.topic import TO_APPLIANCE, Channel, TopicScheme

log = structlog.get_logger()

ACK_EVERY_MS = 2000
ACK_ROUND_MS = 100
COUNTED_AT_ONCE_MS = 60_000
"""More between two looks for acks is no time in which a gap was open, but a clock that was set."""
FLUSH_EVERY_MS = 30_000
FLUSH_EVERY_BATCHES = 2_000
FLUSH_EVERY_MESSAGES = 400_000


@dataclass(frozen=True, slots=True)
class Said:
    """One message from the service to an appliance, QoS 0 and not retained."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Admitted:
    """What one journal batch came to, durable in the books."""

    batch: AdmittedBatch
    judgement: Judgement
    nacks: tuple[Said, ...] = ()
    refused: Mapping[Reason, int] = field(default_factory=dict)
    duplicates: int = 0
    unknown_keys: int = 0


@dataclass(frozen=True, slots=True)
class AdmissionSettings:
    """What an operator may set."""

    window: AcceptanceWindow = field(default_factory=AcceptanceWindow)
    is_auto_registering: bool = True


class _JudgingError(Exception):
    """Judging one message failed by its cause; what is in memory can't be trusted any more."""

    def __init__(self, number: int) -> None:
        super().__init__(f"message {number} can't be judged")
        self.number = number


@dataclass(slots=True)
class _Waiting:
    """A boot whose appliance keeps its messages until our ack; ``told`` is the last ack since it was heard."""

    speaker: Speaker
    ledger: BootLedger
    told: int | None = None


class Admission:
    """The judge of one journal. One thread calls it; the books must belong to it alone for writing batches."""

    def __init__(
        self,
        books: Books,
        decoder: BatchDecoder,
        *,
        scheme: TopicScheme | None = None,
        settings: AdmissionSettings | None = None,
    ) -> None:
        self._books = books
        self._decoder = decoder
        self._scheme = scheme or TopicScheme()
        self._settings = settings or AdmissionSettings()
        self._speakers = Speakers(books, decoder.sources.known.clear)
        self._waiting: dict[int, _Waiting] = {}
        self._flushed_ms: int | None = None
        self._batches = 0
        self._messages = 0
        self._acked_ms: int | None = None
        self._waited_ms = 0
        """The time by which gaps grow old; a clock that is set doesn't move it."""

    def admit(
        self,
        position: int,
        received_ms: int,
        topics: Sequence[str | bytes],
        payloads: Sequence[bytes],
        retained: Sequence[bool],
    ) -> Admitted:
        """Judge one journal batch and make the judgement durable; after an error it may be called again.

        A message that fails while it is judged, twice, is refused as poison, and the batch goes on without it.
        """
        poison: dict[int, Identity] = {}
        failed: int | None = None
        while True:
            self._speakers.refresh()
            decoded = self._decode(topics, payloads, poison)
            judge = Judge(decoded, payloads, self._speakers, self._settings.window, position, received_ms)
            judge.is_auto_registering, judge.waited_ms = self._settings.is_auto_registering, self._waited_ms
            try:
                touched = self._judge_all(judge, decoded, payloads, position)
                judgement = judge.judgement()
                batch = batch_of(decoded, judgement, retained)
                self._books.commit(self._entry(judge, judgement, touched))
                break
            except _JudgingError as error:
                self.forget()
                if error.number == failed:
                    _set_aside(error, poison, decoded)
                failed = error.number
            except BaseException:
                self.forget()
                raise
        self._after_commit(judge, touched)
        return Admitted(
            batch,
            judgement,
            tuple(said for number, refusal in judge.refused.items() if (said := self._nack(decoded, number, refusal))),
            judge.counts(),
            judge.duplicates,
            decoded.unknown_keys,
        )

    def acks_due(self, now_ms: int) -> list[Said]:
        """Acks for delivery class E, at most one per appliance every 2 s; call it after each batch and each second.

        Looked for ten times a second at most, as all who wait are gone through.
        """
        due: list[Said] = []
        passed_ms = 0 if self._acked_ms is None else now_ms - self._acked_ms
        if self._acked_ms is not None and 0 <= passed_ms < ACK_ROUND_MS:
            return due
        self._waited_ms += max(0, min(passed_ms, COUNTED_AT_ONCE_MS))
        self._acked_ms = now_ms
        for row, waiting in list(self._waiting.items()):
            speaker, ledger = waiting.speaker, waiting.ledger
            is_early = speaker.acked_ms >= 0 and 0 <= now_ms - speaker.acked_ms < ACK_EVERY_MS
            if is_early or speaker.kind is None:
                continue
            speaker.settle()
            upto = ledger.upto(self._waited_ms)
            if not ledger.gaps:
                del self._waiting[row]
            if upto >= 0 and upto != waiting.told:
                speaker.acked_ms, waiting.told = now_ms, upto
                topic = self._scheme.of(speaker.kind, speaker.id, Channel.ACK)
                due.append(Said(topic, encode_ack(AckMessage(ledger.boot, upto))))
        return due

    def forget(self) -> None:
        """Drop what is in memory; it is read back from the books. Used when a batch could not be made durable."""
        self._speakers.forget()
        self._waiting.clear()

    def _decode(
        self, topics: Sequence[str | bytes], payloads: Sequence[bytes], poison: Mapping[int, Identity]
    ) -> Decoded:
        """Decode a batch; a message that breaks the decoder twice, in the batch and alone, is refused as poison."""
        try:
            decoded = decode_without(self._decoder, topics, payloads, list(poison))
        except Exception as error:  # noqa: BLE001 - one message that breaks the decoder must not hold up all others
            cause: Exception | None = error
        else:
            cause = None
        if cause is not None:
            breaking = [number for number, topic in enumerate(topics) if self._breaks(topic, payloads[number])]
            if not set(breaking) - set(poison):
                raise cause
            log.error("poison_found", messages=len(breaking), topic=topics[breaking[0]], cause=repr(cause))
            decoded = decode_without(self._decoder, topics, payloads, [*breaking, *poison])
        for number, identity in poison.items():
            decoded.others[number] = Refused(Reason.POISON, POISON_DETAIL, identity)
        return decoded

    def _breaks(self, topic: str | bytes, payload: bytes) -> bool:
        """Whether one message alone breaks the decoder."""
        try:
            self._decoder.decode([topic], [payload])
        except Exception:  # noqa: BLE001 - whatever it is: this message must not hold up all others
            return True
        return False

    def _judge_all(self, judge: Judge, decoded: Decoded, payloads: Sequence[bytes], position: int) -> NDArray[np.int64]:
        """Every message in order; returns the places of the speakers that were heard."""
        contents = contents_of(payloads)
        ordinary, others = self._speakers.expectations.take_ordinary(
            decoded, contents, judge.special(), position, self._speakers.find
        )
        for number in others:
            _look(judge, number, int(contents[number]))
        return np.concatenate([ordinary, np.array([speaker.place for speaker in judge.touched], dtype=np.int64)])

    def _entry(self, judge: Judge, judgement: Judgement, touched: NDArray[np.int64]) -> Entry:
        """What the books write for this batch."""
        self._batches += 1
        if self._flushed_ms is None:
            self._flushed_ms = judgement.received_ms
        self._messages += judgement.count
        rows: dict[int, tuple[str, BootLedger]] = dict(judge.irregular)
        rows.update(
            (ledger.row, (speaker.id, ledger)) for speaker in judge.begun for ledger in speaker.ledgers.values()
        )
        reached: NDArray[np.int64] = np.empty((0, 2), dtype=np.int64)
        is_flush = self._is_flush_due(judgement.received_ms)
        if is_flush:
            self._batches, self._messages, self._flushed_ms = 0, 0, judgement.received_ms
            rows.update(self._speakers.all_moved())
        else:
            reached = self._reached(judge, touched, rows)
        return Entry(
            judgement,
            reached,
            list(rows.values()),
            is_flush,
            [
                Registration(speaker.id, speaker.kind or "", judgement.received_ms, speaker.is_buffered)
                for speaker in judge.registered.values()
            ],
            [
                DeadLetter(number, judge.decoded.sources[number].topic, refusal.reason, refusal.detail, payload)
                for number, refusal in judge.refused.items()
                for payload in (judge.payloads[number],)
            ],
            [WindowEntry(*entry) for entry in judge.windows],
        )

    def _reached(self, judge: Judge, touched: NDArray[np.int64], rows: Mapping[int, object]) -> NDArray[np.int64]:
        """(ledger row, next seq) (N, 2) of those heard whose rows are not written; ledgers that are come up to date."""
        for speaker in judge.touched:
            if speaker.row in rows:
                speaker.settle()
        expectations = self._speakers.expectations
        notes = np.stack([expectations.row[touched], expectations.expected[touched]], axis=1)
        is_noted = notes[:, 1] >= 0
        if rows and len(notes):
            is_noted &= np.array([row not in rows for row in notes[:, 0].tolist()])
        return notes[is_noted]

    def _is_flush_due(self, received_ms: int) -> bool:
        """Whether all rows are written now: the notes of a batch are cheap to write, but they and memory are bounded."""
        return (
            self._batches >= FLUSH_EVERY_BATCHES
            or self._messages >= FLUSH_EVERY_MESSAGES
            or abs(received_ms - (self._flushed_ms or received_ms)) >= FLUSH_EVERY_MS
            or self._speakers.is_crowded
        )

    def _after_commit(self, judge: Judge, touched: NDArray[np.int64]) -> None:
        """What memory may forget now, who waits for an ack, and whose next message is to be looked at."""
        for row, (appliance_id, ledger) in judge.irregular.items():
            ledger.cold.clear()
            speaker = self._speakers.of(appliance_id)
            if speaker.is_buffered and ledger.boot:
                self._waiting[row] = _Waiting(speaker, ledger)
        for speaker in judge.begun:
            if speaker.is_buffered:  # its birth came behind its first message
                self._waiting.update((ledger.row, _Waiting(speaker, ledger)) for ledger in speaker.ledgers.values())
        if self._batches == 0:
            self._speakers.flushed()
        expectations = self._speakers.expectations
        is_due = expectations.is_buffered[touched] | (expectations.expected[touched] >= expectations.settle_at[touched])
        for place in touched[is_due].tolist():
            speaker = expectations.at(place)
            speaker.settle()
            if speaker.is_buffered and speaker.ledger is not None and speaker.expected >= 0:
                self._waiting[speaker.ledger.row] = _Waiting(speaker, speaker.ledger)

    def _nack(self, decoded: Decoded, number: int, refusal: Refused) -> Said | None:
        """Tell an appliance of our own wire that its message was dead-lettered.

        Never for a message on a channel that only we speak on: it may be our own, sent back, and would be answered for ever.
        """
        source = decoded.sources[number]
        topic = self._scheme.parse(source.topic)
        if topic is None or topic.channel in TO_APPLIANCE:
            return None
        identity = refusal.identity
        payload = encode_nack(NackMessage(identity.boot, identity.seq, refusal.reason))
        return Said(self._scheme.of(source.kind, source.appliance_id, Channel.NACK), payload)


def _look(judge: Judge, number: int, checksum: int) -> None:
    """Have one message judged; whatever fails but the books is laid to the message."""
    try:
        judge.look(number, checksum)
    except (BooksError, sqlite3.Error, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - a defect that one message meets must not hold up all others
        cause = error
    else:
        return
    raise _JudgingError(number) from cause


def _set_aside(error: _JudgingError, poison: dict[int, Identity], decoded: Decoded) -> None:
    """Count a message as poison: under its own identity, and where that fails too, under none; beyond that it raises."""
    number, head = error.number, decoded.heads[error.number]
    if number not in poison:
        log.error("poison_found", messages=1, topic=decoded.sources[number].topic, cause=repr(error.__cause__))
        poison[number] = Identity(head.boot, head.seq) if head.boot is not None and head.seq >= 0 else UNREADABLE
    elif poison[number] is not UNREADABLE:
        poison[number] = UNREADABLE
    else:
        raise error


__all__ = ["DUPLICATE", "GOOD", "Admission", "AdmissionSettings", "Admitted", "Said", "code_of"]
