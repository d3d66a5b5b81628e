"""What was admitted and makes a reader fail whenever it meets it: kept as dead letters with the reason ``poison``.

The ledger is not touched: the messages were judged good and are durable in the journal, and the telemetry store has them.
What is kept is one appliance's part of a journal batch, as payloads of the contract's form; handed over again after a crash
it is kept once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import structlog

from ingest.books.books import Books, BooksError
from ingest.books.dead_letters import DeadLetter
from ingest.books.judgement import Judgement
from ingest.feed.unstorable import payload_of_sample
from ingest.sample import AdmittedBatch, Event
from ingest.wire.dead_letter import RefusalReason
from ingest.wire.topic import DEFAULT_ROOT, Channel

log = structlog.get_logger(__name__)

DETAIL = "The detectors failed at it twice; it is stored and not scored."


def keep_poison(path: Path, batch: AdmittedBatch, *, topic_root: str = DEFAULT_ROOT) -> None:
    """Keep everything in ``batch`` as dead letters in the books at ``path``; where that can't be done the log says so."""
    letters = [
        DeadLetter(-1, topic, RefusalReason.POISON, DETAIL, payload) for topic, payload in _said(batch, topic_root)
    ]
    try:
        books = Books.open(path)
        try:
            books.keep_dead_letters(Judgement(batch.position, batch.received_ms, len(letters)), letters)
        finally:
            books.close()
    except BooksError as error:
        log.error("poison_not_kept", position=batch.position, sentence=str(error))  # noqa: TRY400 - the sentence says it


def _said(batch: AdmittedBatch, topic_root: str) -> Iterator[tuple[str, bytes]]:
    """Topic and payload of every sample and event."""
    for block in batch.blocks:
        for row, appliance_id in enumerate(block.appliance_ids):
            topic = f"{topic_root}/{block.kind}/{appliance_id}/{Channel.TELEMETRY}"
            yield topic, payload_of_sample(block, row)
    for event in batch.events:
        yield f"{topic_root}/{event.kind}/{event.appliance_id}/{Channel.EVENT}", _payload_of_event(event)


def _payload_of_event(event: Event) -> bytes:
    said: dict[str, object] = {"boot": event.boot, "seq": event.seq, "ts": event.ts_ms, "type": event.type.value}
    said |= {"code": event.code, "data": dict(event.data) or None}
    return msgspec.json.encode({name: value for name, value in said.items() if value is not None})
