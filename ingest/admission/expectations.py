"""Expectations: what the next ordinary message of each appliance carries, as columns over all speakers.

The ordinary message is the next one of its boot. A whole batch of them is recognised and accounted for at once; what is
left, with all other messages of the same appliances, is looked at one by one. A speaker's ledger lags behind its
expectation until it is settled, at the latest after :data:`UNSETTLED_MAX` messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ingest.wire.guards import BOOT_CHARACTERS_MAX

if TYPE_CHECKING:
    from ingest.admission.speaker import Speaker
    from ingest.wire.columns import Decoded

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
        self.speakers: list[Speaker | None] = []
        self._free: list[int] = []
        self._reserve(_FIRST_PLACES)

    def add(self, speaker: Speaker) -> int:
        """A place for a speaker of whom nothing is expected yet."""
        if self._free:
            place = self._free.pop()
            self.speakers[place] = speaker
        else:
            place = len(self.speakers)
            self.speakers.append(speaker)
            if place >= len(self.expected):
                self._reserve(2 * place)
        self.expected[place], self.seen[place] = NOT_ARMED, 0
        self.has_moved[place] = self.is_buffered[place] = False
        return place

    def remove(self, place: int) -> None:
        """Give a place back; whoever still knows it must forget it."""
        self.speakers[place] = None
        self.expected[place] = NOT_ARMED
        self._free.append(place)

    def at(self, place: int) -> Speaker:
        """The speaker of a place."""
        speaker = self.speakers[place]
        assert speaker is not None  # noqa: S101 - places are given back only when nobody knows them
        return speaker

    def clear(self) -> None:
        """Forget all speakers."""
        self.speakers.clear()
        self._free.clear()

    def take_ordinary(
        self,
        decoded: Decoded,
        contents: NDArray[np.uint32],
        is_special: NDArray[np.bool_],
        position: int,
        find: Callable[[str], Speaker | None],
    ) -> tuple[NDArray[np.int64], Sequence[int]]:
        """Account for the ordinary messages of a batch: their places, each once, and the numbers of all others.

        An appliance with any message that must be looked at has all of them among the others, so that they are judged
        in their order.
        """
        places = np.array([source.place for source in decoded.sources], dtype=np.int64)
        ours = places.copy()
        for number in np.flatnonzero(places < 0).tolist():
            speaker = find(decoded.sources[number].appliance_id)
            if speaker is not None:
                ours[number] = speaker.place
        rank = _ranks(ours)
        expected = self.expected[places]
        is_next = (places >= 0) & (expected >= 0) & ~is_special
        is_next &= (decoded.seqs == expected + rank) & (decoded.boots == self.boot[places])
        self._keep_whole(is_next, ours)
        if (is_next & (decoded.seqs >= self.settle_at[places])).any():
            for place in set(places[is_next & (decoded.seqs >= self.settle_at[places])].tolist()):
                self.at(place).settle()
            is_next &= decoded.seqs < self.settle_at[places]
            self._keep_whole(is_next, ours)
        if is_next.all():
            others: Sequence[int] = ()
        else:
            others = np.flatnonzero(~is_next).tolist()
            places = places[is_next]
        seqs = decoded.seqs[is_next]
        self.contents[places, seqs % UNSETTLED_MAX] = contents[is_next]
        self.expected[places] = seqs + 1  # of several of one place the last one counts
        self.seen[places] = position
        self.has_moved[places] = True
        return (np.unique(places) if rank.any() else places), others

    def _keep_whole(self, is_next: NDArray[np.bool_], ours: NDArray[np.int64]) -> None:
        """Take out every message of an appliance of which not all messages are ordinary."""
        left_out = ours[~is_next & (ours >= 0)]
        if len(left_out):
            self._mark[left_out] = True
            is_next &= ~self._mark[ours]
            self._mark[left_out] = False

    def _reserve(self, size: int) -> None:
        """Make room for this many places."""
        old = len(self.speakers)
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


def contents_of(payloads: Sequence[bytes]) -> NDArray[np.uint32]:
    """32 bits of each payload that differ where the payloads do, for as long as the process lives (N,)."""
    return np.array(list(map(hash, payloads)), dtype=np.int64).astype(np.uint32)


def _ranks(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the same place come before each (N,)."""
    ranks = np.zeros(len(places), dtype=np.int64)
    ordered = np.sort(places)
    if (ordered[1:] != ordered[:-1]).all():
        return ranks
    order = np.argsort(places, kind="stable")
    numbers = np.arange(len(places))
    is_first = np.ones(len(places), dtype=np.bool_)
    is_first[1:] = places[order][1:] != places[order][:-1]
    ranks[order] = numbers - np.maximum.accumulate(np.where(is_first, numbers, 0))
    return ranks
