"""Judged: what one batch has come to, message by message; filled by the judge, read by everyone behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ingest.admission.batch import Batch
from ingest.admission.speaker import Speaker
from ingest.books.books import WindowEntry
from ingest.books.judgement import DUPLICATE, GOOD, Judgement, code_of
from ingest.books.ledger import BootLedger
from ingest.books.replays import Replayed
from ingest.sample import MAX_SAMPLES_PER_MESSAGE
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.meaning import Meanings, pack_meanings


@dataclass(slots=True)
class Judged:
    """Used for one batch."""

    batch: Batch
    ordinary: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """The places of those whose messages were simply the next ones."""
    touched: list[Speaker] = field(default_factory=list)
    begun: list[Speaker] = field(default_factory=list)
    """Appliances never heard of before, with their first message; they are not among ``touched``."""
    irregular: dict[int, tuple[str, BootLedger]] = field(default_factory=dict)
    registered: dict[str, Speaker] = field(default_factory=dict)
    refused: dict[int, Refused] = field(default_factory=dict)
    windows: list[WindowEntry] = field(default_factory=list)
    counted: set[int] = field(default_factory=set)
    """Those of :attr:`refused` that the ledger counts."""
    duplicates: int = 0
    _codes: bytearray | None = None
    _times: list[tuple[int, int, int]] = field(default_factory=list)
    _offsets: list[tuple[int, int]] = field(default_factory=list)

    def note_ordinary(self, places: NDArray[np.int64]) -> None:
        """The places of those whose messages were simply the next ones."""
        self.ordinary = places

    def refuse(self, number: int, refusal: Refused, *, is_counted: bool = False) -> None:
        """A message is dead-lettered; ``is_counted``: the ledger says so, too."""
        self._mark(number, code_of(refusal.reason))
        self.refused[number] = refusal
        if is_counted:
            self.counted.add(number)

    def refused_first(self) -> dict[int, Refused]:
        """The messages that are refused and were not before."""
        again = self.batch.again
        return {number: refusal for number, refusal in self.refused.items() if number not in again}

    def replayed(self) -> list[Replayed]:
        """How the dead letters have ended that came again."""
        return [
            Replayed(asked.number, self.refused.get(number), number in self.counted)
            for number, asked in self.batch.again.items()
            if asked is not None
        ]

    def pass_over(self, number: int) -> None:
        """A message says what is known already."""
        self.duplicates += 1
        self._mark(number, DUPLICATE)

    def set_times(self, times: list[tuple[int, int, int]]) -> None:
        """Event times that we set: (number of the message, index of the sample, ms)."""
        self._times += times

    def set_offset(self, number: int, offset: int) -> None:
        """Which of several messages of one device and one time a message is."""
        if offset:
            self._offsets.append((number, min(offset, MAX_SAMPLES_PER_MESSAGE - 1)))

    def places(self) -> NDArray[np.int64]:
        """The places of all speakers that were heard."""
        return np.concatenate([self.ordinary, np.array([speaker.place for speaker in self.touched], dtype=np.int64)])

    def is_good(self, number: int) -> bool:
        """Whether a message is good, as far as it is judged."""
        return self._codes is None or self._codes[number] == GOOD

    def judgement(self, meanings: Meanings, left_out: Sequence[tuple[int, bytes]]) -> Judgement:
        """The judgement of the whole batch, with what its good foreign messages mean and which readings are left out."""
        codes = None if self._codes is None else bytes(self._codes)
        batch = self.batch
        kept = pack_meanings(meanings, self.is_good)
        times = tuple(sorted(self._times))
        return Judgement(
            batch.position,
            batch.received_ms,
            len(batch.payloads),
            codes,
            times,
            kept,
            tuple(left_out),
            tuple(self._offsets),
        )

    def counts(self) -> dict[RefusalReason, int]:
        """Refusals by reason; a letter that is refused again was counted before."""
        return dict(Counter(refusal.reason for refusal in self.refused_first().values()))

    def _mark(self, number: int, code: int) -> None:
        """Set the code of one message."""
        if self._codes is None:
            self._codes = bytearray(len(self.batch.payloads))
        self._codes[number] = code
