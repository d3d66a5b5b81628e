"""Admission: judges each message of a journal batch once, as good, duplicate, or refused with its reason.

The way of a batch, top to bottom, a file each: reading.py (what it says) → ordinary.py (the next message of each boot, all at
once) → judge.py (everything else, in order) → judged.py (what it came to) → names.py (which invented names of metrics have room) →
feed/admitted.py (what is handed on) → writing.py (one transaction of the books) → answers.py (nacks; acks for delivery class E). Beside it: speaker.py, speakers.py,
kinds.py and expectations.py, what is remembered of those who speak.

We fail closed on identity (a message that may be another's is refused) and open on content: an identity whose content is no
longer remembered counts as a duplicate, not as an equivocation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.admission.answers import ACK_EVERY_MS, Acks, Said, nacks
from ingest.admission.batch import Batch, Rules
from ingest.admission.judge import Judge
from ingest.admission.judged import Judged
from ingest.admission.names import Names
from ingest.admission.ordinary import contents_of, take_ordinary
from ingest.admission.reading import JudgingError, Poison, meanings_of, read
from ingest.admission.speakers import Speakers
from ingest.admission.writing import Writing
from ingest.books.books import Books, BooksError
from ingest.books.event_time import AcceptanceWindow
from ingest.books.judgement import Judgement
from ingest.feed.admitted import batch_of
from ingest.sample import AdmittedBatch
from ingest.wire.columns import BatchDecoder, Decoded
from ingest.wire.dead_letter import RefusalReason
from ingest.wire.foreign.memory import Learned
from ingest.wire.meaning import Meanings
from ingest.wire.topic import TopicScheme


@dataclass(frozen=True, slots=True)
class Admitted:
    """What one journal batch came to, durable in the books."""

    batch: AdmittedBatch
    judgement: Judgement
    nacks: tuple[Said, ...] = ()
    refused: Mapping[RefusalReason, int] = field(default_factory=dict)
    duplicates: int = 0
    unknown_keys: int = 0
    readings_refused: int = 0
    """Readings under names that were too many; their samples are good."""


@dataclass(frozen=True, slots=True)
class AdmissionSettings:
    """What an operator may set."""

    window: AcceptanceWindow = field(default_factory=AcceptanceWindow)
    is_auto_registering: bool = True
    ack_every_ms: Callable[[], int] = lambda: ACK_EVERY_MS


class Admission:
    """Judges the batches of one journal. One thread calls it; the books must belong to it alone for writing batches."""

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
        self._speakers = Speakers(books, decoder.profiled)
        self._writing = Writing()
        self._acks = Acks(self._scheme, self._settings.ack_every_ms)
        self._names = Names(books, decoder.traces)
        self._meant: tuple[int, Meanings] = (-1, {})
        self._learned: Learned = {}
        decoder.memories.remember(books.memory())

    def admit(
        self,
        position: int,
        received_ms: int,
        topics: Sequence[str | bytes],
        payloads: Sequence[bytes],
        retained: Sequence[bool],
        letters: Mapping[int, int] | None = None,
    ) -> Admitted:
        """Judge one journal batch and make the judgement durable; after an error it may be called again.

        A message that fails while it is judged, twice, is refused as poison, and the batch goes on without it.
        ``letters``: which messages are dead letters that come again, by number.
        """
        asked = self._books.asked_of(list(letters.values())) if letters else {}
        again = {number: asked.get(letter) for number, letter in (letters or {}).items()}
        batch, poison = Batch(position, received_ms, topics, payloads, retained, again), Poison()
        while True:
            try:
                return self._admit(batch, poison)
            except JudgingError as error:
                self.forget()
                poison.note(error)
            except BaseException:
                self.forget()
                raise

    def acks_due(self, now_ms: int) -> list[Said]:
        """Acks for delivery class E; call it after each batch and each second."""
        return self._acks.due(now_ms)

    def forget(self) -> None:
        """Drop what is in memory; it is read back from the books. Used when a batch could not be made durable."""
        self._speakers.forget()
        self._acks.forget()
        self._names.forget()

    def _admit(self, batch: Batch, poison: Poison) -> Admitted:
        """The way of a batch, once."""
        self._speakers.refresh()
        meanings = self._meanings(batch)
        decoded = read(self._decoder, batch, meanings, poison)
        judged = self._judge(batch, decoded)
        names = self._names.take(decoded, judged)
        judgement = judged.judgement(meanings, names.left_out)
        handed_on = batch_of(decoded, judgement, batch.retained)
        entry = self._writing.entry(judged, judgement, decoded, self._speakers, names.uses)
        entry.learned = self._learned
        self._books.commit(entry)
        self._learned = {}
        self._names.tell(names, batch.received_ms)
        self._acks.note(judged, self._speakers)
        self._speakers.kept(judged.irregular.values(), is_flush=entry.is_flush)
        return Admitted(
            handed_on,
            judgement,
            tuple(nacks(judged, decoded, self._scheme)),
            judged.counts(),
            judged.duplicates,
            decoded.unknown_keys,
            names.readings,
        )

    def _meanings(self, batch: Batch) -> Meanings:
        """What the foreign messages mean; the same when a batch comes again that could not be made durable."""
        if self._meant[0] != batch.position:
            self._meant = batch.position, meanings_of(self._decoder, batch)
            self._learned |= self._decoder.memories.learned()
        return self._meant[1]

    def _judge(self, batch: Batch, decoded: Decoded) -> Judged:
        """The ordinary messages at once, all others in order."""
        judged = Judged(batch)
        rules = Rules(self._settings.window, self._settings.is_auto_registering, self._acks.waited_ms)
        judge = Judge(batch, decoded, self._speakers, rules, judged)
        contents = contents_of(batch.payloads)
        ordinary = take_ordinary(self._speakers, decoded, contents, judge.special(), batch.position)
        judged.note_ordinary(ordinary.places)
        for number in ordinary.others:
            if batch.again.get(number, number) is None:
                judged.pass_over(number)  # a letter that nobody asks for any more has come before
                continue
            _look(judge, number, int(contents[number]), decoded)
        return judged


def _look(judge: Judge, number: int, checksum: int, decoded: Decoded) -> None:
    """Have one message judged; whatever fails but the books is laid to the message."""
    try:
        judge.look(number, checksum)
    except (BooksError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - a defect that one message meets must not hold up all others
        cause = error
    else:
        return
    raise JudgingError(number, decoded) from cause
