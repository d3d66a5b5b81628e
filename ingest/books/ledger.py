"""The ledger: per (id, boot) which seq are stored, which were dead-lettered, and how many are missing.

At any moment ``max_seq + 1 = stored + dead_lettered + gap``: stored and dead-lettered are disjoint sets of seq, kept as
ranges, and the gap is the rest. Memory per boot is bounded: at most :data:`RANGES_MAX` ranges of each set, older ones go
to disk (``cold``), at most :data:`OPEN_GAPS_MAX` open gaps, of which the last then spans all later ones, and the checksums
of about the last thousand messages. What memory no longer tells apart makes an ack wait, never leap.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from ingest.books.event_time import Anchor

RANGES_MAX = 128
CHECKSUMS_MAX = 1024
OPEN_GAPS_MAX = 64
GAP_GIVEN_UP_MS = 600_000


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of ``fettle ledger``; a client without boot has ``boot``, ``max_seq`` and ``gap`` ``None``."""

    id: str
    boot: str | None
    max_seq: int | None
    stored: int
    dead_lettered: int
    gap: int | None
    duplicates: int


class SeqRanges:
    """A set of seq as sorted half-open ranges."""

    __slots__ = ("ends", "starts")

    def __init__(self, starts: list[int] | None = None, ends: list[int] | None = None) -> None:
        self.starts = starts or []
        self.ends = ends or []

    def __contains__(self, seq: int) -> bool:
        at = bisect_right(self.starts, seq) - 1
        return at >= 0 and seq < self.ends[at]

    def __len__(self) -> int:
        """How many ranges there are."""
        return len(self.starts)

    def add(self, start: int, end: int) -> None:
        """Take in seq that are not yet in the set: [start, end)."""
        at = bisect_right(self.starts, start)
        touches_left = at > 0 and self.ends[at - 1] == start
        touches_right = at < len(self.starts) and self.starts[at] == end
        if touches_left and touches_right:
            self.ends[at - 1] = self.ends[at]
            del self.starts[at], self.ends[at]
        elif touches_left:
            self.ends[at - 1] = end
        elif touches_right:
            self.starts[at] = start
        else:
            self.starts.insert(at, start)
            self.ends.insert(at, end)

    def remove(self, seq: int) -> None:
        """Take out a seq that is in the set."""
        at = bisect_right(self.starts, seq) - 1
        start, end = self.starts[at], self.ends[at]
        parts = [(first, last) for first, last in ((start, seq), (seq + 1, end)) if first < last]
        self.starts[at : at + 1] = [first for first, _ in parts]
        self.ends[at : at + 1] = [last for _, last in parts]

    def shed(self, keep: int) -> list[tuple[int, int]]:
        """Take out the oldest ranges so that ``keep`` remain."""
        count = max(0, len(self.starts) - keep)
        gone = list(zip(self.starts[:count], self.ends[:count], strict=True))
        del self.starts[:count], self.ends[:count]
        return gone


