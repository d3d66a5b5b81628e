"""The world's disk, and a journal on it: what is written may be lost or torn until it is synced.

The journal keeps the promises of :class:`ingest.journal.Journal` (it runs tests/contract/journal_suite.py) on a disk that
forgets: at a crash everything behind the last sync is lost, kept, or cut in the middle, by the chance of the world.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.journal import JournalBatch, JournalError

_HEADER = struct.Struct("<IIQQI")
"""Length of the frames, checksum of all that follows, position, received_ms, count."""


@dataclass(slots=True)
class SimulatedDisk:
    """One file: ``durable`` survives everything, ``pending`` only what ends well. ``broken`` writes or syncs fail next."""

    durable: bytearray = field(default_factory=bytearray)
    pending: bytearray = field(default_factory=bytearray)
    broken: int = 0
    syncs: int = 0

    def write(self, data: bytes) -> None:
        """Hand data to the system; it is not durable yet. Where the disk is full, the first half of it is there."""
        if self.broken:
            self.broken -= 1
            self.pending += data[: len(data) // 2]
            raise OSError(28, "No space left on device")
        self.pending += data

    def sync(self) -> None:
        """Make durable what was written; after an error it is not known how much of it is."""
        if self.broken:
            self.broken -= 1
            raise OSError(5, "Input/output error")
        self.durable += self.pending
        self.pending.clear()
        self.syncs += 1

    def cut(self, size: int) -> None:
        """Shorten the file to ``size`` bytes, durably."""
        whole = self.durable + self.pending
        self.durable, self.pending = whole[:size], bytearray()

    def crash(self, chance: random.Random) -> None:
        """The machine stops: of what was not synced, nothing, all, or the first part stays, perhaps followed by garbage."""
        kept = chance.choice((0, len(self.pending), chance.randint(0, len(self.pending))))
        torn = chance.randbytes(min(len(self.pending) - kept, 40)) if chance.random() < 0.3 else b""
        self.durable += self.pending[:kept] + torn
        self.pending.clear()


class DiskJournal:
    """The journal on a :class:`SimulatedDisk`. ``point`` is called at each hand-over and may not return.

    ``is_syncing`` and ``is_cutting`` are guards that a test switches off: sync before the position is given, and cut a
    torn tail away before anything is written behind it.
    """

    def __init__(
        self,
        disk: SimulatedDisk,
        point: Callable[[str], None] = lambda _name: None,
        *,
        is_syncing: bool = True,
        is_cutting: bool = True,
    ) -> None:
        self._disk = disk
        self._point = point
        self._is_syncing = is_syncing
        self.quarantined_batches = 0
        self._batches, sound = _read_sound(disk.durable)
        if is_cutting and sound < len(disk.durable):
            disk.cut(sound)

    def identity(self) -> str:
        """The one disk there is."""
        return "disk"

    def append(self, frames: Sequence[bytes | memoryview], *, count: int, received_ms: int) -> int:
        """Make one batch durable and return its position; raises :class:`JournalError` and keeps nothing otherwise."""
        body = b"".join(frames)
        position = self.tip() + 1
        size = len(self._disk.durable) + len(self._disk.pending)
        try:
            self._disk.write(_record(body, position, received_ms, count))
            self._point("journal written")
            if self._is_syncing:
                self._disk.sync()
        except OSError as error:
            self._disk.cut(size)
            raise JournalError(f"the journal can't be written: {error.strerror}") from error
        self._point("journal durable")
        self._batches.append(JournalBatch(position, received_ms, count, body))
        return position

    def read(self, after: int, *, limit_bytes: int) -> list[JournalBatch]:
        """The batches behind position ``after``, oldest first, at least one if there is one, about ``limit_bytes``."""
        found: list[JournalBatch] = []
        size = 0
        for batch in self._batches:
            if batch.position > after:
                found.append(batch)
                size += len(batch.frames)
                if size >= limit_bytes:
                    break
        return found

    def tip(self) -> int:
        """The newest position, 0 for an empty journal."""
        return self._batches[-1].position if self._batches else 0

    def oldest(self) -> int:
        """The oldest position that may still be there, 0 for an empty journal; no older one is given again."""
        return self._batches[0].position if self._batches else 0

    def trouble(self) -> str | None:
        """Nothing is known against it between two appends."""
        return None

    def show_cursors(self, cursors: Mapping[str, int]) -> None:
        """Nobody looks at it from outside."""

    def count_messages(self, after: int) -> int:
        """How many messages the batches behind position ``after`` hold: how far a reader is behind."""
        return sum(batch.count for batch in self._batches if batch.position > after)

    def size_bytes(self) -> int:
        """What the journal takes on disk."""
        return len(self._disk.durable) + len(self._disk.pending)

    def prune(self, before: int) -> int:
        """Nothing is dropped: the world's journal is one part."""
        del before
        return 0

    def close(self) -> None:
        """Nothing is held."""


def _record(body: bytes, position: int, received_ms: int, count: int) -> bytes:
    head = _HEADER.pack(len(body), 0, position, received_ms, count)
    checksum = zlib.crc32(body, zlib.crc32(head[8:]))
    return _HEADER.pack(len(body), checksum, position, received_ms, count) + body


def _read_sound(data: bytearray) -> tuple[list[JournalBatch], int]:
    """All batches up to the first one that is not whole, and where that begins."""
    batches: list[JournalBatch] = []
    place = 0
    while place + _HEADER.size <= len(data):
        length, checksum, position, received_ms, count = _HEADER.unpack_from(data, place)
        end = place + _HEADER.size + length
        body = bytes(data[place + _HEADER.size : end])
        if end > len(data) or zlib.crc32(body, zlib.crc32(data[place + 8 : place + _HEADER.size])) != checksum:
            break
        batches.append(JournalBatch(position, received_ms, count, body))
        place = end
    return batches, place
