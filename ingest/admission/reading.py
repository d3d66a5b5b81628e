"""What a batch says: its messages decoded, without those that make a reader fail whenever it meets them."""

from __future__ import annotations

from functools import partial

import structlog

from ingest.admission.batch import Batch
from ingest.feed.admitted import POISON_DETAIL, decode_without
from ingest.wire.columns import BatchDecoder, Decoded
from ingest.wire.dead_letter import UNREADABLE, Identity, RefusalReason, Refused
from ingest.wire.meaning import Meaning, Meanings, meaning_of, with_meaning
from ingest.wire.source import Source

log = structlog.get_logger()


class JudgingError(Exception):
    """Judging one message failed by its cause; what is in memory can't be trusted any more."""

    def __init__(self, number: int, decoded: Decoded) -> None:
        super().__init__(f"message {number} can't be judged")
        head = decoded.heads[number]
        self.number = number
        self.topic = decoded.sources[number].topic
        self.identity = Identity(head.boot, head.seq) if head.boot is not None and head.seq >= 0 else UNREADABLE


class Poison:
    """The messages of one batch that can't be judged, each under its own identity as long as that works."""

    def __init__(self) -> None:
        self.found: dict[int, Identity] = {}
        self._failed: int | None = None

    def note(self, error: JudgingError) -> None:
        """Count a message that failed twice as poison: under its identity, then under none; beyond that raise."""
        number = error.number
        is_again, self._failed = number == self._failed, number
        if not is_again:
            return
        if number not in self.found:
            log.error("poison_found", messages=1, topic=error.topic, cause=repr(error.__cause__))
            self.found[number] = error.identity
        elif self.found[number] is not UNREADABLE:
            self.found[number] = UNREADABLE
        else:
            raise error


def meanings_of(decoder: BatchDecoder, batch: Batch) -> Meanings:
    """What the foreign messages of a batch mean, asked of their codecs once; what breaks a codec twice is poison."""
    sources = decoder.foreign(batch.topics)
    return {number: with_meaning(source, _meaning(source, batch, number)) for number, source in sources}


def read(decoder: BatchDecoder, batch: Batch, meanings: Meanings, poison: Poison) -> Decoded:
    """Decode a batch; a message that breaks the decoder twice, in the batch and alone, is refused as poison."""
    decoded = _decoded(decoder, batch, meanings, poison)
    decoded.refuse({number: Refused(RefusalReason.POISON, POISON_DETAIL, who) for number, who in poison.found.items()})
    return decoded


def _meaning(source: Source, batch: Batch, number: int) -> Meaning:
    """What one foreign message means."""
    ask = partial(meaning_of, source, batch.payloads[number], batch.received_ms, is_retained=batch.retained[number])
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - one message that breaks its codec must not hold up all others
        log.warning("codec_failed", topic=source.topic, cause=repr(error))
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - the second time it is the message
        log.error("poison_found", messages=1, topic=source.topic, cause=repr(error))  # noqa: TRY400 - the cause says it
        return Refused(RefusalReason.POISON, POISON_DETAIL)


def _decoded(decoder: BatchDecoder, batch: Batch, meanings: Meanings, poison: Poison) -> Decoded:
    """The batch without the payloads that break the decoder."""
    try:
        return decode_without(decoder, batch.topics, batch.payloads, list(poison.found), meanings)
    except Exception as error:  # noqa: BLE001 - one message that breaks the decoder must not hold up all others
        cause = error
    breaking = [number for number in range(len(batch.payloads)) if _breaks(decoder, batch, meanings, number)]
    if not set(breaking) - set(poison.found):
        raise cause
    log.error("poison_found", messages=len(breaking), topic=batch.topics[breaking[0]], cause=repr(cause))
    return decode_without(decoder, batch.topics, batch.payloads, [*breaking, *poison.found], meanings)


def _breaks(decoder: BatchDecoder, batch: Batch, meanings: Meanings, number: int) -> bool:
    """Whether one message alone breaks the decoder."""
    try:
        own = {0: meanings[number]} if number in meanings else {}
        decoder.decode([batch.topics[number]], [batch.payloads[number]], own)
    except Exception:  # noqa: BLE001 - whatever it is: this message must not hold up all others
        return True
    return False
