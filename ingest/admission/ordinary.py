"""The ordinary messages of a batch, each the next one of its boot: recognised and accounted for all at once.

What is left, with all other messages of the same appliances, is looked at one by one (judge.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.admission.speakers import Speakers
from ingest.wire.columns import Decoded


@dataclass(frozen=True, slots=True)
class Ordinary:
    """The places of the speakers of ordinary messages, each once, and the numbers of all other messages."""

    places: NDArray[np.int64]
    others: Sequence[int]


def take_ordinary(
    speakers: Speakers,
    decoded: Decoded,
    contents: NDArray[np.uint32],
    is_special: NDArray[np.bool_],
    position: int,
) -> Ordinary:
    """Account for the ordinary messages; ``contents`` as of :func:`contents_of`.

    An appliance with any message that must be looked at has all of them among the others, so that they are judged in
    their order.
    """
    known = speakers.expectations
    places = speakers.places_of(decoded.sources)
    ours = places.copy()
    for number in np.flatnonzero(places < 0).tolist():
        speaker = speakers.find(decoded.sources[number].appliance_id)
        if speaker is not None:
            ours[number] = speaker.place
    rank = _ranks(ours)
    is_next = (places >= 0) & (known.expected[places] >= 0) & ~is_special
    is_next &= (decoded.seqs == known.expected[places] + rank) & (decoded.boots == known.boot[places])
    is_next = known.whose_all_are(is_next, ours)
    is_late = is_next & (decoded.seqs >= known.settle_at[places])
    if is_late.any():
        for place in set(places[is_late].tolist()):
            speakers.at(place).settle()
        is_next = known.whose_all_are(is_next & (decoded.seqs < known.settle_at[places]), ours)
    others: Sequence[int] = () if is_next.all() else np.flatnonzero(~is_next).tolist()
    taken = places[is_next] if others else places
    known.go_on(taken, decoded.seqs[is_next], contents[is_next], position)
    return Ordinary(np.unique(taken) if rank.any() else taken, others)


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
