"""Expectations: what the next ordinary message of each appliance carries, as columns over all speakers.

The ordinary message is the next one of its boot. A speaker's ledger lags behind its expectation until it is settled, at
the latest after :data:`UNSETTLED_MAX` messages. It knows places only, and nobody by name.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ingest.wire.guards import BOOT_CHARACTERS_MAX

UNSETTLED_MAX = 64
NOT_ARMED = -2
"""Expected of an appliance whose next message must be looked at."""

_FIRST_PLACES = 1024


class Expectations:
    """One place per speaker in memory; all columns are indexed by it.

    ``expected`` is the next seq and ``boot`` its boot, ``row`` the ledger's; from ``settle_at`` on the speaker must be
    settled. ``contents`` remembers by seq modulo :data:`UNSETTLED_MAX` what was in the messages since the last settlement.
    ``seen`` is the position of the batch in which a speaker was last heard, ``has_moved`` whether since the last flush.
    """

    def __init__(self) -> None:
        self._count = 0
        self._free: list[int] = []
        self._reserve(_FIRST_PLACES)

    def add(self) -> int:
        """A place for a speaker of whom nothing is expected yet."""
        if self._free:
            place = self._free.pop()
        else:
            place = self._count
            if place >= len(self.expected):
                self._reserve(2 * place)
            self._count += 1
        self.expected[place], self.seen[place] = NOT_ARMED, 0
        self.has_moved[place] = self.is_buffered[place] = False
        return place

    def remove(self, place: int) -> None:
        """Give a place back; whoever still knows it must forget it."""
        self.expected[place] = NOT_ARMED
        self._free.append(place)

    def whose_all_are(self, is_next: NDArray[np.bool_], ours: NDArray[np.int64]) -> NDArray[np.bool_]:
        """``is_next`` (N,) without every message of an appliance of which not all are; ``ours`` are places, -1 for none."""
        left_out = ours[~is_next & (ours >= 0)]
        if not len(left_out):
            return is_next
        self._mark[left_out] = True
        whole = is_next & ~self._mark[ours]
        self._mark[left_out] = False
        return whole

    def go_on(
        self, places: NDArray[np.int64], seqs: NDArray[np.int64], contents: NDArray[np.uint32], position: int
    ) -> None:
        """Account for messages that are the next ones of their boots, in order; all arrays (N,)."""
        self.contents[places, seqs % UNSETTLED_MAX] = contents
        self.expected[places] = seqs + 1  # of several of one place the last one counts
        self.seen[places] = position
        self.has_moved[places] = True

    def _reserve(self, size: int) -> None:
        """Make room for this many places."""
        old = self._count
        columns = {
            "expected": np.full(size, NOT_ARMED, dtype=np.int64),
            "boot": np.zeros(size, dtype=f"S{BOOT_CHARACTERS_MAX}"),
            "row": np.zeros(size, dtype=np.int64),
            "settle_at": np.zeros(size, dtype=np.int64),
            "contents": np.zeros((size, UNSETTLED_MAX), dtype=np.uint32),
            "seen": np.zeros(size, dtype=np.int64),
            "has_moved": np.zeros(size, dtype=np.bool_),
            "is_buffered": np.zeros(size, dtype=np.bool_),
            "_mark": np.zeros(size, dtype=np.bool_),
        }
        for name, column in columns.items():
            if old:
                known = getattr(self, name)
                column[: len(known)] = known
        self.expected: NDArray[np.int64] = columns["expected"]
        self.boot: NDArray[np.bytes_] = columns["boot"]
        self.row: NDArray[np.int64] = columns["row"]
        self.settle_at: NDArray[np.int64] = columns["settle_at"]
        self.contents: NDArray[np.uint32] = columns["contents"]
        self.seen: NDArray[np.int64] = columns["seen"]
        self.has_moved: NDArray[np.bool_] = columns["has_moved"]
        self.is_buffered: NDArray[np.bool_] = columns["is_buffered"]
        self._mark: NDArray[np.bool_] = columns["_mark"]
