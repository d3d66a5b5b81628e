"""All speakers in memory, backed by the books.

Beyond :data:`SPEAKERS_MAX` the least recently heard quarter gives way at the next flush, which comes at once where memory
is crowded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from ingest.admission.expectations import Expectations
from ingest.admission.speaker import BOOTS_MAX, WINDOW_MAX, Speaker
from ingest.books.books import Books
from ingest.books.ledger import BootLedger

SPEAKERS_MAX = 200_000
IDS_MAX = 1_000_000
RETIRED_MAX = 1_000
CHECKSUMS_TOTAL_MAX = 4_000_000
_CHECKSUMS_KEPT = 64


class Speakers:
    """Appliance id → speaker. ``unlink`` makes topics forget whom they led to."""

    def __init__(self, books: Books, unlink: Callable[[], None]) -> None:
        self._books = books
        self._unlink = unlink
        self._known: dict[str, Speaker] = {}
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
            self._books.fold_reached()
            with self._books.lock:
                (row,) = self._books.connection.execute("SELECT coalesce(max(row), 0) FROM ledger").fetchone()
            self._next_row = row + 1
            self._version = self._registry_version()
            self._ids = self._books.known_ids(limit=IDS_MAX)
            self._is_ready = True
            return
        version = self._registry_version()
        if version != self._version:
            self._version = version
            self._ids = self._books.known_ids(limit=IDS_MAX)
            for speaker in self._known.values():
                self._read_registration(speaker)
                speaker.disarm()
            self._unlink()

    def of(self, appliance_id: str) -> Speaker:
        """The speaker with this id, read back from the books where it is not in memory."""
        speaker = self._known.get(appliance_id) or self.newcomer(appliance_id)
        if speaker is None:
            speaker = self._known[appliance_id] = Speaker(appliance_id, self.expectations)
            self._read_back(speaker)
        return speaker

    def newcomer(self, appliance_id: str) -> Speaker | None:
        """A new speaker for an id that neither memory nor the books know; ``None`` where it is known or may be."""
        if self._ids is None or appliance_id in self._ids or appliance_id in self._known:
            return None
        speaker = self._known[appliance_id] = Speaker(appliance_id, self.expectations)
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
        if boot:
            speaker.has_boots = True
        gone = speaker.keep(ledger)
        if gone is not None:
            self.retired_ledgers[gone.row] = (speaker.id, gone)
        return ledger

    def window(self, speaker: Speaker) -> OrderedDict[tuple[str, int], int]:
        """The newest messages without boot: (stream, time) → checksum."""
        if speaker.window is None:
            with self._books.lock:
                rows = self._books.connection.execute(
                    "SELECT slot, stream, ts, checksum FROM window WHERE id = ? LIMIT ?", (speaker.id, WINDOW_MAX)
                ).fetchall()
            speaker.window = OrderedDict(((stream, ts), checksum) for _, stream, ts, checksum in rows)
            speaker.slot = max((row[0] for row in rows), default=-1)
        return speaker.window

    def cold_has(self, row: int, seq: int) -> bool:
        """Whether the disk accounts for an old seq."""
        return self._books.cold_has(row, seq)

    @property
    def is_crowded(self) -> bool:
        """Whether memory waits for a flush to be bounded again."""
        return len(self._known) > SPEAKERS_MAX * 5 // 4 or len(self.retired_ledgers) > RETIRED_MAX

    def all_moved(self) -> dict[int, tuple[str, BootLedger]]:
        """Every ledger that may differ from its row on disk."""
        rows = dict(self.retired_ledgers)
        for place in np.flatnonzero(self.expectations.has_moved).tolist():
            speaker = self.expectations.at(place)
            speaker.settle()
            rows.update((ledger.row, (speaker.id, ledger)) for ledger in speaker.ledgers.values())
        return rows

    def flushed(self) -> None:
        """All rows are on disk: bound what is in memory."""
        self.expectations.has_moved[:] = False
        self.retired_ledgers.clear()
        if len(self._known) > SPEAKERS_MAX:
            gone = len(self._known) - SPEAKERS_MAX * 3 // 4
            seen = self.expectations.seen
            oldest = sorted(self._known.values(), key=lambda speaker: int(seen[speaker.place]))[:gone]
            for speaker in oldest:
                del self._known[speaker.id]
                self.expectations.remove(speaker.place)
            self._unlink()
        ledgers = [ledger for speaker in self._known.values() for ledger in speaker.ledgers.values()]
        if sum(len(ledger.checksums) for ledger in ledgers) > CHECKSUMS_TOTAL_MAX:
            for ledger in ledgers:
                ledger.trim(_CHECKSUMS_KEPT)

    def forget(self) -> None:
        """Drop everything; the books hold it."""
        self._known.clear()
        self.expectations = Expectations()
        self.retired_ledgers.clear()
        self._is_ready = False
        self._unlink()

    def _retired(self, appliance_id: str, boot: str) -> BootLedger | None:
        """A ledger that was pushed out of memory and is not yet on disk."""
        for owner, ledger in self.retired_ledgers.values():
            if owner == appliance_id and ledger.boot == boot:
                return ledger
        return None

    def _read_back(self, speaker: Speaker) -> None:
        """What the books know of one appliance."""
        self._read_registration(speaker)
        ledgers = self._books.load_ledgers(speaker.id, limit=BOOTS_MAX)
        speaker.is_whole = len(ledgers) < BOOTS_MAX
        for ledger in reversed(ledgers):
            speaker.has_boots = speaker.has_boots or bool(ledger.boot)
            speaker.ledgers[ledger.boot] = ledger

    def _read_registration(self, speaker: Speaker) -> None:
        """Kind, retirement and delivery class from the registry."""
        with self._books.lock:
            row = self._books.connection.execute(
                "SELECT kind, retired_ms, is_buffered FROM appliance WHERE id = ?", (speaker.id,)
            ).fetchone()
        speaker.kind = row[0] if row else None
        speaker.is_retired = bool(row and row[1] is not None)
        speaker.is_buffered = bool(row and row[2])

    def _registry_version(self) -> int:
        """Counts the changes that operators made to the registry."""
        with self._books.lock:
            row = self._books.connection.execute("SELECT value FROM meta WHERE key = 'registry_version'").fetchone()
        return int(row[0]) if row else 0
