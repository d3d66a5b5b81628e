"""What the books write for a batch; whole ledger rows twice a minute, and where something irregular happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.admission.judged import Judged
from ingest.admission.speakers import Speakers
from ingest.books.books import Entry, NameUse, Registration
from ingest.books.dead_letters import DeadLetter
from ingest.books.judgement import Judgement
from ingest.books.ledger import BootLedger
from ingest.wire.columns import Decoded

FLUSH_EVERY_MS = 30_000
FLUSH_EVERY_BATCHES = 2_000
FLUSH_EVERY_MESSAGES = 400_000


class Writing:
    """Decides when all rows are written: the notes of a batch are cheap to write, but they and memory are bounded."""

    def __init__(self) -> None:
        self._flushed_ms: int | None = None
        self._batches = 0
        self._messages = 0

    def entry(
        self, judged: Judged, judgement: Judgement, decoded: Decoded, speakers: Speakers, names: Sequence[NameUse]
    ) -> Entry:
        """Everything that one batch writes."""
        begun = [(ledger.row, (one.id, ledger)) for one in judged.begun for ledger in one.ledgers.values()]
        rows: dict[int, tuple[str, BootLedger]] = {**judged.irregular, **dict(begun)}
        reached: NDArray[np.int64] = np.empty((0, 2), dtype=np.int64)
        is_flush = self._is_flush_due(judgement) or speakers.is_crowded
        if is_flush:
            self._batches, self._messages, self._flushed_ms = 0, 0, judgement.received_ms
            rows.update(speakers.all_moved())
        else:
            reached = _reached(judged, speakers, rows)
        return Entry(
            judgement,
            reached,
            list(rows.values()),
            is_flush,
            [
                Registration(speaker.id, speaker.kind or "", judgement.received_ms, speaker.is_buffered)
                for speaker in judged.registered.values()
            ],
            [
                DeadLetter(
                    number,
                    source.topic,
                    refusal.reason,
                    refusal.detail,
                    judged.batch.payloads[number],
                    source.appliance_id,
                    number in judged.counted,
                )
                for number, refusal in judged.refused_first().items()
                for source in (decoded.sources[number],)
            ],
            judged.windows,
            names,
            replayed=judged.replayed(),
        )

    def _is_flush_due(self, judgement: Judgement) -> bool:
        """Count one more batch, and say whether it is time."""
        if self._flushed_ms is None:
            self._flushed_ms = judgement.received_ms
        self._batches += 1
        self._messages += judgement.count
        return (
            self._batches >= FLUSH_EVERY_BATCHES
            or self._messages >= FLUSH_EVERY_MESSAGES
            or abs(judgement.received_ms - self._flushed_ms) >= FLUSH_EVERY_MS
        )


def _reached(judged: Judged, speakers: Speakers, rows: Mapping[int, object]) -> NDArray[np.int64]:
    """(ledger row, next seq) (N, 2) of those heard whose rows are not written; ledgers that are come up to date."""
    for speaker in judged.touched:
        if speaker.row in rows:
            speaker.settle()
    expectations, heard = speakers.expectations, judged.places()
    notes = np.stack([expectations.row[heard], expectations.expected[heard]], axis=1)
    is_noted = notes[:, 1] >= 0
    if rows and len(notes):
        is_noted &= np.array([row not in rows for row in notes[:, 0].tolist()])
    return notes[is_noted]
