"""All speakers in memory, backed by the books.

Beyond :data:`SPEAKERS_MAX` the least recently heard quarter gives way at the next flush, which comes at once where memory
is crowded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from ingest.admission.expectations import Expectations
from ingest.admission.kinds import Kinds
from ingest.admission.speaker import BOOTS_MAX, WINDOW_MAX, Speaker
from ingest.books.books import Books
from ingest.books.ledger import BootLedger
from ingest.wire.source import SOURCES_MAX, Source

SPEAKERS_MAX = 200_000
IDS_MAX = 1_000_000
RETIRED_MAX = 1_000
CHECKSUMS_TOTAL_MAX = 4_000_000
_CHECKSUMS_KEPT = 64


class Speakers:
    """Appliance id → speaker, topic → speaker, place → speaker."""

    def __init__(self, books: Books, own_kinds: Collection[str]) -> None:
        """``own_kinds``: the kinds that have a profile."""
        self._books = books
        self.kinds = Kinds(books, own_kinds)
        self._known: dict[str, Speaker] = {}
        self._by_topic: dict[Source, int] = {}
        """The place of whom a topic was found to belong to, kind and all."""
        self._by_place: list[Speaker | None] = []
        self.expectations = Expectations()
        self.retired_ledgers: dict[int, tuple[str, BootLedger]] = {}
        """Ledgers pushed out of a speaker's memory, until the next flush."""
        self._version = 0
        self._next_row = 1
        self._is_ready = False
        self._ids: set[str] | None = None
        """Every id that the books know of; ``None`` where they are too many to hold."""

    def refresh(self) -> None:
        """Notice what another process has changed in the registry."""
        if not self._is_ready:
            self._next_row = self._books.start_admitting()
            self._version = self._books.registry_version()
            self._ids = self._books.known_ids(limit=IDS_MAX)
            self._is_ready = True
            return
        version = self._books.registry_version()
        if version != self._version:
            self._version = version
            self._ids = self._books.known_ids(limit=IDS_MAX)
            self.kinds.forget()
            for speaker in self._known.values():
                speaker.take_registered(self._books.registered(speaker.id))
                speaker.disarm()
            self._by_topic.clear()

    def of(self, appliance_id: str) -> Speaker:
        """The speaker with this id, read back from the books where it is not in memory."""
        speaker = self._known.get(appliance_id) or self.newcomer(appliance_id)
        if speaker is None:
            speaker = self._new(appliance_id)
            self._read_back(speaker)
        return speaker

    def newcomer(self, appliance_id: str) -> Speaker | None:
        """A new speaker for an id that neither memory nor the books know; ``None`` where it is known or may be."""
        if self._ids is None or appliance_id in self._ids or appliance_id in self._known:
            return None
        speaker = self._new(appliance_id)
        if len(self._ids) < IDS_MAX:
            self._ids.add(appliance_id)
        else:
            self._ids = None
        return speaker

    def begin(self, speaker: Speaker, boot: str, checksum: int, position: int) -> None:
        """Account for message 0 of the first boot of a newcomer, heard in the batch at a position."""
        ledger = BootLedger(self._next_row, boot)
        self._next_row += 1
        ledger.extend_to(1)
        ledger.checksums.append(checksum)
        speaker.begin(ledger, position)

    def link(self, source: Source, speaker: Speaker) -> None:
        """Remember that a topic belongs to a speaker; from now on its ordinary messages are known by it."""
        if len(self._by_topic) >= SOURCES_MAX:
            self._by_topic.clear()
        self._by_topic[source] = speaker.place

    def places_of(self, sources: Sequence[Source]) -> NDArray[np.int64]:
        """The places (N,) of whom the topics belong to, -1 where that is not known yet."""
        return np.array(list(map(self._by_topic.get, sources, repeat(-1))), dtype=np.int64)

    def at(self, place: int) -> Speaker:
        """The speaker of a place."""
        speaker = self._by_place[place]
        assert speaker is not None  # noqa: S101 - places are given back only when nobody knows them
        return speaker

    def find(self, appliance_id: str) -> Speaker | None:
        """The speaker with this id where it is in memory."""
        return self._known.get(appliance_id)

    def ledger(self, speaker: Speaker, boot: str, now_ms: int) -> BootLedger:
        """The ledger of one boot: in memory, else on disk, else new."""
        ledger = speaker.ledgers.get(boot)
        if ledger is None:
            pushed = None if speaker.is_whole else self._retired(speaker.id, boot)
            ledger = pushed or (None if speaker.is_whole else self._books.load_ledger(speaker.id, boot))
        if ledger is None:
            ledger = BootLedger(self._next_row, boot)
            self._next_row += 1
        elif speaker.is_buffered and not ledger.gaps:
            ledger.reopen_gaps(now_ms)
        gone = speaker.keep(ledger)
        if gone is not None:
            self.retired_ledgers[gone.row] = (speaker.id, gone)
        return ledger

    def window(self, speaker: Speaker) -> OrderedDict[tuple[str, int], int]:
        """The newest messages without boot: (stream, time) → checksum."""
        if speaker.window is None:
            speaker.take_window(self._books.load_window(speaker.id, limit=WINDOW_MAX))
        assert speaker.window is not None  # noqa: S101 - it was just taken over
        return speaker.window

    def cold_has(self, row: int, seq: int) -> bool:
        """Whether the disk accounts for an old seq."""
        return self._books.cold_has(row, seq)

    def cold_is_dead(self, ledger: BootLedger, seq: int) -> bool:
        """Whether an old seq is accounted for as dead-lettered."""
        fresh = [is_dead for start, end, is_dead in ledger.cold if start <= seq < end]
        return fresh[-1] if fresh else self._books.cold_has(ledger.row, seq, is_dead=True)

    @property
    def is_crowded(self) -> bool:
        """Whether memory waits for a flush to be bounded again."""
        return len(self._known) > SPEAKERS_MAX * 5 // 4 or len(self.retired_ledgers) > RETIRED_MAX

    def all_moved(self) -> dict[int, tuple[str, BootLedger]]:
        """Every ledger that may differ from its row on disk."""
        rows = dict(self.retired_ledgers)
        for place in np.flatnonzero(self.expectations.has_moved).tolist():
            speaker = self.at(place)
            speaker.settle()
            rows.update((ledger.row, (speaker.id, ledger)) for ledger in speaker.ledgers.values())
        return rows

    def settled(self, places: NDArray[np.int64]) -> Iterator[Speaker]:
        """Those of some places whose ledgers are to come up to date now: before they lag too far, and for their acks."""
        known = self.expectations
        is_due = known.is_buffered[places] | (known.expected[places] >= known.settle_at[places])
        for place in places[is_due].tolist():
            speaker = self.at(place)
            speaker.settle()
            yield speaker

    def kept(self, rows: Iterable[tuple[str, BootLedger]], *, is_flush: bool) -> None:
        """These ledgers are on disk, with ``is_flush`` all of them."""
        for _, ledger in rows:
            ledger.cold.clear()
        if is_flush:
            self._flushed()

    def _flushed(self) -> None:
        """Bound what is in memory."""
        self.expectations.has_moved[:] = False
        self.retired_ledgers.clear()
        if len(self._known) > SPEAKERS_MAX:
            gone = len(self._known) - SPEAKERS_MAX * 3 // 4
            seen = self.expectations.seen
            oldest = sorted(self._known.values(), key=lambda speaker: int(seen[speaker.place]))[:gone]
            for speaker in oldest:
                del self._known[speaker.id]
                self._by_place[speaker.place] = None
                self.expectations.remove(speaker.place)
            self._by_topic.clear()
        ledgers = [ledger for speaker in self._known.values() for ledger in speaker.ledgers.values()]
        if sum(len(ledger.checksums) for ledger in ledgers) > CHECKSUMS_TOTAL_MAX:
            for ledger in ledgers:
                ledger.trim(_CHECKSUMS_KEPT)

    def forget(self) -> None:
        """Drop everything; the books hold it."""
        self._known.clear()
        self._by_topic.clear()
        self._by_place.clear()
        self.expectations = Expectations()
        self.retired_ledgers.clear()
        self.kinds.forget()
        self._is_ready = False

    def _new(self, appliance_id: str) -> Speaker:
        """A speaker with a place of its own."""
        speaker = self._known[appliance_id] = Speaker(appliance_id, self.expectations)
        if speaker.place == len(self._by_place):
            self._by_place.append(speaker)
        else:
            self._by_place[speaker.place] = speaker
        return speaker

    def _retired(self, appliance_id: str, boot: str) -> BootLedger | None:
        """A ledger that was pushed out of memory and is not yet on disk."""
        for owner, ledger in self.retired_ledgers.values():
            if owner == appliance_id and ledger.boot == boot:
                return ledger
        return None

    def _read_back(self, speaker: Speaker) -> None:
        """What the books know of one appliance."""
        speaker.take_registered(self._books.registered(speaker.id))
        ledgers = self._books.load_ledgers(speaker.id, limit=BOOTS_MAX)
        speaker.take_ledgers(ledgers[::-1], is_whole=len(ledgers) < BOOTS_MAX)
