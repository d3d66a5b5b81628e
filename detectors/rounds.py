"""Rounds: one batch → pieces in which every appliance's samples stand before the event that follows them.

An event ends a cycle or begins a new baseline, so it must be taken in between the samples before it and those behind it,
wherever a batch happens to be cut. Samples of the event's own time stand before it. Late samples keep to the first round.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from detectors.waiting import taken
from ingest.sample import AdmittedBatch, Event, EventType, SampleBlock

ENDS = frozenset(
    {
        EventType.CYCLE_FINISHED,
        EventType.ERROR_CODE,
        EventType.PART_REPLACED,
        EventType.MOVED,
        EventType.SETTING_CHANGED,
    }
)
"""Events after which something is not as it was."""


def rounds(batch: AdmittedBatch) -> Iterator[tuple[Sequence[SampleBlock], Sequence[Event]]]:
    """(samples, events behind them) until all of the batch was given."""
    if not batch.events:
        yield batch.blocks, ()
        return
    by_appliance: dict[str, list[Event]] = {}
    for event in sorted(batch.events, key=lambda event: event.ts_ms):
        if event.type in ENDS:
            by_appliance.setdefault(event.appliance_id, []).append(event)
    times = {appliance_id: [event.ts_ms for event in events] for appliance_id, events in by_appliance.items()}
    parts = [_parts(block, times) for block in batch.blocks]
    last = max([len(events) for events in times.values()], default=0)
    for number in range(last + 1):
        blocks = [part[number] for part in parts if number in part]
        events = [all_of[number] for all_of in by_appliance.values() if number < len(all_of)]
        if blocks or events:
            yield blocks, events


def _parts(block: SampleBlock, times: Mapping[str, Sequence[int]]) -> Mapping[int, SampleBlock]:
    """A block cut by how many of its appliance's events lie before each sample."""
    ids = block.appliance_ids
    concerned = [place for place, appliance_id in enumerate(ids) if appliance_id in times]
    numbers = np.zeros(len(block), np.intp)
    for place in concerned:
        numbers[place] = bisect_left(times[ids[place]], int(block.ts_ms[place]))
    if not numbers.any():
        return {0: block}
    return {int(number): taken(block, np.flatnonzero(numbers == number)) for number in np.unique(numbers)}