class BootLedger:
    """The account of one (id, boot). ``next`` is max_seq + 1.

    ``cold_has`` asks the disk whether an old seq below :attr:`floor` is already accounted for.
    """

    __slots__ = (
        "anchor", "boot", "checksum_base", "checksums", "cold", "dead", "dead_count", "duplicates", "floor", "gaps",
        "is_last_gap_wide", "next", "row", "settled", "stored", "stored_count",
    )  # fmt: skip

    def __init__(self, row: int, boot: str) -> None:
        self.row = row
        self.boot = boot
        self.next = 0
        self.stored = SeqRanges()
        self.dead = SeqRanges()
        self.stored_count = 0
        self.dead_count = 0
        self.duplicates = 0
        self.floor = 0
        self.cold: list[tuple[int, int, bool]] = []
        self.anchor: Anchor | None = None
        self.settled = 0
        self.gaps: list[list[int]] = []
        """Open gaps of an appliance that waits for acks: [start, end, when later messages were seen, by admission's time]."""
        self.is_last_gap_wide = False
        """Whether the last of :attr:`gaps` spans several, and what is accounted for between them."""
        self.checksums = array("I")
        self.checksum_base = 0

    def extend_to(self, seq_next: int) -> None:
        """Account for [next, seq_next) as stored."""
        if seq_next > self.next:
            ends = self.stored.ends
            if ends and ends[-1] == self.next:
                ends[-1] = seq_next
            else:
                self.stored.add(self.next, seq_next)
            self.stored_count += seq_next - self.next
            self.next = seq_next

    def count(self, *, is_dead: bool) -> None:
        """Account for one message of a client that counts nothing."""
        if is_dead:
            self.dead_count += 1
        else:
            self.stored_count += 1

    def note_duplicate(self) -> None:
        """Count a message that is known already."""
        self.duplicates += 1

    def note_anchor(self, anchor: Anchor | None) -> None:
        """Remember the newest good time of this boot, where there is one."""
        self.anchor = anchor or self.anchor

    def has(self, seq: int, cold_has: Callable[[int, int], bool]) -> bool:
        """Whether a seq is accounted for, stored or dead-lettered."""
        if seq >= self.next:
            return False
        if seq in self.stored or seq in self.dead:
            return True
        return seq < self.floor and (any(start <= seq < end for start, end, _ in self.cold) or cold_has(self.row, seq))

    def add(self, seq: int, *, is_dead: bool, now_ms: int) -> None:
        """Account for one seq that is not yet; what it skips becomes a gap."""
        if seq > self.next:
            self._open_gap(self.next, seq, now_ms)
        elif seq < self.next:
            self._close_gap(seq)
        if seq < self.floor:
            self.cold.append((seq, seq + 1, is_dead))
        else:
            (self.dead if is_dead else self.stored).add(seq, seq + 1)
        self.count(is_dead=is_dead)
        self.next = max(self.next, seq + 1)
        self._shed()

    def redeem(self, seq: int | None = None) -> None:
        """A dead-lettered message was judged again and is accepted: a seq, or one message of a client that counts nothing.

        A range that has gone cold stays marked as dead on disk: there it says that a seq is accounted for, and no more.
        """
        self.dead_count = max(0, self.dead_count - 1)
        self.stored_count += 1
        if seq is not None and seq in self.dead:
            self.dead.remove(seq)
            self.stored.add(seq, seq + 1)

    def forgive(self) -> None:
        """A dead-lettered message of a client that counts nothing was judged again, and is known already."""
        self.dead_count = max(0, self.dead_count - 1)

    def checksum_of(self, seq: int) -> int | None:
        """The checksum of a message, while it is remembered."""
        at = seq - self.checksum_base
        return (self.checksums[at] or None) if 0 <= at < len(self.checksums) else None

    def remember(self, seq: int, checksum: int) -> None:
        """Remember a checksum; about the newest :data:`CHECKSUMS_MAX` stay."""
        at = seq - self.checksum_base
        size = len(self.checksums)
        if at < 0:
            return
        if at < size:
            self.checksums[at] = checksum
            return
        if not size or at - size > CHECKSUMS_MAX:
            del self.checksums[:]
            self.checksum_base, at, size = seq, 0, 0
        self.checksums.extend([0] * (at - size))
        self.checksums.append(checksum)
        self.trim(CHECKSUMS_MAX)

    def trim(self, keep: int) -> None:
        """Forget all but the newest checksums, in steps."""
        if len(self.checksums) >= 2 * keep:
            gone = len(self.checksums) - keep
            del self.checksums[:gone]
            self.checksum_base += gone

    def upto(self, now_ms: int) -> int:
        """The highest seq up to which all is durable, refused, or given up as a gap; -1 for none."""
        while self.gaps and (now_ms - self.gaps[0][2] >= GAP_GIVEN_UP_MS or self._is_filled(self.gaps[0][1])):
            self.settled = max(self.settled, self.gaps.pop(0)[1])
        self.is_last_gap_wide &= bool(self.gaps)
        if len(self.gaps) == 1 and self.is_last_gap_wide:
            self._list_gaps(self.gaps[0][0], self.gaps[0][2])
        self.settled = max(self.settled, self.gaps[0][0] if self.gaps else self.next)
        return self.settled - 1

    def reopen_gaps(self, now_ms: int) -> None:
        """After reading back from disk: what is missing above :attr:`settled` gets its ten minutes anew."""
        self._list_gaps(self.settled, now_ms)

    def _list_gaps(self, low: int, now_ms: int) -> None:
        """Tell from the ranges in memory what is missing from ``low`` on; below :attr:`floor` that is one gap, if any."""
        known = SeqRanges()
        for ranges in (self.stored, self.dead):
            for start, end in zip(ranges.starts, ranges.ends, strict=True):
                known.add(start, end)
        base = max(self.floor, low)
        missing = zip([base, *known.ends], known.starts, strict=False)
        self.gaps = [[max(start, base), end, now_ms] for start, end in missing if max(start, base) < end]
        if low < self.floor and not self._is_filled(self.floor):
            self.gaps.insert(0, [low, self.floor, now_ms])
        self.is_last_gap_wide = False
        self._bound_gaps()

    def _is_filled(self, end: int) -> bool:
        """Whether nothing at all is missing below :attr:`floor`, and ``end`` lies there."""
        if end > self.floor:
            return False
        above = sum(
            last - max(first, self.floor)
            for ranges in (self.stored, self.dead)
            for first, last in zip(ranges.starts, ranges.ends, strict=True)
            if last > self.floor
        )
        return self.stored_count + self.dead_count - above == self.floor

    def _open_gap(self, start: int, end: int, now_ms: int) -> None:
        if self.is_last_gap_wide:
            self.gaps[-1][1:] = [end, now_ms]
        else:
            self.gaps.append([start, end, now_ms])
            self._bound_gaps()

    def _close_gap(self, seq: int) -> None:
        for number, (start, end, noticed_ms) in enumerate(self.gaps):
            if start <= seq < end:
                if self.is_last_gap_wide and number == len(self.gaps) - 1:
                    return
                parts = [[start, seq, noticed_ms], [seq + 1, end, noticed_ms]]
                self.gaps[number : number + 1] = [part for part in parts if part[0] < part[1]]
                self._bound_gaps()
                return

    def _bound_gaps(self) -> None:
        """Let the last gap span what is too many."""
        if len(self.gaps) > OPEN_GAPS_MAX:
            wide = self.gaps[OPEN_GAPS_MAX - 1]
            wide[1:] = self.gaps[-1][1:]
            del self.gaps[OPEN_GAPS_MAX:]
            self.is_last_gap_wide = True

    def _shed(self) -> None:
        """Move the oldest ranges out of memory once there are too many."""
        if len(self.stored) <= RANGES_MAX and len(self.dead) <= RANGES_MAX:
            return
        larger = self.stored if len(self.stored) > RANGES_MAX else self.dead
        floor = larger.starts[-(RANGES_MAX // 2)]
        for ranges, is_dead in ((self.stored, False), (self.dead, True)):
            keep = len(ranges) - bisect_right(ranges.starts, floor - 1)
            if keep < len(ranges) and ranges.ends[len(ranges) - keep - 1] > floor:
                keep += 1
            self.cold += [(start, end, is_dead) for start, end in ranges.shed(keep)]
        self.floor = max(self.floor, floor)


def pack_ranges(ledger: BootLedger) -> bytes:
    """The ranges in memory as bytes."""
    stored, dead = ledger.stored, ledger.dead
    return msgspec.msgpack.encode([stored.starts, stored.ends, dead.starts, dead.ends])


def unpack_ranges(ledger: BootLedger, data: bytes) -> None:
    """Put back what :func:`pack_ranges` wrote."""
    lists = msgspec.msgpack.decode(data, type=list[list[int]])
    ledger.stored = SeqRanges(lists[0], lists[1])
    ledger.dead = SeqRanges(lists[2], lists[3])


def shown(appliance_id: str, boot: str, seq_next: int, counts: tuple[int, int, int]) -> LedgerRow:
    """A row as it is shown; ``counts`` are stored, dead-lettered and duplicates."""
    stored, dead, duplicates = counts
    if not boot:
        return LedgerRow(appliance_id, None, None, stored, dead, None, duplicates)
    return LedgerRow(appliance_id, boot, seq_next - 1, stored, dead, seq_next - stored - dead, duplicates)


def ledger_of(row: tuple[int, str, int, int, int, int, int, int, int | None, int, bytes]) -> BootLedger:
    """The account that :func:`values_of` wrote, without the appliance's id."""
    ledger = BootLedger(row[0], row[1])
    ledger.next, ledger.stored_count, ledger.dead_count, ledger.duplicates = row[2:6]
    ledger.floor, ledger.settled = row[6:8]
    ledger.anchor = None if row[8] is None else Anchor(row[8], row[9])
    ledger.checksum_base = ledger.next
    unpack_ranges(ledger, row[10])
    return ledger


def values_of(appliance_id: str, ledger: BootLedger) -> tuple[object, ...]:
    """An account as the values of its row."""
    anchor = ledger.anchor
    return (
        ledger.row, appliance_id, ledger.boot, ledger.next, ledger.stored_count, ledger.dead_count, ledger.duplicates,
        ledger.floor, ledger.settled, anchor.ts_ms if anchor else None, anchor.up_ms if anchor else 0,
        pack_ranges(ledger),
    )  # fmt: skip
